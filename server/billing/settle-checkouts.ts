import { LessThanOrEqual, MoreThanOrEqual } from 'typeorm';
import { abandonedCheckout } from '../../domain/customer-findings';
import { workerActor } from '../audit/actor';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { lockTenant } from '../tenants/change-tenant';
import { Checkout } from './checkout.entity';
import { raiseEventful, resolvedBy } from './settle-findings';
import { Subscription } from './subscription.entity';

/** Stripe's Checkout sessions end by themselves after a day: https://docs.stripe.com/api/checkout/sessions/object */
const SESSION_MS = 86_400_000;
/** Who has not come back by then will not: the finding is closed. */
const TELL_MS = 30 * 86_400_000;
const BATCH = 100;

async function settleOne(context: Context, { id, tenantId, planId, createdAt }: Checkout): Promise<void> {
  await inTransaction(context.db, async (tx) => {
    await lockTenant(tx, tenantId);
    const bought = await tx.existsBy(Subscription, { tenantId, createdAt: MoreThanOrEqual(createdAt) });
    const status = bought ? 'complete' : 'expired';
    const { affected } = await tx.update(Checkout, { id, status: 'open' }, { status });
    if (!affected || bought) return;
    const found = [abandonedCheckout({ checkoutId: id, planId, startedAt: createdAt })];
    await raiseEventful(tx, [{ tenantId, customerId: null, found }], context.now());
  });
}

/**
 * Closes checkouts whose time is over: one that led to a subscription is complete, any other was abandoned, which a
 * finding tells until the tenant buys or a month has passed.
 */
export async function settleCheckouts(context: Context): Promise<void> {
  const { db, now } = context;
  const over = new Date(+now() - SESSION_MS);
  const open = await db.getRepository(Checkout).find({
    where: { status: 'open', createdAt: LessThanOrEqual(over) },
    order: { createdAt: 'ASC' },
    take: BATCH,
  });
  for (const checkout of open) await settleOne(context, checkout);
  await db.query(
    `UPDATE findings f JOIN tenants t ON t.id = f.tenantId 
     SET f.status = 'resolved', f.snoozedUntil = NULL, f.resolvedAt = ?, f.resolvedBy = ?
     WHERE f.kind = 'abandoned-checkout' AND f.status IN ('open', 'snoozed', 'dismissed')
       AND (t.planSource = 'subscription' OR f.lastSeenAt <= ?)`,
    [now(), JSON.stringify(resolvedBy({ actor: workerActor('clock') })), new Date(+now() - TELL_MS)],
  );
}
