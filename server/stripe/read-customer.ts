import Stripe from 'stripe';
import { GiveUp } from '../jobs/settle';
import { oldestOpenInvoice, type SubscriptionFacts, subscriptionFacts } from './facts';

export type CustomerReading =
  | { deleted: true; livemode: null; subscriptions: ReadSubscription[] }
  | {
      deleted: false;
      livemode: boolean;
      email: string | null;
      name: string | null;
      /** `metadata.tenantId`: a hint that links the customer where our own record has no link. */
      tenantId: string | null;
      subscriptions: ReadSubscription[];
    };

export type ReadSubscription = SubscriptionFacts & {
  /** While `past_due`: the due or finalised time of its oldest open invoice, where Stripe has one. */
  overdueSince: Date | null;
};

async function readSubscription(stripe: Stripe, subscription: Stripe.Subscription): Promise<ReadSubscription> {
  // Stripe cuts nested lists short; the rest stands behind the item's own list.
  const data = subscription.items.has_more
    ? await stripe.subscriptionItems
        .list({ subscription: subscription.id, limit: 100 })
        .autoPagingToArray({ limit: 1000 })
    : subscription.items.data;
  const overdueSince =
    subscription.status === 'past_due'
      ? oldestOpenInvoice(
          await stripe.invoices
            .list({ subscription: subscription.id, status: 'open', limit: 100 })
            .autoPagingToArray({ limit: 1000 }),
        )
      : null;
  return { ...subscriptionFacts({ ...subscription, items: { data } }), overdueSince };
}

/** Every subscription that Stripe lists for a customer, ended ones too. */
async function readSubscriptions(stripe: Stripe, customer: string): Promise<ReadSubscription[]> {
  const read: ReadSubscription[] = [];
  for await (const subscription of stripe.subscriptions.list({ customer, status: 'all', limit: 100 }))
    read.push(await readSubscription(stripe, subscription));
  return read;
}

/**
 * Reads a customer and all of its subscriptions.
 * @throws GiveUp where Stripe knows no such customer under our key; Stripe's own errors otherwise
 */
export async function readCustomer(stripe: Stripe, id: string): Promise<CustomerReading> {
  try {
    const customer = await stripe.customers.retrieve(id);
    const subscriptions = await readSubscriptions(stripe, id);
    if (customer.deleted) return { deleted: true, livemode: null, subscriptions };
    const { livemode, email, name, metadata } = customer;
    return { deleted: false, livemode, email, name: name ?? null, tenantId: metadata.tenantId || null, subscriptions };
  } catch (error) {
    if (error instanceof Stripe.errors.StripeInvalidRequestError && error.code === 'resource_missing')
      throw new GiveUp(`Stripe knows no customer ${id} under our key. Check STRIPE_SECRET_KEY.`, { cause: error });
    throw error;
  }
}
