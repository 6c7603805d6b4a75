import Stripe from 'stripe';
import { GiveUp } from '../jobs/settle';
import {
  type CustomerFacts,
  contentHash,
  customerFacts,
  oldestOpenInvoice,
  type SubscriptionFacts,
  subscriptionFacts,
} from './facts';

export type ReadSubscription = SubscriptionFacts & {
  /** While `past_due`: the due or finalised time of its oldest open invoice, where Stripe has one. */
  overdueSince: Date | null;
  contentHash: string;
};

/** What Stripe says of one customer. */
export interface CustomerReading {
  customer: CustomerFacts;
  subscriptions: ReadSubscription[];
}

/** What must be expanded wherever subscriptions are listed. */
export const SUBSCRIPTION_EXPANDS = ['data.schedule'];

async function itemsOf(stripe: Stripe, subscription: Stripe.Subscription): Promise<Stripe.SubscriptionItem[]> {
  // Stripe cuts nested lists short; the rest stands behind the item's own list.
  if (!subscription.items.has_more) return subscription.items.data;
  const listed = stripe.subscriptionItems.list({ subscription: subscription.id, limit: 100 });
  return listed.autoPagingToArray({ limit: 10_000 });
}

async function overdueSince(stripe: Stripe, { id, status }: Stripe.Subscription): Promise<Date | null> {
  if (status !== 'past_due') return null;
  const open = stripe.invoices.list({ subscription: id, status: 'open', limit: 100 });
  return oldestOpenInvoice(await open.autoPagingToArray({ limit: 10_000 }));
}

/** Every subscription that Stripe lists for a customer, ended ones too. */
async function readSubscriptions(
  stripe: Stripe,
  id: string,
  customer: Stripe.Customer | Stripe.DeletedCustomer,
): Promise<ReadSubscription[]> {
  const read: ReadSubscription[] = [];
  const listed = stripe.subscriptions.list({ customer: id, status: 'all', limit: 100, expand: SUBSCRIPTION_EXPANDS });
  for await (const subscription of listed) {
    const whole = { ...subscription, items: { data: await itemsOf(stripe, subscription) } };
    const overdue = await overdueSince(stripe, subscription);
    read.push({ ...subscriptionFacts(whole), overdueSince: overdue, contentHash: contentHash(whole, customer) });
  }
  return read;
}

/**
 * Reads a customer and all of its subscriptions.
 * @throws GiveUp where Stripe knows no such customer under our key; Stripe's own errors otherwise
 */
export async function readCustomer(stripe: Stripe, id: string): Promise<CustomerReading> {
  try {
    const customer = await stripe.customers.retrieve(id);
    return { customer: customerFacts(customer), subscriptions: await readSubscriptions(stripe, id, customer) };
  } catch (error) {
    if (error instanceof Stripe.errors.StripeInvalidRequestError && error.code === 'resource_missing')
      throw new GiveUp(`Stripe knows no customer ${id} under our key. Check STRIPE_SECRET_KEY.`, { cause: error });
    throw error;
  }
}
