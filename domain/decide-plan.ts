import type { Catalogue, OverrideFact, PlanDecision, PlanFacts, PlanFinding, PlanLayer } from './decide-plan.types';
import type { CataloguePlan } from './plan';
import { byRank, type Weighed, weighSubscription } from './weigh-subscription';

const day = (moment: Date) => moment.toISOString().slice(0, 10);
const runs = ({ startsAt, endsAt, endedAt }: OverrideFact, now: Date) =>
  startsAt <= now && now < endsAt && (!endedAt || now < endedAt);
const earliest = (moments: (Date | null)[], after: Date): Date | null =>
  moments.filter((moment): moment is Date => moment !== null && moment > after).sort((a, b) => +a - +b)[0] ?? null;

/** The better subscription first: rank of the plan, then the later period end, then id. */
const better = (a: Weighed, b: Weighed): number =>
  (b.plan?.rank ?? -1) - (a.plan?.rank ?? -1) ||
  +(b.subscription.currentPeriodEnd ?? 0) - +(a.subscription.currentPeriodEnd ?? 0) ||
  (a.subscription.id < b.subscription.id ? -1 : 1);

interface Candidate {
  layer: PlanLayer['layer'];
  id: string | null;
  plan: CataloguePlan;
  reason: string;
  seatLimit: number | null;
}

/** The plan to stand on when a named one is not in the catalogue: the default, else the lowest. */
function fallback(catalogue: Catalogue): CataloguePlan | undefined {
  return catalogue.find((plan) => plan.isDefault) ?? [...catalogue].sort(byRank).at(-1);
}

function severalFinding(counting: Weighed[]): PlanFinding[] {
  const [best, ...others] = counting;
  if (!best || others.length === 0) return [];
  return [
    {
      kind: 'several-subscriptions',
      severity: 'warning',
      subscriptionId: best.subscription.id,
      customerId: best.subscription.customerId,
      summary: `${counting.length} subscriptions count at once; the best plan wins, and the customer pays for all.`,
      expected: 'one subscription',
      actual: counting.map(({ subscription }) => subscription.id).join(', '),
    },
  ];
}

/** The best override of `kind` that runs: rank, then the later end, then id. */
const bestOverride = (overrides: readonly OverrideFact[], catalogue: Catalogue) =>
  overrides
    .flatMap((override) => catalogue.filter(({ id }) => id === override.planId).map((plan) => ({ override, plan })))
    .sort(
      (a, b) =>
        b.plan.rank - a.plan.rank ||
        +b.override.endsAt - +a.override.endsAt ||
        (a.override.id < b.override.id ? -1 : 1),
    )[0];

function overrideCandidate(
  facts: PlanFacts,
  catalogue: Catalogue,
  now: Date,
): { candidate?: Candidate; pinned: boolean } {
  const running = facts.overrides.filter((override) => runs(override, now));
  const pinned = bestOverride(
    running.filter(({ pin }) => pin),
    catalogue,
  );
  const best = pinned ?? bestOverride(running, catalogue);
  if (!best) return { pinned: false };
  const { override, plan } = best;
  const reason = `An operator ${override.pin ? 'pinned' : 'granted'} ${plan.name} until ${day(override.endsAt)}.`;
  return {
    candidate: { layer: 'override', id: override.id, plan, reason, seatLimit: plan.seatLimit },
    pinned: Boolean(pinned),
  };
}

function subscriptionCandidate(best: Weighed | undefined): Candidate | undefined {
  if (!best?.plan) return undefined;
  const { plan, subscription, quantity, why } = best;
  const seatLimit = plan.seatsFromQuantity ? quantity : plan.seatLimit;
  return {
    layer: 'subscription',
    id: subscription.id,
    plan,
    reason: `Subscription ${subscription.id} earns ${plan.name}: ${why}.`,
    seatLimit,
  };
}

function layersOf(
  facts: PlanFacts,
  weighed: Weighed[],
  winner: Candidate,
  base: Candidate,
  pinned: boolean,
  now: Date,
): PlanLayer[] {
  const lost =
    pinned && winner.layer === 'override' ? 'a pinned override decides' : `${winner.plan.name} ranks at least as high`;
  const told = (
    layer: PlanLayer['layer'],
    id: string | null,
    planId: string | null,
    counts: boolean,
    why: string,
  ): PlanLayer => {
    const won = winner.layer === layer && winner.id === id;
    return { layer, id, planId, counts, won, why: won || !counts ? why : `${why}; ${lost}` };
  };
  return [
    ...facts.overrides.map((override) =>
      told(
        'override',
        override.id,
        override.planId,
        runs(override, now),
        runs(override, now)
          ? `runs until ${day(override.endsAt)}`
          : now < override.startsAt
            ? `starts on ${day(override.startsAt)}`
            : `ended on ${day(override.endedAt ?? override.endsAt)}`,
      ),
    ),
    ...weighed.map(({ subscription, plan, counts, why }) =>
      told('subscription', subscription.id, plan?.id ?? null, counts, why),
    ),
    told('base', null, base.plan.id, true, `the base plan is ${base.plan.name}`),
  ];
}

/**
 * Decides the plan of a tenant: the best-ranked of the best entitled subscription, the base plan and a running
 * override; a pinned override wins whatever its rank. Pure and total, whatever is missing from `facts`.
 *
 * @param catalogue every plan, inactive ones too; must hold at least one
 * @param now the moment to decide for, past or future
 * @throws only where the catalogue is empty, which the schema rules out
 */
export function decidePlan(facts: PlanFacts, catalogue: Catalogue, now: Date): PlanDecision {
  const standBy = fallback(catalogue);
  if (!standBy) throw new Error('The catalogue holds no plan: there is always at least the default one.');
  const known = catalogue.find(({ id }) => id === facts.basePlanId);
  const basePlan = known ?? standBy;
  const base: Candidate = {
    layer: 'base',
    id: null,
    plan: basePlan,
    reason: `The base plan is ${basePlan.name}.`,
    seatLimit: basePlan.seatLimit,
  };
  const weighed = [...facts.subscriptions]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((subscription) => weighSubscription(subscription, catalogue, now, facts.graceDays, facts.livemode));
  const counting = weighed.filter(({ counts, plan }) => counts && plan).sort(better);
  const { candidate: override, pinned } = overrideCandidate(facts, catalogue, now);
  const subscription = subscriptionCandidate(counting[0]);
  // In order of preference: what is paid for explains an equal rank better than a grant, and a grant better than the base.
  const candidates = [subscription, override, base].filter((one): one is Candidate => one !== undefined);
  const winner =
    pinned && override ? override : candidates.reduce((best, one) => (one.plan.rank > best.plan.rank ? one : best));
  const findings = [...weighed.flatMap((one) => one.findings), ...severalFinding(counting)];
  if (!known)
    findings.push({
      kind: 'unknown-plan',
      severity: 'critical',
      subscriptionId: null,
      customerId: null,
      summary: 'The base plan is not in the catalogue: the default plan stands in.',
      expected: facts.basePlanId,
      actual: basePlan.id,
    });
  return {
    planId: winner.plan.id,
    source: winner.layer,
    reason: winner.reason,
    subscriptionId: winner.layer === 'subscription' ? winner.id : null,
    seatLimit: winner.seatLimit,
    findings,
    layers: layersOf(facts, weighed, winner, base, pinned, now),
    earned: Object.fromEntries(
      weighed.map(({ subscription: { id }, plan, counts }) => [id, { planId: plan?.id ?? null, counts }]),
    ),
    nextChangeAt: earliest(
      [
        ...facts.overrides
          .filter(({ endedAt }) => !endedAt || endedAt > now)
          .flatMap(({ startsAt, endsAt, endedAt }) => [startsAt, endedAt ?? endsAt]),
        ...weighed.map(({ until }) => until),
      ],
      now,
    ),
  };
}
