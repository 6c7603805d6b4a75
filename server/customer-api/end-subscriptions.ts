import type { Actor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import { liveSubscriptions } from '../billing/live-subscriptions';
import { StripeCustomer } from '../billing/stripe-customer.entity';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { oweJob } from '../jobs/outbox';
import { ask } from '../stripe/ask';
import { stripeOf } from '../stripe/client';
import { idOf } from '../stripe/facts';

export type EndWhen = 'now' | 'period_end';

/**
 * Cancels a tenant's live subscriptions at Stripe, at their period's end or now, and owes the reading of its customers.
 * Where the tenant never had a customer, Stripe is not called. Throws 503 while Stripe is away: nothing is lost by
 * asking again.
 */
export async function endSubscriptions(context: Context, actor: Actor, tenantId: string, when: EndWhen): Promise<void> {
  if (!(await context.db.getRepository(StripeCustomer).existsBy({ tenantId }))) return;
  const stripe = stripeOf(context.config);
  const live = await liveSubscriptions(context, stripe, tenantId);
  const ending = live.filter((one) => when === 'now' || (!one.cancel_at_period_end && one.cancel_at === null));
  for (const { id } of ending) {
    if (when === 'now') await ask(stripe.subscriptions.cancel(id));
    else await ask(stripe.subscriptions.update(id, { cancel_at_period_end: true }));
  }
  if (ending.length === 0) return;
  await inTransaction(context.db, async (tx) => {
    for (const subject of new Set(ending.map(({ customer }) => idOf(customer))))
      await oweJob(tx, { kind: 'sync-customer', subject });
    await recordAudit(tx, {
      actor,
      action: 'tenant.cancel-subscription',
      resource: 'tenants',
      resourceId: tenantId,
      tenantId,
      changes: { cancel: { from: null, to: when } },
    });
  });
}
