import type { ItemFact, OverrideFact, PlanFacts, SubscriptionFact } from '../../domain/decide-plan.types';
import type { CataloguePlan } from '../../domain/plan';

export const NOW = new Date('2026-03-15T12:00:00.000Z');
const DAY_MS = 86_400_000;

/** A moment so many days from NOW; negative for the past. */
export const inDays = (days: number): Date => new Date(+NOW + days * DAY_MS);

const plan = (id: string, rank: number, more: Partial<CataloguePlan> = {}): CataloguePlan => ({
  id,
  name: `${id[0]?.toUpperCase()}${id.slice(1)}`,
  kind: 'stripe',
  rank,
  isDefault: false,
  stripePriceIds: [`price_${id}`],
  stripeLookupKey: `${id}_monthly`,
  seatsFromQuantity: false,
  seatLimit: rank,
  ...more,
});

export const CATALOGUE: CataloguePlan[] = [
  plan('free', 0, { kind: 'free', isDefault: true, stripePriceIds: [], stripeLookupKey: null, seatLimit: 3 }),
  plan('starter', 10),
  plan('team', 15, { seatsFromQuantity: true, seatLimit: null }),
  plan('business', 20),
  plan('custom', 30, { kind: 'custom', stripePriceIds: [], stripeLookupKey: null, seatLimit: null }),
];

export const anItem = (planId: string, more: Partial<ItemFact> = {}): ItemFact => ({
  priceId: `price_${planId}`,
  lookupKey: null,
  quantity: 1,
  ...more,
});

export const aSubscription = (more: Partial<SubscriptionFact> = {}): SubscriptionFact => ({
  id: 'sub_1',
  customerId: 'cus_1',
  customerDeleted: false,
  status: 'active',
  items: [anItem('business')],
  currentPeriodEnd: inDays(20),
  cancelAtPeriodEnd: false,
  cancelAt: null,
  pauseCollection: false,
  livemode: false,
  pastDueSince: null,
  lastEarnedPlanId: null,
  lastCounted: null,
  ...more,
});

export const anOverride = (more: Partial<OverrideFact> = {}): OverrideFact => ({
  id: 'ovr_1',
  planId: 'starter',
  pin: false,
  startsAt: inDays(-5),
  endsAt: inDays(5),
  endedAt: null,
  ...more,
});

export const facts = (more: Partial<PlanFacts> = {}): PlanFacts => ({
  basePlanId: 'free',
  overrides: [],
  subscriptions: [],
  graceDays: 14,
  livemode: false,
  ...more,
});
