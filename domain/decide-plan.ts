import {
  CAUSE_OF,
  type Catalogue,
  type PlanDecision,
  type PlanFacts,
  type PlanFinding,
  type PlanLayer,
  type ReasonCode,
} from './decide-plan.types';
import { day, earliest } from './moment';
import { monthlyWorth, sumOf } from './money-at-risk';
import type { CataloguePlan } from './plan';
import { endOf, strongestOverride, type WeighedOverride, weighOverride } from './weigh-override';
import { byRank, byStrength, type Found, type Weighed, weighSubscription } from './weigh-subscription';

interface Candidate {
  layer: PlanLayer['layer'];
  id: string | null;
  plan: CataloguePlan;
  reason: string;
  code: ReasonCode;
  seatLimit: number | null;
}

/** What to stand on when a named plan is not in the catalogue: the default, else the lowest, else the bare name. */
const standIn = (catalogue: Catalogue, planId: string): CataloguePlan =>
  catalogue.find(({ isDefault }) => isDefault) ??
  [...catalogue].sort(byRank).at(-1) ?? {
    id: planId,
    name: planId,
    kind: 'free',
    rank: 0,
    isDefault: true,
    stripePriceIds: [],
    stripeLookupKey: null,
    seatsFromQuantity: false,
    seatLimit: null,
  };

function baseCandidate({ basePlanId }: PlanFacts, catalogue: Catalogue): Candidate {
  const own = catalogue.find(({ id }) => id === basePlanId);
  const plan = own ?? standIn(catalogue, basePlanId);
  const code = own ? 'base' : 'base-stand-in';
  return { layer: 'base', id: null, plan, reason: `The base plan is ${plan.name}.`, code, seatLimit: plan.seatLimit };
}

function overrideCandidate(best: WeighedOverride | undefined): Candidate | null {
  if (!best?.plan) return null;
  const { override, plan, code } = best;
  const reason = `An operator ${override.pin ? 'pinned' : 'granted'} ${plan.name} until ${day(override.endsAt)}.`;
  return { layer: 'override', id: override.id, plan, reason, code, seatLimit: plan.seatLimit };
}

function subscriptionCandidate(best: Weighed | undefined): Candidate | null {
  if (!best?.plan) return null;
  const { plan, subscription, quantity, code, why } = best;
  const seatLimit = plan.seatsFromQuantity && quantity !== null ? quantity : plan.seatLimit;
  const reason = `Subscription ${subscription.id} earns ${plan.name}: ${why}.`;
  return { layer: 'subscription', id: subscription.id, plan, reason, code, seatLimit };
}

function severalSubscriptions(counting: Weighed[]): Found[] {
  const [best, ...others] = counting;
  if (!best || others.length === 0) return [];
  const names = others.map(({ subscription }) => subscription.id).join(', ');
  return [
    {
      kind: 'several-subscriptions',
      severity: 'warning',
      subscriptionId: best.subscription.id,
      customerId: best.subscription.customerId,
      summary: `${counting.length} subscriptions count at once: ${best.subscription.id} decides, beside it ${names}.`,
      expected: 'one subscription',
      actual: counting.map(({ subscription }) => subscription.id).join(', '),
      risks: others.map(({ subscription }) => subscription),
    },
  ];
}

/** Stripe goes on collecting for an overdue subscription though the customer has bought anew. */
function supersededSubscriptions(weighed: Weighed[], counting: Weighed[]): Found[] {
  const paid = counting.find(({ subscription: { status } }) => status === 'active' || status === 'trialing');
  if (!paid) return [];
  return weighed
    .filter(({ subscription }) => subscription.status === 'past_due' && !subscription.customerDeleted)
    .filter(({ plan }) => (plan?.rank ?? 0) <= (paid.plan?.rank ?? 0))
    .map(({ subscription: { id, customerId, status } }) => ({
      kind: 'superseded-subscription',
      severity: 'warning',
      subscriptionId: id,
      customerId,
      summary: `Overdue, while ${paid.subscription.id} pays for as much: cancel it, or Stripe goes on collecting for it.`,
      expected: 'canceled',
      actual: status,
    }));
}

function unknownPlans(facts: PlanFacts, catalogue: Catalogue, base: Candidate): Found[] {
  const named = [facts.basePlanId, ...facts.overrides.map(({ planId }) => planId)];
  const unknown = [...new Set(named)].filter((planId) => !catalogue.some(({ id }) => id === planId)).sort();
  if (unknown.length === 0) return [];
  return [
    {
      kind: 'unknown-plan',
      severity: 'critical',
      subscriptionId: null,
      customerId: null,
      summary: `Not in the catalogue: ${unknown.join(', ')}. An override on it gives nothing; for a base plan ${base.plan.name} stands in.`,
      expected: unknown.join(', '),
      actual: base.plan.id,
    },
  ];
}

function seatOverrun(
  { memberCount }: PlanFacts,
  { seatLimit, plan }: Candidate,
  subscriptionId: string | null,
): Found[] {
  if (memberCount === undefined || seatLimit === null || !(memberCount > seatLimit)) return [];
  return [
    {
      kind: 'seat-overrun',
      severity: 'warning',
      subscriptionId,
      customerId: null,
      summary: `${memberCount} members are on ${plan.name}, which has ${seatLimit} seats. Nobody is cut off; nobody can join.`,
      expected: `at most ${seatLimit} members`,
      actual: `${memberCount} members`,
    },
  ];
}

/** Adds what kind of cause a finding has, and the money that hangs on the subscriptions that it names. */
function explained({ risks, ...found }: Found, { subscriptions }: PlanFacts): PlanFinding {
  const concerned = risks ?? subscriptions.filter(({ id }) => id === found.subscriptionId);
  return { ...found, cause: CAUSE_OF[found.kind], atRisk: sumOf(concerned.map(({ items }) => monthlyWorth(items))) };
}

function layersOf(
  overrides: WeighedOverride[],
  weighed: Weighed[],
  base: Candidate,
  winner: Candidate,
  pinned: boolean,
) {
  const lost = {
    pin: `${winner.plan.name} is pinned`,
    rank: `${winner.plan.name} ranks at least as high`,
    'no-plan': 'no plan that we know is its own',
  } as const;
  const told = (layer: Omit<PlanLayer, 'won' | 'lostBy'>): PlanLayer => {
    const won = layer.layer === winner.layer && layer.id === winner.id;
    if (won || !layer.counts) return { won, lostBy: null, ...layer };
    const lostBy = layer.planId === null ? 'no-plan' : pinned ? 'pin' : 'rank';
    return { won, lostBy, ...layer, why: `${layer.why}; ${lost[lostBy]}` };
  };
  const { plan, code: reasonCode } = base;
  return [
    ...overrides.map(({ override, counts, code, why }) => {
      const { id, planId } = override;
      return told({ layer: 'override', id, planId, counts, reasonCode: code, why, end: endOf(override) });
    }),
    ...weighed.map(({ subscription: { id }, plan: earned, counts, code, why, until }) =>
      told({ layer: 'subscription', id, planId: earned?.id ?? null, counts, reasonCode: code, why, end: until }),
    ),
    told({
      ...{ layer: 'base', id: null, planId: plan.id, counts: true, reasonCode, end: null },
      why: `the base plan is ${plan.name}`,
    }),
  ];
}

const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);

/**
 * Decides the plan of a tenant: the best-ranked of the best entitled subscription, the base plan and a running
 * override; a pinned override wins whatever its rank. Of equal ranks what is paid for explains the plan better than
 * a grant, and a grant better than the base. Pure and total: it answers exactly one plan whatever is missing from
 * `facts`, and never throws. Missing knowledge (an unknown price or status, the other mode, a subscription that
 * Stripe stopped listing) takes nothing from anyone and gives nothing to anyone; it leaves a finding.
 *
 * @param catalogue every plan, inactive ones too: who pays for a retired plan keeps it
 * @param now the moment to decide for, past or future
 * @example
 * decidePlan({ basePlanId: 'free', overrides: [], subscriptions: [], graceDays: 14, livemode: false }, plans, new Date())
 * // → { planId: 'free', source: 'base', reason: 'The base plan is Free.', … }
 */
export function decidePlan(facts: PlanFacts, catalogue: Catalogue, now: Date): PlanDecision {
  const { graceDays, livemode } = facts;
  const overrides = [...facts.overrides].sort(byId).map((override) => weighOverride(override, catalogue, now));
  const weighed = [...facts.subscriptions]
    .sort(byId)
    .map((subscription) => weighSubscription(subscription, catalogue, { now, graceDays, livemode }));
  const counting = weighed.filter(({ counts, plan }) => counts && plan).sort(byStrength);

  const granted = strongestOverride(overrides);
  const override = overrideCandidate(granted);
  const pinned = override !== null && granted?.override.pin === true;
  const base = baseCandidate(facts, catalogue);
  const best = [subscriptionCandidate(counting[0]), override, base]
    .filter((candidate): candidate is Candidate => candidate !== null)
    .reduce((first, next) => (next.plan.rank > first.plan.rank ? next : first));
  const winner = pinned ? override : best;

  const moments = [...overrides.flatMap((one) => one.moments), ...weighed.map(({ until }) => until)];
  const subscriptionId = winner.layer === 'subscription' ? winner.id : null;
  const found = [
    ...weighed.flatMap(({ findings }) => findings),
    ...severalSubscriptions(counting),
    ...supersededSubscriptions(weighed, counting),
    ...unknownPlans(facts, catalogue, base),
    ...seatOverrun(facts, winner, subscriptionId),
  ];
  return {
    planId: winner.plan.id,
    source: winner.layer,
    reason: winner.reason,
    reasonCode: winner.code,
    subscriptionId,
    overrideId: winner.layer === 'override' ? winner.id : null,
    seatLimit: winner.seatLimit,
    findings: found.map((one) => explained(one, facts)),
    layers: layersOf(overrides, weighed, base, winner, pinned),
    earned: Object.fromEntries(weighed.map(({ subscription: { id }, earned }) => [id, earned])),
    nextChangeAt: earliest(moments.filter((moment) => moment !== null && moment > now)),
  };
}
