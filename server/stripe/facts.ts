import type Stripe from 'stripe';
import type { MirroredItem, Subscription } from '../billing/subscription.entity';

const moment = (seconds: number | null | undefined): Date | null =>
  seconds === null || seconds === undefined ? null : new Date(seconds * 1000);

type Price = Pick<Stripe.Price, 'id' | 'lookup_key'>;
type Item = Pick<Stripe.SubscriptionItem, 'id' | 'quantity' | 'current_period_end'> & { price: Price };

/** What we read of a Stripe subscription, and nothing more. */
export type StripeSubscription = Pick<
  Stripe.Subscription,
  | 'id'
  | 'status'
  | 'cancel_at_period_end'
  | 'cancel_at'
  | 'trial_end'
  | 'pause_collection'
  | 'livemode'
  | 'start_date'
  | 'customer'
> & { items: { data: Item[] } };

/** The part of the mirror that Stripe decides. */
export type SubscriptionFacts = Pick<
  Subscription,
  | 'id'
  | 'customerId'
  | 'status'
  | 'priceId'
  | 'quantity'
  | 'items'
  | 'currentPeriodEnd'
  | 'cancelAtPeriodEnd'
  | 'cancelAt'
  | 'trialEnd'
  | 'pauseCollection'
  | 'livemode'
  | 'startedAt'
>;

export const idOf = (reference: string | { id: string }): string =>
  typeof reference === 'string' ? reference : reference.id;

const itemFacts = (item: Item): MirroredItem => ({
  id: item.id,
  priceId: item.price.id,
  lookupKey: item.price.lookup_key,
  // Metered prices have no quantity.
  quantity: item.quantity ?? 1,
  currentPeriodEnd: moment(item.current_period_end)?.toISOString() ?? null,
});

/** Stripe's subscription as our mirror keeps it. Its period is that of the item that ends first. */
export function subscriptionFacts(subscription: StripeSubscription): SubscriptionFacts {
  const items = subscription.items.data.map(itemFacts);
  const ends = subscription.items.data.map((item) => item.current_period_end).filter((end) => Number.isFinite(end));
  return {
    id: subscription.id,
    customerId: idOf(subscription.customer),
    status: subscription.status,
    priceId: items[0]?.priceId ?? null,
    quantity: items[0]?.quantity ?? 1,
    items,
    currentPeriodEnd: ends.length > 0 ? moment(Math.min(...ends)) : null,
    cancelAtPeriodEnd: subscription.cancel_at_period_end,
    cancelAt: moment(subscription.cancel_at),
    trialEnd: moment(subscription.trial_end),
    pauseCollection: subscription.pause_collection !== null,
    livemode: subscription.livemode,
    startedAt: moment(subscription.start_date) ?? new Date(0),
  };
}

/** When the grace of an overdue subscription began: the due or finalised time of its oldest open invoice. */
export function oldestOpenInvoice(
  invoices: readonly Pick<Stripe.Invoice, 'due_date' | 'status_transitions' | 'created'>[],
): Date | null {
  const times = invoices.map(({ due_date, status_transitions, created }) =>
    Number(due_date ?? status_transitions.finalized_at ?? created),
  );
  return times.length > 0 ? moment(Math.min(...times)) : null;
}

/** The customer that an event is about, if any. */
export function customerOfEvent(object: object): string | null {
  const about = object as { object?: string; id?: string; customer?: string | { id: string } | null };
  if (about.object === 'customer') return about.id ?? null;
  return about.customer ? idOf(about.customer) : null;
}
