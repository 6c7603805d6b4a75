import type Stripe from 'stripe';
import type { EntityManager } from 'typeorm';
import { type AppliedReading, applyReadings } from '../billing/apply-readings';
import type { Decided } from '../billing/decide-tenant';
import type { Context } from '../context';
import { insertMany } from '../db/bulk';
import { inTransaction } from '../db/transaction';
import { type CustomerFacts, contentHash, customerFacts, subscriptionFacts } from '../stripe/facts';
import type { ReadSubscription } from '../stripe/read-customer';
import { unknownAmong } from './free-customers';
import { ReconcileRow, type ReconcileRun } from './reconcile-run.entity';
import { runCause } from './run-cause';
import type { Window } from './windows';

/** Pages of one window that follow each other, to be compared with the mirror in one go. */
export interface Piece {
  window: Window;
  /** Seconds: everything that Stripe created in `(after, until]` is among `listed`. */
  after: number;
  until: number;
  readAt: Date;
  listed: Listed[];
  /** Was found equal to the mirror already: nothing is left to do but to move the checkpoint. */
  same: boolean;
}

/** One listed subscription with the hash of what we keep of it, before it is known whether anything differs. */
export interface Seen {
  stripe: Stripe.Subscription;
  hash: string;
  readAt: Date;
}

/** One listed subscription as a sweep keeps it. `whole` is false where its customer must be read by itself. */
export interface Listed {
  customerId: string;
  subscription: ReadSubscription;
  customer: CustomerFacts;
  readAt: Date;
  whole: boolean;
}

interface MirrorRow {
  id: string;
  customerId: string;
  contentHash: string | null;
  missing: number;
}

/** What comparing some pieces brought. */
export interface Compared {
  changed: number;
  decided: Pick<Decided, 'moves' | 'findings'>;
}

const seconds = (at: number): Date => new Date(at * 1000);

/** What our mirror has of the seconds that the pieces cover. */
async function mirrorOf({ db, config }: Context, pieces: readonly Piece[]): Promise<MirrorRow[]> {
  const spans = pieces.map(() => '(createdAt > ? AND createdAt <= ?)').join(' OR ');
  return db.query(
    `SELECT id, customerId, contentHash, missingSince IS NOT NULL AS missing
     FROM subscriptions FORCE INDEX (subscriptions_created) WHERE livemode = ? AND (${spans})`,
    [config.stripe.livemode, ...pieces.flatMap(({ after, until }) => [seconds(after), seconds(until)])],
  );
}

// Expanded by the sweep's own list call.
const customerOf = ({ customer }: Stripe.Subscription) => customer as Stripe.Customer | Stripe.DeletedCustomer;

/** What is needed of a listed subscription to hold its page against the mirror; the rest is made where that differs. */
export const seenOf = (stripe: Stripe.Subscription, readAt: Date): Seen => ({
  stripe,
  hash: contentHash(stripe, customerOf(stripe)),
  readAt,
});

export function listedOf({ stripe, hash, readAt }: Seen): Listed {
  const facts = subscriptionFacts(stripe);
  return {
    customerId: facts.customerId,
    subscription: Object.assign(facts, { overdueSince: null, contentHash: hash }),
    customer: customerFacts(customerOf(stripe)),
    readAt,
    // Grace needs the invoices, and Stripe cuts long lists of items short.
    whole: stripe.status !== 'past_due' && !stripe.items.has_more,
  };
}

interface Differences {
  changed: Listed[];
  missing: MirrorRow[];
  /** Customers that our mirror has here. */
  known: Set<string>;
}

async function differences(context: Context, pieces: readonly Piece[]): Promise<Differences> {
  const mirror = new Map((await mirrorOf(context, pieces)).map((row) => [row.id, row]));
  const known = new Set<string>();
  for (const { customerId } of mirror.values()) known.add(customerId);
  const changed: Listed[] = [];
  for (const { listed } of pieces)
    for (const one of listed) {
      const { id, contentHash: now } = one.subscription;
      const row = mirror.get(id);
      mirror.delete(id);
      if (!row || row.missing || row.contentHash !== now) changed.push(one);
    }
  return { changed, missing: [...mirror.values()].filter((row) => !row.missing), known };
}

/** What was listed, as one reading a customer. */
export function readingsOf(listed: readonly Listed[]): AppliedReading[] {
  const readings = new Map<string, AppliedReading>();
  for (const { customerId, customer, subscription, readAt } of listed) {
    const reading = readings.get(customerId) ?? { customerId, customer, readAt, subscriptions: [], partial: true };
    reading.subscriptions.push(subscription);
    readings.set(customerId, reading);
  }
  return [...readings.values()];
}

/** Metadata may say anything; none of our ids is longer than this, or holds other letters. */
const namedTenant = (id: string | null): string | null => (id && /^[\x21-\x7e]{1,64}$/.test(id) ? id : null);

async function stage(tx: EntityManager, run: ReconcileRun, changed: Listed[], missing: MirrorRow[], readAt: Date) {
  const rows = [
    ...changed.map(({ customerId, subscription, customer, readAt: at, whole }) => ({
      runId: run.id,
      subscriptionId: subscription.id,
      customerId,
      namesTenantId: namedTenant(customer.tenantId),
      readAt: at,
      reading: whole ? { subscription, customer } : null,
    })),
    ...missing.map(({ id, customerId }) => ({
      runId: run.id,
      subscriptionId: id,
      customerId,
      namesTenantId: null,
      readAt,
      reading: null,
    })),
  ];
  await insertMany<ReconcileRow>(tx, ReconcileRow, rows, { update: ['readAt', 'reading'] });
}

/** Those listed of customers that our mirror does not have here, and of which nothing must be read by itself. */
function unmet({ changed, known }: Differences): Listed[] {
  const alone = new Set(changed.filter(({ whole }) => !whole).map(({ customerId }) => customerId));
  return changed.filter(({ customerId }) => !known.has(customerId) && !alone.has(customerId));
}

/**
 * Compares pieces of the listing with the mirror. Customers that we did not know are written at once: there is nothing
 * that they could lose. Whatever else differs is staged until the whole listing is read, since a customer's other
 * subscriptions may stand elsewhere in it.
 */
export async function compare(context: Context, run: ReconcileRun, taken: readonly Piece[]): Promise<Compared> {
  const pieces = taken.filter(({ same }) => !same);
  if (pieces.length === 0) return { changed: 0, decided: { moves: [], findings: 0 } };
  const found = await differences(context, pieces);
  const { changed, missing } = found;
  if (changed.length === 0 && missing.length === 0) return { changed: 0, decided: { moves: [], findings: 0 } };
  // What was planned and approved is all that such a run writes.
  const readings = run.mode === 'apply' && !run.approved ? readingsOf(unmet(found)) : [];
  return inTransaction(context.db, async (tx) => {
    const fresh = await unknownAmong(tx, readings);
    const written = new Set(fresh.map(({ customerId }) => customerId));
    const decided =
      fresh.length > 0
        ? await applyReadings(tx, context, fresh, runCause(run), { unknown: true })
        : { moves: [], findings: 0 };
    const later = changed.filter(({ customerId }) => !written.has(customerId));
    await stage(tx, run, later, missing, pieces[0]!.readAt);
    return { changed: changed.length + missing.length, decided };
  });
}
