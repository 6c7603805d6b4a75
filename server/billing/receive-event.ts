import type { DataSource } from 'typeorm';
import type { Context } from '../context';
import { insertMany } from '../db/bulk';
import { newId } from '../db/id';
import { inTransaction, isDatabaseFault, isDuplicate } from '../db/transaction';
import { OutboxRow } from '../jobs/outbox.entity';
import { customerOfEvent } from '../stripe/facts';
import { StripeEvent } from './stripe-event.entity';

/** Events after which a customer may stand differently. Whatever they say, the customer is read again. */
const TELLING =
  /^(customer\.(created|updated|deleted|subscription\.)|subscription_schedule\.|invoice\.|checkout\.session\.)/;

/** What we need to know of an event of Stripe's. */
export interface IncomingEvent {
  id: string;
  type: string;
  /** Seconds since 1970. */
  created: number;
  livemode: boolean;
  data: { object: object };
}

/** An event on its way into the inbox, with the JSON text that is kept for people to read. */
export interface Incoming {
  event: IncomingEvent;
  payload: string;
}

const isWordOf = (value: unknown, length: number): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= length && /^[\x20-\x7e]+$/.test(value);

/** Whether a JSON value is an event that the inbox can hold. */
export function isIncomingEvent(value: unknown): value is IncomingEvent {
  if (typeof value !== 'object' || value === null) return false;
  const { id, type, created, livemode, data } = value as Partial<IncomingEvent>;
  return (
    isWordOf(id, 64) &&
    isWordOf(type, 100) &&
    Number.isSafeInteger(created) &&
    typeof livemode === 'boolean' &&
    typeof data?.object === 'object' &&
    data.object !== null
  );
}

/** Why an event leads to nothing, or null where its customer is to be read. */
function ignoredFor(event: IncomingEvent, customerId: string | null, livemode: boolean): string | null {
  if (event.livemode !== livemode) return 'The event is of the other Stripe mode than our key.';
  if (!TELLING.test(event.type)) return 'Events of this type change no plan.';
  return customerId === null ? 'The event names no customer.' : null;
}

/** The rows that an event makes: its own, and that of the job which it owes. */
interface Rows {
  event: Omit<StripeEvent, 'attempts' | 'processedAt' | 'payload'> & { payload: string };
  job: Pick<OutboxRow, 'id' | 'kind' | 'subject' | 'dueAt'> | null;
}

function rowsOf({ event, payload }: Incoming, source: StripeEvent['source'], { config, now }: Context): Rows {
  const named = customerOfEvent(event.data.object);
  const customerId = isWordOf(named, 64) ? named : null;
  const ignored = ignoredFor(event, customerId, config.stripe.livemode);
  return {
    event: {
      id: event.id,
      type: event.type,
      customerId,
      livemode: event.livemode,
      createdAt: new Date(event.created * 1000),
      receivedAt: now(),
      status: ignored ? 'ignored' : 'received',
      error: ignored,
      source,
      payload,
    },
    job:
      ignored || !customerId
        ? null
        : { id: newId('obx'), kind: 'sync-customer', subject: customerId, dueAt: new Date() },
  };
}

const EVENT_COLUMNS = [
  'id',
  'type',
  'customerId',
  'livemode',
  'createdAt',
  'receivedAt',
  'status',
  'error',
  'source',
  'payload',
] as const;

/** All rows in one transaction: every event with the job that it owes, or nothing. */
async function insertAll(db: DataSource, rows: readonly Rows[]): Promise<void> {
  if (rows.length === 0) return;
  const events = rows.map(({ event }) => EVENT_COLUMNS.map((column) => event[column]));
  const jobs = rows.flatMap(({ job }) => (job ? [job] : []));
  await inTransaction(db, async (tx) => {
    // By hand, for the payload is JSON text already.
    await tx.query(`INSERT INTO stripe_events (${EVENT_COLUMNS.join(', ')}) VALUES ?`, [events]);
    await insertMany(tx, OutboxRow, jobs);
  });
}

async function known(db: DataSource, ids: readonly string[]): Promise<Set<string>> {
  const rows: { id: string }[] = await db.query('SELECT id FROM stripe_events WHERE id IN (?)', [ids]);
  return new Set(rows.map(({ id }) => id));
}

type Outcome = boolean | Error;

/** Together or, where the database refuses that, each by itself; tells how it went for each id. */
async function insertWhatGoes(db: DataSource, rows: readonly Rows[], tell: (id: string, outcome: Outcome) => void) {
  try {
    await insertAll(db, rows);
    for (const { event } of rows) tell(event.id, true);
  } catch {
    for (const one of rows)
      await insertAll(db, [one]).then(
        () => tell(one.event.id, true),
        (error: Error) => tell(one.event.id, isDuplicate(error) ? false : error),
      );
  }
}

/**
 * Puts events into the inbox, together with the jobs that they owe, in one transaction; what the database refuses of
 * them does not hold up the rest. Answers for each, in order: true where it was new, false where it was there already
 * and stays as it is, or the error for which it could not be stored.
 * @throws the driver's error where the database is away: nothing is known to be stored then
 */
export async function receiveEvents(
  context: Context,
  incoming: readonly Incoming[],
  source: StripeEvent['source'],
): Promise<Outcome[]> {
  const { db } = context;
  // The same event twice at once stands twice in one batch; in one order for all, writers don't lock each other out.
  const rows = new Map<string, Rows>();
  for (const one of [...incoming].sort((a, b) => (a.event.id < b.event.id ? -1 : 1)))
    if (!rows.has(one.event.id)) rows.set(one.event.id, rowsOf(one, source, context));
  const outcomes = new Map<string, Outcome>([...rows.keys()].map((id) => [id, true]));
  try {
    await insertAll(db, [...rows.values()]);
  } catch (error) {
    if (isDatabaseFault(error)) throw error;
    const there = await known(db, [...rows.keys()]);
    for (const id of there) outcomes.set(id, false);
    const left = [...rows.values()].filter(({ event }) => !there.has(event.id));
    await insertWhatGoes(db, left, (id, outcome) => outcomes.set(id, outcome));
  }
  return incoming.map(({ event: { id } }) => {
    const outcome = outcomes.get(id)!;
    if (outcome === true) outcomes.set(id, false);
    return outcome;
  });
}
