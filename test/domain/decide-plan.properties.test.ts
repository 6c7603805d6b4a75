import fc from 'fast-check';
import { findingFingerprint } from '../../domain/customer-findings';
import { decidePlan } from '../../domain/decide-plan';
import { CAUSE_OF, type OverrideFact, type PlanFacts, type SubscriptionFact } from '../../domain/decide-plan.types';
import { SUBSCRIPTION_STATUSES } from '../../domain/subscription-status';
import { CATALOGUE, inDays, NOW } from './facts';

const RUNS = { numRuns: 500 };
const rankOf = (planId: string) => CATALOGUE.find(({ id }) => id === planId)?.rank ?? -1;

const moment = fc.integer({ min: -40, max: 40 }).map(inDays);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const planId = fc.constantFrom(...CATALOGUE.map(({ id }) => id));
const odd = <T>(usual: fc.Arbitrary<T>, unusual: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: unusual });

const item = fc.record({
  priceId: fc.constantFrom('price_starter', 'price_team', 'price_business', 'price_legacy', 'price_addon'),
  lookupKey: maybe(fc.constantFrom('starter_monthly', 'business_monthly', 'other')),
  quantity: odd(fc.integer({ min: 0, max: 50 }), fc.constantFrom(Number.NaN, -1, Number.POSITIVE_INFINITY)),
  unitAmount: maybe(fc.nat(100_000)),
  currency: odd(fc.constant('eur'), fc.constant('usd')),
  interval: maybe(fc.constantFrom('day', 'week', 'month', 'year')),
  intervalCount: maybe(fc.integer({ min: 1, max: 3 })),
});

const subscription: fc.Arbitrary<SubscriptionFact> = fc.record({
  id: fc.integer({ min: 1, max: 999_999 }).map((number) => `sub_${number}`),
  customerId: fc.constantFrom('cus_1', 'cus_2'),
  customerDeleted: odd(fc.constant(false), fc.constant(true)),
  status: odd<string>(fc.constantFrom(...SUBSCRIPTION_STATUSES), fc.string()),
  items: fc.array(item, { maxLength: 3 }),
  currentPeriodEnd: maybe(moment),
  cancelAtPeriodEnd: fc.boolean(),
  cancelAt: maybe(moment),
  pauseCollection: fc.boolean(),
  livemode: odd(fc.constant(false), fc.constant(true)),
  // Without a date grace begins anew at each asking, so that time has no hold on it: the sync always keeps one.
  pastDueSince: moment,
  lastEarnedPlanId: maybe(planId),
  lastCounted: maybe(fc.boolean()),
  missingSince: odd<Date | null>(fc.constant(null), moment),
});

const override: fc.Arbitrary<OverrideFact> = fc.record({
  id: fc.integer({ min: 1, max: 999_999 }).map((number) => `ovr_${number}`),
  planId,
  pin: fc.boolean(),
  startsAt: moment,
  endsAt: moment,
  endedAt: maybe(moment),
});

const anyFacts: fc.Arbitrary<PlanFacts> = fc.record({
  basePlanId: odd(planId, fc.string()),
  overrides: fc.uniqueArray(override, { maxLength: 3, selector: ({ id }) => id }),
  subscriptions: fc.uniqueArray(subscription, { maxLength: 4, selector: ({ id }) => id }),
  graceDays: fc.integer({ min: 0, max: 30 }),
  livemode: fc.constant(false),
  memberCount: fc.nat(60),
});

const decide = (facts: PlanFacts, now = NOW) => decidePlan(facts, CATALOGUE, now);

/** The same facts, as they stand once the answer was kept with the mirror. */
const kept = (facts: PlanFacts): PlanFacts => {
  const { earned } = decide(facts);
  return {
    ...facts,
    subscriptions: facts.subscriptions.map((one) => ({
      ...one,
      lastEarnedPlanId: earned[one.id]?.planId ?? null,
      lastCounted: earned[one.id]?.counts ?? null,
    })),
  };
};

test('one plan always, of the catalogue, and one layer that won it', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const decision = decide(facts);
      expect(CATALOGUE.map(({ id }) => id)).toContain(decision.planId);
      const won = decision.layers.filter((layer) => layer.won);
      expect(won).toHaveLength(1);
      expect(won[0]).toMatchObject({ planId: decision.planId, layer: decision.source, counts: true });
      expect(won[0]).toMatchObject({ reasonCode: decision.reasonCode, lostBy: null });
      expect(decision.layers).toHaveLength(facts.overrides.length + facts.subscriptions.length + 1);
    }),
    RUNS,
  );
});

test('never throws, whatever dates and catalogue it is given', () => {
  const badDate = odd(moment, fc.constant(new Date(Number.NaN)));
  const bad = subscription.chain((one) =>
    fc
      .record({ currentPeriodEnd: badDate, cancelAt: badDate, pastDueSince: badDate })
      .map((dates) => ({ ...one, ...dates })),
  );
  const someCatalogue = fc.subarray(CATALOGUE);
  fc.assert(
    fc.property(
      anyFacts,
      fc.array(bad, { maxLength: 3 }),
      badDate,
      someCatalogue,
      (facts, subscriptions, endsAt, plans) => {
        const overrides = facts.overrides.map((one) => ({ ...one, endsAt }));
        expect(decidePlan({ ...facts, subscriptions, overrides }, plans, NOW).planId).toEqual(expect.any(String));
      },
    ),
    RUNS,
  );
});

test('the order of subscriptions, items, overrides and plans is irrelevant', () => {
  const shuffled = <T>(list: readonly T[]) => fc.shuffledSubarray([...list], { minLength: list.length });
  const both = anyFacts.chain((facts) =>
    fc.record({
      facts: fc.constant(facts),
      plans: shuffled(CATALOGUE),
      overrides: shuffled(facts.overrides),
      subscriptions: shuffled(facts.subscriptions.map((one) => ({ ...one, items: [...one.items].reverse() }))),
    }),
  );
  fc.assert(
    fc.property(both, ({ facts, plans, overrides, subscriptions }) => {
      expect(decidePlan({ ...facts, overrides, subscriptions }, plans, NOW)).toEqual(decide(facts));
    }),
    RUNS,
  );
});

test('idempotent: fed with what it said to keep, it says the same again', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      // A missing subscription that never counted is judged by its status once, and from then on by that verdict.
      const once = kept({
        ...facts,
        subscriptions: facts.subscriptions.map((one) => ({ ...one, missingSince: null })),
      });
      expect(decide(kept(once))).toEqual(decide(once));
      expect(kept(kept(facts))).toEqual(kept(facts));
    }),
    RUNS,
  );
});

const lostKnowledge: fc.Arbitrary<Partial<SubscriptionFact>> = fc.oneof(
  fc
    .array(fc.record({ priceId: fc.constant('price_legacy'), lookupKey: fc.constant(null), quantity: fc.nat(9) }))
    .map((items) => ({ items })),
  fc.string().map((word) => ({ status: `x_${word}` })),
  fc.constant({ livemode: true }),
  fc.constant({ livemode: true, status: 'canceled', items: [] }),
  fc.constant({ missingSince: NOW }),
);

test('no payer is downgraded, and nobody is lifted, by missing knowledge', () => {
  fc.assert(
    fc.property(anyFacts, fc.infiniteStream(lostKnowledge), (facts, losses) => {
      const known = kept(facts);
      const blind = { ...known, subscriptions: known.subscriptions.map((one) => ({ ...one, ...losses.next().value })) };
      expect(decide(blind).planId).toBe(decide(known).planId);
    }),
    RUNS,
  );
});

test('a finding is found once, with the cause of its kind, and its money is a whole amount or unknown', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const { findings } = decide(facts);
      const prints = findings.map((finding) => findingFingerprint('tnt_1', finding));
      expect(new Set(prints).size).toBe(prints.length);
      for (const { kind, cause, atRisk } of findings) {
        expect(cause).toBe(CAUSE_OF[kind]);
        expect(atRisk === null || (Number.isInteger(atRisk.amount) && atRisk.amount >= 0)).toBe(true);
      }
    }),
    RUNS,
  );
});

test('a layer that counts has won, or says by what it lost', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      for (const { counts, won, lostBy } of decide(facts).layers) expect(lostBy !== null).toBe(counts && !won);
    }),
    RUNS,
  );
});

test('more members than seats are found, always and only then', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const { seatLimit, findings } = decide(facts);
      const over = seatLimit !== null && (facts.memberCount ?? 0) > seatLimit;
      expect(findings.some(({ kind }) => kind === 'seat-overrun')).toBe(over);
    }),
    RUNS,
  );
});

test('a pinned override is exact while it runs', () => {
  fc.assert(
    fc.property(anyFacts, override, (facts, one) => {
      const pin = { ...one, id: 'ovr_pin', pin: true, startsAt: inDays(-1), endsAt: inDays(1), endedAt: null };
      const overrides = [...facts.overrides.filter((other) => !other.pin), pin];
      expect(decide({ ...facts, overrides })).toMatchObject({ planId: pin.planId, overrideId: 'ovr_pin' });
    }),
    RUNS,
  );
});

test('a floor never lowers, and the plan is never below the floor or the base', () => {
  fc.assert(
    fc.property(anyFacts, override, planId, (facts, one, basePlanId) => {
      const floors = facts.overrides.map((other) => ({ ...other, pin: false }));
      const floor = { ...one, id: 'ovr_floor', pin: false, startsAt: inDays(-1), endsAt: inDays(1), endedAt: null };
      const without = decide({ ...facts, basePlanId, overrides: floors });
      const given = decide({ ...facts, basePlanId, overrides: [...floors, floor] });
      const highest = Math.max(rankOf(without.planId), rankOf(floor.planId));
      expect(rankOf(given.planId)).toBe(highest);
      expect(highest).toBeGreaterThanOrEqual(rankOf(basePlanId));
    }),
    RUNS,
  );
});

test('until nextChangeAt time changes nothing', () => {
  const answer = (facts: PlanFacts, now: Date) => {
    const { planId: plan, source, subscriptionId, overrideId, seatLimit, nextChangeAt, earned } = decide(facts, now);
    return { plan, source, subscriptionId, overrideId, seatLimit, nextChangeAt, earned };
  };
  fc.assert(
    fc.property(anyFacts, fc.double({ min: 0, max: 0.999_999, noNaN: true }), (facts, share) => {
      const now = answer(facts, NOW);
      const until = +(now.nextChangeAt ?? inDays(4000));
      expect(until).toBeGreaterThan(+NOW);
      expect(answer(facts, new Date(+NOW + Math.floor((until - +NOW) * share)))).toEqual(now);
    }),
    RUNS,
  );
});
