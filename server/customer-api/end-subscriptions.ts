import type { Actor } from '../audit/actor';
import { endOpenCheckouts } from '../billing/checkout';
import { liveSubscriptions } from '../billing/live-subscriptions';
import { changeSubscription } from '../billing/operator-actions/change-at-stripe';
import { cancellation } from '../billing/operator-actions/changes';
import { StripeCustomer } from '../billing/stripe-customer.entity';
import type { Context } from '../context';
import { stripeOf } from '../stripe/client';

export type EndWhen = 'now' | 'period_end';

/**
 * Cancels a tenant's live subscriptions at Stripe, at their period's end or now, and reads its customers; links to buy
 * by end first, so that nobody pays for what is gone. Where the tenant never had a customer, Stripe is not called.
 * Throws 503 while Stripe is away: nothing is lost by asking again.
 */
export async function endSubscriptions(context: Context, actor: Actor, tenantId: string, when: EndWhen): Promise<void> {
  const stripe = stripeOf(context.config);
  await endOpenCheckouts(context, stripe, tenantId);
  if (!(await context.db.getRepository(StripeCustomer).existsBy({ tenantId }))) return;
  const wanted = cancellation(when === 'now' ? 'now' : 'period-end', null);
  for (const one of await liveSubscriptions(context, stripe, tenantId))
    await changeSubscription(context, stripe, { actor, tenantId }, one, wanted);
}
