import type { Origin } from '../../domain/explanation';
import type { Actor } from '../audit/actor';
import { type AuditInput, changesBetween } from '../audit/record';
import type { ReadSubscription } from '../stripe/read-customer';
import type { Subscription } from './subscription.entity';

/** Changes of these are told in the audit log; the rest of the mirror only remembers. */
const TOLD = [
  'status',
  'priceId',
  'quantity',
  'cancelAtPeriodEnd',
  'cancelAt',
  'pauseCollection',
  'scheduledChange',
  'missingSince',
] as const satisfies (keyof Subscription)[];

/** When grace began: by Stripe's oldest open invoice, else when first seen overdue; over once it is paid again. */
function graceStart(read: ReadSubscription, known: Subscription | undefined, now: Date): Date | null {
  if (read.status === 'past_due') return read.overdueSince ?? known?.pastDueSince ?? now;
  return read.status === 'active' || read.status === 'trialing' ? null : (known?.pastDueSince ?? null);
}

interface Circumstances {
  tenantId: string | null;
  now: Date;
  /** What the reading goes back to: kept with what it changes. */
  origin: Origin;
}

/** Whether a reading brings anything new of a subscription, or of whose it is. */
const isNews = ({ contentHash }: ReadSubscription, known: Subscription, tenantId: string | null): boolean =>
  known.tenantId !== tenantId ||
  known.missingSince !== null ||
  (known.contentHash !== null && known.contentHash !== contentHash);

/** The mirror's row for what Stripe listed. What the subscription earns is for the decision to say. */
export function listedRow(
  read: ReadSubscription,
  known: Subscription | undefined,
  { tenantId, now, origin }: Circumstances,
): Subscription {
  return {
    tenantId,
    changedBy: known && !isNews(read, known, tenantId) ? known.changedBy : origin,
    missingSince: null,
    pastDueSince: graceStart(read, known, now),
    syncedAt: now,
    planId: known?.planId ?? null,
    lastCounted: known?.lastCounted ?? null,
    // Last: an object of so many properties is copied twenty times as fast as it is added to.
    ...read,
  };
}

/** The row of a subscription that Stripe no longer lists: marked, and counting as it last did. */
export const missingRow = (known: Subscription, { tenantId, now, origin }: Circumstances): Subscription => ({
  ...known,
  changedBy: known.missingSince && known.tenantId === tenantId ? known.changedBy : origin,
  tenantId,
  missingSince: known.missingSince ?? now,
  syncedAt: now,
});

/** The audit entry of a row that changed, or none: a row that is new only remembers what Stripe has had all along. */
export function auditOf(actor: Actor, known: Subscription | undefined, row: Subscription): AuditInput[] {
  if (!known) return [];
  const changes = changesBetween<Subscription>(known, row, TOLD);
  if (Object.keys(changes).length === 0) return [];
  return [
    {
      actor,
      action: 'subscription.update',
      resource: 'subscriptions',
      resourceId: row.id,
      tenantId: row.tenantId,
      changes,
    },
  ];
}
