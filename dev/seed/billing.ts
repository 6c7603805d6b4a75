import type { SubscriptionFact } from '../../domain/decide-plan.types';
import type { MirroredItem } from '../../server/billing/subscription.entity';
import { broughtBy } from './decisions';
import { payloadOf } from './event-payload';
import { domainOf } from './names';
import { SEED_PLANS } from './plans';
import type { Random } from './random';
import type { SubscriptionStory } from './stories';

const DAY = 86_400_000;

/** A subscription as Stripe has it, with its customer: what the stand-in is given, and what the mirror is made from. */
export interface SeedSubscription {
  id: string;
  itemId: string;
  customerId: string;
  customerName: string;
  customerEmail: string;
  customerDeleted: boolean;
  /** Of whom nobody knows whose it is. */
  orphan: boolean;
  tenantId: string;
  planId: string | null;
  priceId: string;
  lookupKey: string | null;
  amount: number;
  status: string;
  mirrorStatus: string;
  startedAt: Date;
  periodStart: Date;
  periodEnd: Date;
  cancelAtPeriodEnd: boolean;
  pauseCollection: boolean;
  trialEnd: Date | null;
  pastDueSince: Date | null;
}

interface Telling {
  tenantId: string;
  tenantName: string;
  told: SubscriptionStory;
  index: number;
  createdAt: Date;
  now: Date;
  random: Random;
}

/** Turns a told subscription into one with ids, a price and periods. */
export function subscriptionOf({
  tenantId,
  tenantName,
  told,
  index,
  createdAt,
  now,
  random,
}: Telling): SeedSubscription {
  const ulid = tenantId.slice(4);
  const plan = SEED_PLANS.find(({ id }) => id === told.plan);
  const startedAt = new Date(Math.min(+createdAt + random.whole(1, 20) * DAY, +now - 2 * DAY));
  const age = Math.floor((+now - +startedAt) / (30 * DAY));
  const trial = told.status === 'trialing';
  const periodStart = new Date(+startedAt + age * 30 * DAY);
  const ended = told.status === 'canceled' || told.status === 'incomplete_expired';
  return {
    id: `sub_${ulid}${index}`,
    itemId: `si_${ulid}${index}`,
    customerId: `cus_${ulid}${told.customerDeleted ? 'd' : ''}`,
    customerName: tenantName,
    customerEmail: `billing@${domainOf(tenantName)}`,
    customerDeleted: told.customerDeleted ?? false,
    orphan: told.orphan ?? false,
    tenantId,
    planId: told.plan,
    priceId: told.unknownPrice ? 'price_legacy_2024' : (plan?.stripePriceIds[0] ?? 'price_legacy_2024'),
    lookupKey: told.unknownPrice ? null : (plan?.stripeLookupKey ?? null),
    amount: told.unknownPrice ? 4900 : (plan?.amount ?? 0),
    status: told.status,
    mirrorStatus: told.mirrorStatus ?? told.status,
    startedAt,
    periodStart,
    periodEnd: trial ? new Date(+now + 9 * DAY) : ended ? new Date(+now - 6 * DAY) : new Date(+periodStart + 30 * DAY),
    cancelAtPeriodEnd: told.cancelAtPeriodEnd ?? false,
    pauseCollection: told.pauseCollection ?? false,
    trialEnd: trial ? new Date(+now + 9 * DAY) : null,
    pastDueSince: told.pastDueDays === undefined ? null : new Date(+now - told.pastDueDays * DAY),
  };
}

/** Our rows for it: customer, subscription and the event that brought it, and the fact that decidePlan weighs. */
export function mirrorOf(seed: SeedSubscription, now: Date) {
  const items: MirroredItem[] = [
    {
      id: seed.itemId,
      priceId: seed.priceId,
      lookupKey: seed.lookupKey,
      quantity: 1,
      currentPeriodEnd: seed.periodEnd.toISOString(),
      unitAmount: seed.amount,
      currency: 'eur',
      interval: 'month',
      intervalCount: 1,
    },
  ];
  const common = {
    id: seed.id,
    customerId: seed.customerId,
    status: seed.mirrorStatus,
    items,
    currentPeriodEnd: seed.periodEnd,
    cancelAtPeriodEnd: seed.cancelAtPeriodEnd,
    cancelAt: seed.cancelAtPeriodEnd ? seed.periodEnd : null,
    pauseCollection: seed.pauseCollection,
    livemode: false,
    pastDueSince: seed.pastDueSince,
    lastCounted: null,
  };
  const fact: SubscriptionFact = { ...common, customerDeleted: seed.customerDeleted, lastEarnedPlanId: seed.planId };
  const subscription = {
    ...common,
    tenantId: seed.orphan ? null : seed.tenantId,
    planId: seed.planId,
    priceId: seed.priceId,
    quantity: 1,
    trialEnd: seed.trialEnd,
    startedAt: seed.startedAt,
    createdAt: seed.startedAt,
    changedBy: broughtBy(seed.id, seed.startedAt),
    syncedAt: now,
  };
  const customer = {
    id: seed.customerId,
    tenantId: seed.orphan ? null : seed.tenantId,
    deleted: seed.customerDeleted,
    livemode: false,
    email: seed.customerEmail,
    name: seed.customerName,
    syncedAt: now,
    createdAt: seed.startedAt,
  };
  const event = {
    id: `evt_${seed.id.slice(4)}`,
    type: 'customer.subscription.created',
    customerId: seed.customerId,
    livemode: false,
    createdAt: seed.startedAt,
    receivedAt: new Date(+seed.startedAt + 900),
    status: 'processed',
    attempts: 1,
    source: 'webhook',
    processedAt: new Date(+seed.startedAt + 1300),
    payload: payloadOf(seed, now),
  };
  return { fact, subscription, customer, event };
}
