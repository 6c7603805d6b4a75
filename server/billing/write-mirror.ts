import type { EntityManager } from 'typeorm';
import type { Actor } from '../audit/actor';
import { changesBetween, recordAudit } from '../audit/record';
import type { CustomerReading, ReadSubscription } from '../stripe/read-customer';
import { Subscription } from './subscription.entity';

export interface MirrorInput {
  customerId: string;
  tenantId: string | null;
  reading: Pick<CustomerReading, 'subscriptions'>;
  now: Date;
  actor: Actor;
}

const TOLD = [
  'status',
  'priceId',
  'quantity',
  'cancelAtPeriodEnd',
  'cancelAt',
  'pauseCollection',
  'missingSince',
] as const;

/** When grace began: by Stripe's oldest open invoice, else when first seen overdue; over once it is paid again. */
function graceStart(read: ReadSubscription, known: Subscription | undefined, now: Date): Date | null {
  if (read.status === 'past_due') return read.overdueSince ?? known?.pastDueSince ?? now;
  return read.status === 'active' || read.status === 'trialing' ? null : (known?.pastDueSince ?? null);
}

/**
 * Writes what Stripe listed for a customer. Rows that Stripe no longer lists are kept and marked, and go on counting
 * as they last did: an empty answer takes nothing from anyone. Gives the tenants that a subscription was moved from.
 */
export async function writeMirror(tx: EntityManager, input: MirrorInput): Promise<string[]> {
  const { customerId, tenantId, reading, now, actor } = input;
  const known = new Map((await tx.findBy(Subscription, { customerId })).map((row) => [row.id, row]));
  const moved = new Set<string>();
  const audit = async (id: string, before: Subscription | undefined, after: Partial<Subscription>) => {
    const changes = changesBetween<Subscription>(before ?? {}, after, TOLD);
    if (Object.keys(changes).length > 0)
      await recordAudit(tx, {
        actor,
        action: before ? 'subscription.update' : 'subscription.create',
        resource: 'subscriptions',
        resourceId: id,
        tenantId,
        changes,
      });
  };
  for (const read of reading.subscriptions) {
    const before = known.get(read.id);
    known.delete(read.id);
    const { overdueSince: _, ...facts } = read;
    const row = {
      ...facts,
      customerId,
      tenantId,
      missingSince: null,
      pastDueSince: graceStart(read, before, now),
      syncedAt: now,
    };
    if (before) await tx.update(Subscription, { id: read.id }, row);
    else await tx.insert(Subscription, row);
    if (before?.tenantId && before.tenantId !== tenantId) moved.add(before.tenantId);
    await audit(read.id, before, row);
  }
  for (const before of known.values()) {
    const row = { tenantId, missingSince: before.missingSince ?? now, syncedAt: now };
    await tx.update(Subscription, { id: before.id }, row);
    if (before.tenantId && before.tenantId !== tenantId) moved.add(before.tenantId);
    await audit(before.id, before, { ...before, ...row });
  }
  return [...moved];
}
