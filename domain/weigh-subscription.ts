import type { Catalogue, ItemFact, PlanFinding, SubscriptionCode, SubscriptionFact } from './decide-plan.types';
import { type Circumstances, judgeSubscription } from './judge-subscription';
import { known } from './moment';
import type { CataloguePlan } from './plan';

/** A finding before its cause and the money at risk are worked out. */
export interface Found extends Omit<PlanFinding, 'cause' | 'atRisk'> {
  /** The subscriptions whose money is at risk, where it is not that of `subscriptionId`. */
  risks?: readonly SubscriptionFact[];
}

export interface Weighed {
  subscription: SubscriptionFact;
  /** The plan that it earns while it counts; null where neither its prices nor our record name one. */
  plan: CataloguePlan | null;
  /** Of the item that earns the plan; null where it has no item. */
  quantity: number | null;
  counts: boolean;
  code: SubscriptionCode;
  why: string;
  findings: Found[];
  /** When time alone ends its standing. */
  until: Date | null;
  /** What to keep with the mirror: the plan that it earned when it last counted with a price that we know. */
  earned: { planId: string | null; counts: boolean };
}

/** Ranks plans: the better first, ties by id so that the order is total. */
export const byRank = (a: CataloguePlan, b: CataloguePlan): number => b.rank - a.rank || (a.id < b.id ? -1 : 1);

/** The better subscription first: rank of its plan, then the later period end, then id. */
export const byStrength = (a: Weighed, b: Weighed): number =>
  (b.plan?.rank ?? Number.NEGATIVE_INFINITY) - (a.plan?.rank ?? Number.NEGATIVE_INFINITY) ||
  +(known(b.subscription.currentPeriodEnd) ?? 0) - +(known(a.subscription.currentPeriodEnd) ?? 0) ||
  (a.subscription.id < b.subscription.id ? -1 : 1);

/** The plan of a price: the one that maps its id, else the one of its lookup key (which Stripe lets move to new prices). */
function planOfItem({ priceId, lookupKey }: ItemFact, catalogue: Catalogue): CataloguePlan | undefined {
  const ranked = [...catalogue].sort(byRank);
  return (
    ranked.find(({ stripePriceIds }) => stripePriceIds.includes(priceId)) ??
    ranked.find(({ stripeLookupKey }) => stripeLookupKey !== null && stripeLookupKey === lookupKey)
  );
}

/** The largest quantity; null where none is known: no number, or below zero, is no quantity. */
function mostOf(items: readonly ItemFact[]): number | null {
  const quantities = items.map(({ quantity }) => quantity).filter((quantity) => quantity >= 0);
  return quantities.length > 0 ? Math.max(...quantities) : null;
}

/** The best known plan among the items; an unknown add-on beside a known item is harmless. */
function planByPrice(items: readonly ItemFact[], catalogue: Catalogue) {
  const [best] = items.flatMap((item) => planOfItem(item, catalogue) ?? []).sort(byRank);
  if (!best) return null;
  return { plan: best, quantity: mostOf(items.filter((item) => planOfItem(item, catalogue)?.id === best.id)) };
}

const unknownPrice = ({ id, customerId, items, lastEarnedPlanId }: SubscriptionFact): Found => ({
  kind: 'unknown-price',
  severity: 'critical',
  subscriptionId: id,
  customerId,
  summary: lastEarnedPlanId
    ? `No plan knows a price of this subscription: it goes on earning ${lastEarnedPlanId}, which it last earned.`
    : 'No plan knows a price of this subscription, and it never earned one: it is paid for and gives nothing.',
  expected: 'a price that a plan maps',
  actual: [...new Set(items.map(({ priceId }) => priceId))].sort().join(', ') || 'no items',
});

/**
 * What one subscription says: which plan, whether it counts, until when, and what a person should look at.
 * A price that no plan knows leaves the plan that this subscription last earned, no better and no worse.
 */
export function weighSubscription(
  subscription: SubscriptionFact,
  catalogue: Catalogue,
  circumstances: Circumstances,
): Weighed {
  const { counts, code, until, frozen, ...verdict } = judgeSubscription(subscription, circumstances);
  const priced = frozen ? null : planByPrice(subscription.items, catalogue);
  const kept = catalogue.find(({ id }) => id === subscription.lastEarnedPlanId) ?? null;
  const blind = counts && !frozen && !priced;
  const findings: Found[] = verdict.findings.map((finding) => ({
    ...finding,
    subscriptionId: subscription.id,
    customerId: subscription.customerId,
    expected: null,
    actual: subscription.status,
    // Money of the other mode is not of this account's world: test money is none.
    ...(frozen ? { risks: [] } : {}),
  }));
  return {
    subscription,
    plan: priced ? priced.plan : kept,
    quantity: priced ? priced.quantity : mostOf(subscription.items),
    counts,
    code: blind ? 'unknown-price' : code,
    why: blind
      ? `${verdict.why}; no plan knows its price, so it ${kept ? `keeps ${kept.name}, which it last earned` : 'gives nothing'}`
      : verdict.why,
    findings: blind ? [...findings, unknownPrice(subscription)] : findings,
    until,
    earned: { planId: counts && priced ? priced.plan.id : subscription.lastEarnedPlanId, counts },
  };
}
