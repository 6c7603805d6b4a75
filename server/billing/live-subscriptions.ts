import type Stripe from 'stripe';
import { IsNull } from 'typeorm';
import { isLiveStatus } from '../../domain/subscription-status';
import type { Context } from '../context';
import { ask } from '../stripe/ask';
import { StripeCustomer } from './stripe-customer.entity';

export const isLive = ({ status }: Pick<Stripe.Subscription, 'status'>): boolean => isLiveStatus(status);

/** The tenant's Stripe customers that still exist, the oldest first. */
export const customersOf = ({ db, config }: Context, tenantId: string): Promise<StripeCustomer[]> =>
  db.getRepository(StripeCustomer).find({
    where: { tenantId, deleted: false, unlinkedAt: IsNull(), livemode: config.stripe.livemode },
    order: { createdAt: 'ASC', id: 'ASC' },
  });

/** The tenant's live subscriptions as Stripe has them at this moment: our copy may lag behind a purchase. */
export async function liveSubscriptions(
  context: Context,
  stripe: Stripe,
  tenantId: string,
): Promise<Stripe.Subscription[]> {
  const live: Stripe.Subscription[] = [];
  for (const { id } of await customersOf(context, tenantId)) {
    const listed = stripe.subscriptions.list({ customer: id, status: 'all', limit: 100 });
    const all = await ask(listed.autoPagingToArray({ limit: 1000 }));
    live.push(...all.filter(isLive));
  }
  return live;
}
