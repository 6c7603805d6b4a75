import type Stripe from 'stripe';
import type { Period } from '../objects/subscription';

/**
 * Adds a billing interval to a time (in seconds). A month from 31 January ends on the last day of February, and one
 * that goes on from there, with its anchor on a 31st, on 31 March again.
 */
export function addInterval(
  from: number,
  recurring: Pick<Stripe.Price.Recurring, 'interval' | 'interval_count'>,
  anchor: number = from,
): number {
  const { interval, interval_count: times } = recurring;
  if (interval === 'day') return from + times * 86_400;
  if (interval === 'week') return from + times * 7 * 86_400;
  const months = interval === 'year' ? times * 12 : times;
  const date = new Date(from * 1000);
  const wasCut = date.getUTCDate() === lastDayOf(date);
  const day = wasCut ? Math.max(date.getUTCDate(), new Date(anchor * 1000).getUTCDate()) : date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  date.setUTCDate(Math.min(day, lastDayOf(date)));
  return Math.floor(date.getTime() / 1000);
}

const lastDayOf = (date: Date): number =>
  new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();

/** The period of a price that begins at a time; `anchor` is when the subscription's billing began. */
export function periodFrom(start: number, price: Stripe.Price, anchor: number = start): Period {
  return { start, end: addInterval(start, price.recurring ?? { interval: 'month', interval_count: 1 }, anchor) };
}

/** The period that a subscription is in: that of its first item. */
export function currentPeriod(subscription: Pick<Stripe.Subscription, 'items' | 'start_date'>): Period {
  const [item] = subscription.items.data;
  return item
    ? { start: item.current_period_start, end: item.current_period_end }
    : { start: subscription.start_date, end: subscription.start_date };
}

/** Puts all items of a subscription into one period. */
export function setPeriod(subscription: Stripe.Subscription, period: Period): void {
  for (const item of subscription.items.data) {
    item.current_period_start = period.start;
    item.current_period_end = period.end;
  }
}
