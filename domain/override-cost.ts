import type { ItemFact, SubscriptionFact } from './decide-plan.types';
import { type Money, monthlyWorth, sumOf } from './money-at-risk';
import type { CataloguePlan } from './plan';

/** What a running override costs a month. */
export interface OverrideCost {
  /** Whether it is what gives the tenant its plan now; else it costs nothing, whatever the plan is worth. */
  decides: boolean;
  /** What the granted plan is sold for; null where that is not known. */
  worth: Money | null;
  /** What the tenant pays through Stripe meanwhile; null where that is not known. */
  paid: Money | null;
  /** `worth` less `paid`, never below nothing; null where either is not known. */
  cost: Money | null;
}

/** Whether Stripe takes money for a subscription, so that what it is worth comes in. */
export const paysNow = ({
  status,
  lastCounted,
  pauseCollection,
}: Pick<SubscriptionFact, 'status' | 'lastCounted' | 'pauseCollection'>): boolean =>
  (status === 'active' || status === 'past_due') && lastCounted !== false && !pauseCollection;

type Priced = Pick<CataloguePlan, 'stripePriceIds' | 'stripeLookupKey'>;

const sells = ({ stripePriceIds, stripeLookupKey }: Priced, { priceId, lookupKey }: ItemFact): boolean =>
  stripePriceIds.includes(priceId) || (stripeLookupKey !== null && lookupKey === stripeLookupKey);

/**
 * The price that a plan is sold for, among items that were bought: a monthly one before others, then the cheapest a
 * month. Null where none of the items is the plan's, or no amount is known.
 */
export function listPrice(plan: Priced, items: readonly ItemFact[]): ItemFact | null {
  const known = items.flatMap((item) => {
    const month = sells(plan, item) ? monthlyWorth([{ ...item, quantity: 1 }]) : null;
    return month ? [{ item, month, monthly: item.interval === 'month' && (item.intervalCount ?? 1) === 1 }] : [];
  });
  known.sort(
    (a, b) =>
      Number(b.monthly) - Number(a.monthly) ||
      a.month.amount - b.month.amount ||
      (a.item.priceId < b.item.priceId ? -1 : 1),
  );
  return known[0]?.item ?? null;
}

export interface CostFacts {
  decides: boolean;
  plan: Pick<CataloguePlan, 'kind' | 'seatsFromQuantity'> | undefined;
  price: ItemFact | null;
  memberCount: number;
  /** What the tenant's base plan is: one by contract is paid for in a way that we do not see. */
  baseKind: CataloguePlan['kind'] | undefined;
  /** The subscriptions that Stripe takes money for. */
  paying: readonly Pick<SubscriptionFact, 'items'>[];
}

/**
 * What an override costs a month: the price of the granted plan (of one sold by the seat, for as many as there are
 * members) less what the tenant pays meanwhile. An amount that is not known is null, never nothing.
 */
export function costOf({ decides, plan, price, memberCount, baseKind, paying }: CostFacts): OverrideCost {
  const quantity = plan?.seatsFromQuantity ? Math.max(1, memberCount) : 1;
  const sold = price ? monthlyWorth([{ ...price, quantity }]) : null;
  const comesIn = sumOf(paying.map(({ items }) => monthlyWorth(items)));
  const currency = sold?.currency ?? comesIn?.currency;
  const worth = plan?.kind === 'free' && currency ? { amount: 0, currency } : sold;
  const nothing = paying.length === 0 && baseKind !== 'custom';
  const paid = nothing && currency ? { amount: 0, currency } : baseKind === 'custom' ? null : comesIn;
  const known = worth && paid && worth.currency === paid.currency;
  if (!decides) return { decides, worth, paid, cost: currency ? { amount: 0, currency } : null };
  const cost = known ? { amount: Math.max(0, worth.amount - paid.amount), currency: worth.currency } : null;
  return { decides, worth, paid, cost };
}
