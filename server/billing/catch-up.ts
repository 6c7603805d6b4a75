import type Stripe from 'stripe';
import { systemActor } from '../audit/actor';
import type { Context } from '../context';
import { inTransaction, isDatabaseFault } from '../db/transaction';
import { ProblemError } from '../errors';
import { RetrySoon } from '../jobs/settle';
import { startRun } from '../reconcile/start-run';
import { type Lease, requireFence, withLease } from './lease';
import { receiveEvents } from './receive-event';
import { StripeCustomer } from './stripe-customer.entity';
import { readState, type StripeStates, writeState } from './stripe-state';

/**
 * What is listed: every event after which a plan may stand differently. Others tell of the same changes once more.
 * Stripe takes at most 20 names, and no wildcards among them: https://docs.stripe.com/api/events/list
 */
export const LISTED_TYPES = [
  'customer.created',
  'customer.updated',
  'customer.deleted',
  'customer.subscription.created',
  'customer.subscription.updated',
  'customer.subscription.deleted',
  'customer.subscription.paused',
  'customer.subscription.resumed',
  'subscription_schedule.created',
  'subscription_schedule.updated',
  'subscription_schedule.canceled',
  'subscription_schedule.released',
  'subscription_schedule.aborted',
  'invoice.finalized',
  'invoice.paid',
  'invoice.payment_failed',
  'invoice.voided',
  'invoice.marked_uncollectible',
  'checkout.session.completed',
  'checkout.session.expired',
] as const;

/** Events may show late and in no order, and clocks differ (Stripe's signatures bear five minutes): so much is read again. */
const OVERLAP_SECONDS = 5 * 60;
/** Stripe lists the events of 30 days; the last hour of them may be gone before it is read. */
const KEPT_SECONDS = 30 * 86_400 - 3600;
const SHORTEST_SLICE = 60;
const FIRST_SLICE = 3600;
const LONGEST_SLICE = 86_400;
/** A slice of more pages than this is too much to be read again after a crash. */
const MANY_PAGES = 10;

export interface CaughtUp {
  /** Events that were listed, and how many of them the inbox did not have. */
  found: number;
  newEvents: number;
  /** Since the last reading so much time has passed that Stripe no longer lists all of it: a sweep is owed. */
  gapTooLong: boolean;
}

export interface CatchUpOptions {
  /** Events younger than this are left to their webhooks. */
  settleSeconds?: number;
  /** Ends the work after the page that is being read; the next round goes on there. */
  signal?: AbortSignal;
}

type EventList = Pick<Stripe, 'events'>;
type Cursor = StripeStates['catch-up'];

/** Where the reading goes on. Without a cursor the gap is unknown, and matters only where something is mirrored. */
async function whereToBegin({ db }: Context, until: number): Promise<Cursor & { gapTooLong: boolean }> {
  const cursor = await readState(db, 'catch-up');
  const gapTooLong = cursor
    ? until - cursor.lastCreated > KEPT_SECONDS
    : await db.getRepository(StripeCustomer).exists();
  const lastCreated = Math.max(Math.min(cursor?.lastCreated ?? until, until), until - KEPT_SECONDS);
  return { lastCreated, sweepOwed: cursor?.sweepOwed === true || gapTooLong, gapTooLong };
}

/** Stores what the inbox does not have of a page; gives how many those were. Throws where the database is away. */
async function storePage(context: Context, events: readonly Stripe.Event[]): Promise<number> {
  if (events.length === 0) return 0;
  const ids = events.map(({ id }) => id);
  const known: { id: string }[] = await context.db.query('SELECT id FROM stripe_events WHERE id IN (?)', [ids]);
  const missed = events.filter(({ id }) => !known.some((one) => one.id === id));
  const incoming = missed.map((event) => ({ event, payload: JSON.stringify(event) }));
  const outcomes = incoming.length > 0 ? await receiveEvents(context, incoming, 'catch-up') : [];
  for (const [index, outcome] of outcomes.entries()) {
    if (!(outcome instanceof Error)) continue;
    if (isDatabaseFault(outcome)) throw outcome;
    // One event that can never be stored must not hold up all that come after it.
    context.log.error({ err: outcome, eventId: missed[index]?.id }, 'an event of stripe can not be stored');
  }
  return outcomes.filter((outcome) => outcome === true).length;
}

/** Reads the event list of one stretch of time, a page at a time. Gives the number of pages, or null where it was cut off. */
async function readSlice(
  context: Context,
  stripe: EventList,
  created: { gte: number; lte: number },
  caughtUp: CaughtUp,
  signal: AbortSignal | undefined,
): Promise<number | null> {
  for (let pages = 1, after: string | undefined; ; pages += 1) {
    const page = await stripe.events.list({
      types: [...LISTED_TYPES],
      created,
      limit: 100,
      ...(after ? { starting_after: after } : {}),
    });
    caughtUp.found += page.data.length;
    caughtUp.newEvents += await storePage(context, page.data);
    after = page.data.at(-1)?.id;
    if (!page.has_more || !after) return pages;
    if (signal?.aborted) return null;
  }
}

/** Starts the sweep that is owed. False where another run must end first: it may not see all that this one shall. */
async function startSweep(context: Context): Promise<boolean> {
  try {
    await startRun(context, { mode: 'apply', trigger: 'catch-up', actor: systemActor });
    return true;
  } catch (error) {
    if (error instanceof ProblemError && error.problem.code === 'run_in_progress') return false;
    throw error;
  }
}

async function readOn(context: Context, stripe: EventList, lease: Lease, options: CatchUpOptions): Promise<CaughtUp> {
  const { settleSeconds = 0, signal } = options;
  const until = Math.floor(context.now().getTime() / 1000) - settleSeconds;
  const { lastCreated, sweepOwed, gapTooLong } = await whereToBegin(context, until);
  const caughtUp: CaughtUp = { found: 0, newEvents: 0, gapTooLong };
  const remember = (cursor: Cursor) =>
    inTransaction(context.db, async (tx) => {
      await requireFence(tx, lease);
      await writeState(tx, 'catch-up', cursor);
    });
  // Stripe lists the newest first. Read in slices from old to new, the cursor never passes what was not read.
  for (let from = lastCreated - OVERLAP_SECONDS, length = FIRST_SLICE; from < until; ) {
    const to = Math.min(from + length, until);
    const pages = await readSlice(context, stripe, { gte: from, lte: to }, caughtUp, signal);
    if (pages === null) return caughtUp;
    await remember({ lastCreated: to, ...(sweepOwed ? { sweepOwed } : {}) });
    if (signal?.aborted) return caughtUp;
    if (pages === 1) length = Math.min(length * 2, LONGEST_SLICE);
    else if (pages > MANY_PAGES) length = Math.max(length / 2, SHORTEST_SLICE);
    from = to;
  }
  if (sweepOwed && (await startSweep(context))) await remember({ lastCreated: until });
  return caughtUp;
}

/**
 * Reads Stripe's event list from where it was last read, and puts what no webhook brought into the inbox, with the
 * jobs that it owes. The cursor moves only behind what is stored. A gap longer than Stripe keeps events owes a sweep,
 * which is started as soon as no other run stands in its way. One process does it at a time: where another is at it,
 * nothing is found.
 *
 * @throws Stripe's errors, and the database's: the next call goes on where this one ended
 */
export async function catchUp(context: Context, stripe: EventList, options: CatchUpOptions = {}): Promise<CaughtUp> {
  try {
    return await withLease(context.db, 'catch-up', (lease) => readOn(context, stripe, lease, options));
  } catch (error) {
    if (error instanceof RetrySoon) return { found: 0, newEvents: 0, gapTooLong: false };
    throw error;
  }
}
