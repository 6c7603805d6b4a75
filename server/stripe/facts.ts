import { hash } from 'node:crypto';
import type Stripe from 'stripe';
import type { MirroredItem, ScheduledChange, Subscription } from '../billing/subscription.entity';

const moment = (seconds: number | null | undefined): Date | null =>
  seconds === null || seconds === undefined ? null : new Date(seconds * 1000);

type Price = Pick<Stripe.Price, 'id' | 'lookup_key' | 'unit_amount' | 'currency'> & {
  recurring: Pick<Stripe.Price.Recurring, 'interval' | 'interval_count'> | null;
};
type Phase = Pick<Stripe.SubscriptionSchedule.Phase, 'start_date'> & {
  items: Pick<Stripe.SubscriptionSchedule.Phase.Item, 'price' | 'quantity'>[];
};
type Schedule = { phases: Phase[]; current_phase: Stripe.SubscriptionSchedule['current_phase'] };
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
  | 'created'
  | 'customer'
> & { items: { data: Item[] }; schedule: string | Schedule | null };

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
  | 'scheduledChange'
  | 'startedAt'
  | 'createdAt'
>;

export const idOf = (reference: string | { id: string }): string =>
  typeof reference === 'string' ? reference : reference.id;

const INTERVALS = ['day', 'week', 'month', 'year'] as const;

const itemFacts = (item: Item): MirroredItem => ({
  id: item.id,
  priceId: item.price.id,
  lookupKey: item.price.lookup_key,
  // Metered prices have no quantity.
  quantity: item.quantity ?? 1,
  currentPeriodEnd: moment(item.current_period_end)?.toISOString() ?? null,
  unitAmount: item.price.unit_amount,
  currency: item.price.currency,
  interval: INTERVALS.find((known) => known === item.price.recurring?.interval) ?? null,
  intervalCount: item.price.recurring?.interval_count ?? null,
});

/** The phase that follows the running one. A schedule that was not expanded, or has run out, changes nothing. */
function nextPhase(schedule: StripeSubscription['schedule']): ScheduledChange | null {
  if (!schedule || typeof schedule === 'string') return null;
  const { current_phase: current, phases } = schedule;
  const next = current && phases.find(({ start_date }) => start_date >= current.end_date);
  if (!next) return null;
  return {
    at: new Date(next.start_date * 1000).toISOString(),
    items: next.items.map(({ price, quantity }) => ({ priceId: idOf(price), quantity: quantity ?? 1 })),
  };
}

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
    scheduledChange: nextPhase(subscription.schedule),
    startedAt: moment(subscription.start_date) ?? new Date(0),
    createdAt: moment(subscription.created) ?? new Date(0),
  };
}

/** What we read of a Stripe customer. */
export interface CustomerFacts {
  deleted: boolean;
  /** Null of a deleted customer: Stripe tells nothing of it any more. */
  livemode: boolean | null;
  email: string | null;
  name: string | null;
  /** `metadata.tenantId`: a hint that links the customer where our own record has no link. */
  tenantId: string | null;
}

export const customerFacts = (customer: Stripe.Customer | Stripe.DeletedCustomer): CustomerFacts =>
  customer.deleted
    ? { deleted: true, livemode: null, email: null, name: null, tenantId: null }
    : {
        deleted: false,
        livemode: customer.livemode,
        email: customer.email,
        name: customer.name ?? null,
        tenantId: customer.metadata.tenantId || null,
      };

/** What people or programs of theirs wrote: it may hold any character. */
const quoted = (value: string | null | undefined): string => JSON.stringify(value ?? null);

function itemContent({ id, price, quantity, current_period_end }: Item): string {
  const { id: priceId, lookup_key, unit_amount, currency, recurring } = price;
  const interval = `${recurring?.interval} ${recurring?.interval_count}`;
  return `${id} ${priceId} ${quoted(lookup_key)} ${quantity} ${current_period_end} ${unit_amount} ${currency} ${interval},`;
}

function customerContent(customer: Stripe.Customer | Stripe.DeletedCustomer): string {
  if (customer.deleted) return `${customer.id} deleted`;
  const { id, livemode, email, name, metadata } = customer;
  return `${id} ${livemode} ${quoted(email)} ${quoted(name)} ${quoted(metadata.tenantId || null)}`;
}

/**
 * Changes whenever anything that we keep of a subscription or of its customer does. Taken from Stripe's own objects: a
 * sweep of an unchanged account makes no facts at all. What subscriptionFacts and customerFacts read must stand here.
 */
export function contentHash(
  subscription: StripeSubscription,
  customer: Stripe.Customer | Stripe.DeletedCustomer,
): string {
  const { id, status, cancel_at_period_end, cancel_at, trial_end, pause_collection, livemode } = subscription;
  const { items, schedule, start_date, created } = subscription;
  let content = `${id} ${status} ${cancel_at_period_end} ${cancel_at} ${trial_end} ${pause_collection !== null} ${livemode} ${start_date} ${created} [`;
  for (const item of items.data) content += itemContent(item);
  const next = nextPhase(schedule);
  content += `] ${next ? JSON.stringify(next) : ''} ${customerContent(customer)}`;
  return hash('sha256', content, 'base64');
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
