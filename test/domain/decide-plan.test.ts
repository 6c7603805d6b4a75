import { decidePlan } from '../../domain/decide-plan';
import type { PlanFacts, SubscriptionFact } from '../../domain/decide-plan.types';
import { SUBSCRIPTION_STATUSES, type SubscriptionStatus } from '../../domain/subscription-status';
import { anItem, anOverride, aSubscription, CATALOGUE, facts, inDays, NOW } from './facts';

const decide = (more: Partial<PlanFacts>, now = NOW) => decidePlan(facts(more), CATALOGUE, now);
const withOne = (more: Partial<SubscriptionFact>, now = NOW) => decide({ subscriptions: [aSubscription(more)] }, now);
const kinds = (decision: ReturnType<typeof decide>) => decision.findings.map(({ kind }) => kind);

describe('the base plan', () => {
  test('stands where nothing else speaks', () => {
    expect(decide({})).toEqual({
      planId: 'free',
      source: 'base',
      reason: 'The base plan is Free.',
      reasonCode: 'base',
      subscriptionId: null,
      overrideId: null,
      seatLimit: 3,
      findings: [],
      layers: [
        {
          layer: 'base',
          id: null,
          planId: 'free',
          counts: true,
          won: true,
          reasonCode: 'base',
          lostBy: null,
          end: null,
          why: 'the base plan is Free',
        },
      ],
      earned: {},
      nextChangeAt: null,
    });
  });

  test('by contract outranks a subscription below it', () => {
    const decision = decide({ basePlanId: 'custom', subscriptions: [aSubscription()] });
    expect(decision).toMatchObject({ planId: 'custom', source: 'base', subscriptionId: null });
    expect(decision.layers[0]).toMatchObject({
      id: 'sub_1',
      won: false,
      why: 'it is active; Custom ranks at least as high',
    });
  });

  test('that the catalogue does not hold gives way to the default, with a finding', () => {
    const decision = decide({ basePlanId: 'gone' });
    expect(decision).toMatchObject({ planId: 'free', source: 'base' });
    expect(decision.findings).toMatchObject([{ kind: 'unknown-plan', expected: 'gone', actual: 'free' }]);
  });

  test('is the lowest plan where there is no default, and the bare name where there is no plan at all', () => {
    const noDefault = CATALOGUE.map((plan) => ({ ...plan, isDefault: false })).filter(({ id }) => id !== 'free');
    expect(decidePlan(facts(), noDefault, NOW).planId).toBe('starter');
    expect(decidePlan(facts(), [], NOW)).toMatchObject({ planId: 'free', seatLimit: null });
  });
});

const COUNTS: Record<SubscriptionStatus, boolean> = {
  trialing: true,
  active: true,
  past_due: true,
  incomplete: false,
  incomplete_expired: false,
  canceled: false,
  unpaid: false,
  paused: false,
};

describe('each status of Stripe', () => {
  test.each(Object.entries(COUNTS))('%s counts: %s', (status, counts) => {
    const decision = withOne({ status });
    expect(decision.planId).toBe(counts ? 'business' : 'free');
    expect(decision.earned.sub_1?.counts).toBe(counts);
    expect(decision.layers[0]?.counts).toBe(counts);
  });

  test('has a line in the table above', () =>
    expect(Object.keys(COUNTS).sort()).toEqual([...SUBSCRIPTION_STATUSES].sort()));

  test.each([
    [true, 'business'],
    [false, 'free'],
    [null, 'free'],
  ])('unknown, having last counted: %s, leaves %s, with a finding', (lastCounted, planId) => {
    const decision = withOne({ status: 'hibernating', lastCounted, lastEarnedPlanId: 'business' });
    expect(decision.planId).toBe(planId);
    expect(decision.findings).toMatchObject([{ kind: 'unknown-status', actual: 'hibernating' }]);
  });

  test.each(['constructor', '__proto__', 'toString', ''])('unknown, even named %p', (status) => {
    expect(kinds(withOne({ status }))).toEqual(['unknown-status']);
  });
});

describe('grace', () => {
  test.each([
    [-13.9, 'business', 'warning'],
    [-14, 'free', 'critical'],
    [-30, 'free', 'critical'],
  ])('overdue since %p days: %s, %s', (since, planId, severity) => {
    const decision = withOne({ status: 'past_due', pastDueSince: inDays(since) });
    expect(decision.planId).toBe(planId);
    expect(decision.findings).toMatchObject([{ kind: 'past-due', severity, subscriptionId: 'sub_1' }]);
  });

  test('ends by time alone', () => {
    expect(withOne({ status: 'past_due', pastDueSince: inDays(-4) }).nextChangeAt).toEqual(inDays(10));
  });

  test('begins now where nobody knows since when', () => {
    expect(withOne({ status: 'past_due' })).toMatchObject({ planId: 'business', nextChangeAt: inDays(14) });
  });

  test('does not touch an active subscription that still bears an old date', () => {
    expect(withOne({ pastDueSince: inDays(-90) })).toMatchObject({ planId: 'business', findings: [] });
  });
});

describe('cancellation', () => {
  test.each<[string, Partial<SubscriptionFact>, string, Date | null]>([
    ['cancel_at ahead', { cancelAt: inDays(3) }, 'business', inDays(3)],
    ['cancel_at reached', { cancelAt: NOW }, 'free', null],
    ['cancel_at passed', { cancelAt: inDays(-1) }, 'free', null],
    ['period end ahead', { cancelAtPeriodEnd: true, currentPeriodEnd: inDays(2) }, 'business', inDays(2)],
    ['period end passed', { cancelAtPeriodEnd: true, currentPeriodEnd: inDays(-2) }, 'free', null],
    ['period end unknown', { cancelAtPeriodEnd: true, currentPeriodEnd: null }, 'business', null],
    ['period passed, renewal not yet seen', { currentPeriodEnd: inDays(-2) }, 'business', null],
    [
      'whichever is first',
      { cancelAt: inDays(9), cancelAtPeriodEnd: true, currentPeriodEnd: inDays(2) },
      'business',
      inDays(2),
    ],
    ['before the end of grace', { status: 'past_due', pastDueSince: NOW, cancelAt: inDays(1) }, 'business', inDays(1)],
  ])('%s', (_case, more, planId, nextChangeAt) => {
    expect(withOne(more)).toMatchObject({ planId, nextChangeAt });
  });
});

describe('prices', () => {
  test.each([
    ['by id', [anItem('starter')], 'starter'],
    ['by lookup key', [anItem('new', { lookupKey: 'starter_monthly' })], 'starter'],
    ['by id before lookup key', [anItem('starter', { lookupKey: 'business_monthly' })], 'starter'],
    ['the best of several items', [anItem('starter'), anItem('business')], 'business'],
    ['an unknown add-on beside a known item', [anItem('addon'), anItem('starter')], 'starter'],
  ])('are matched: %s', (_case, items, planId) => {
    expect(withOne({ items })).toMatchObject({ planId, findings: [], earned: { sub_1: { planId, counts: true } } });
  });

  test.each([
    ['starter', 'starter'],
    [null, 'free'],
    ['gone', 'free'],
  ])('that no plan knows leave what was last earned (%s): %s, with a finding', (lastEarnedPlanId, planId) => {
    const decision = withOne({ items: [anItem('legacy')], lastEarnedPlanId });
    expect(decision.planId).toBe(planId);
    expect(decision.findings).toMatchObject([{ kind: 'unknown-price', severity: 'critical', actual: 'price_legacy' }]);
    expect(decision.earned.sub_1?.planId).toBe(lastEarnedPlanId);
  });

  test('that were never paid do not count as earned: an unknown price later does not lift', () => {
    const before = withOne({ status: 'incomplete' });
    expect(before.earned.sub_1).toEqual({ planId: null, counts: false });
    const { planId: lastEarnedPlanId, counts: lastCounted } = before.earned.sub_1!;
    expect(withOne({ items: [anItem('legacy')], lastEarnedPlanId, lastCounted }).planId).toBe('free');
  });

  test('without any item are unknown', () => {
    expect(withOne({ items: [], lastEarnedPlanId: 'starter' }).findings).toMatchObject([{ actual: 'no items' }]);
  });

  test('of an ended subscription are nobody’s worry', () => {
    expect(withOne({ status: 'canceled', items: [anItem('legacy')] }).findings).toEqual([]);
  });
});

describe('seats', () => {
  test.each([
    ['the plan says', [anItem('business')], 20],
    ['the quantity, where the plan says so', [anItem('team', { quantity: 7 })], 7],
    ['the quantity of the plan’s item alone', [anItem('addon', { quantity: 99 }), anItem('team', { quantity: 7 })], 7],
  ])('are what %s', (_case, items, seatLimit) => {
    expect(withOne({ items }).seatLimit).toBe(seatLimit);
  });

  test.each([Number.NaN, -1])('are not limited by a quantity that is none: %p', (quantity) => {
    expect(withOne({ items: [anItem('team', { quantity })] })).toMatchObject({ planId: 'team', seatLimit: null });
  });

  test('are those of who pays, and nothing throws, at a moment that is not known', () => {
    const more = { overrides: [anOverride()], subscriptions: [aSubscription({ status: 'past_due' })] };
    expect(decide(more, new Date(Number.NaN))).toMatchObject({ planId: 'business', seatLimit: 20, nextChangeAt: null });
  });

  test('are not taken away where the items are not known', () => {
    expect(withOne({ items: [], lastEarnedPlanId: 'team' })).toMatchObject({ planId: 'team', seatLimit: null });
  });
});

describe('several subscriptions', () => {
  const pair = (a: Partial<SubscriptionFact>, b: Partial<SubscriptionFact>) =>
    decide({ subscriptions: [aSubscription({ id: 'sub_a', ...a }), aSubscription({ id: 'sub_b', ...b })] });

  test.each<[string, Partial<SubscriptionFact>, Partial<SubscriptionFact>, string]>([
    ['the better plan', { items: [anItem('starter')], currentPeriodEnd: inDays(300) }, {}, 'sub_b'],
    ['the later period end', { currentPeriodEnd: inDays(1) }, { currentPeriodEnd: inDays(2) }, 'sub_b'],
    ['the first id', {}, {}, 'sub_a'],
    ['a known period end', { currentPeriodEnd: null }, {}, 'sub_b'],
  ])('that count: %s wins, a finding names the others', (_case, a, b, subscriptionId) => {
    const decision = pair(a, b);
    expect(decision).toMatchObject({ subscriptionId, planId: 'business' });
    expect(decision.findings).toMatchObject([{ kind: 'several-subscriptions', subscriptionId }]);
    expect(decision.findings[0]?.summary).toContain(subscriptionId === 'sub_a' ? 'sub_b' : 'sub_a');
  });

  test.each(['canceled', 'unpaid', 'incomplete', 'incomplete_expired', 'paused'])(
    'of which the other is %s: the live one decides, silently',
    (status) =>
      expect(pair({ status }, {})).toMatchObject({ subscriptionId: 'sub_b', planId: 'business', findings: [] }),
  );

  test('of which one is overdue and the other paid: the overdue one is superseded', () => {
    const decision = pair({ status: 'past_due', pastDueSince: inDays(-20) }, {});
    expect(kinds(decision)).toEqual(['past-due', 'superseded-subscription']);
    expect(decision).toMatchObject({ subscriptionId: 'sub_b', planId: 'business' });
  });
});

describe('what Stripe did not really say takes nothing from anyone', () => {
  test.each([
    [true, 'starter'],
    [false, 'free'],
    [null, 'free'],
  ])('the other mode, having last counted: %s', (lastCounted, planId) => {
    const kept = { lastCounted, lastEarnedPlanId: 'starter' };
    const decision = withOne({ livemode: true, status: 'canceled', items: [anItem('business')], ...kept });
    expect(decision.planId).toBe(planId);
    expect(kinds(decision)).toEqual(['wrong-mode']);
    expect(decision.earned.sub_1).toEqual({ planId: 'starter', counts: lastCounted ?? false });
  });

  test('a subscription that Stripe lists no more goes on, even past its grace', () => {
    const decision = withOne({
      missingSince: inDays(-1),
      lastCounted: true,
      status: 'past_due',
      pastDueSince: inDays(-60),
    });
    expect(decision.planId).toBe('business');
    expect(kinds(decision)).toEqual(['missing-subscription']);
  });

  test('but a cancellation that we know of ends it', () => {
    expect(withOne({ missingSince: inDays(-1), lastCounted: true, cancelAt: inDays(-1) }).planId).toBe('free');
  });

  test('a deleted customer is a real answer: its subscriptions count no more', () => {
    const decision = withOne({ customerDeleted: true, lastCounted: true });
    expect(decision.planId).toBe('free');
    expect(kinds(decision)).toEqual(['deleted-customer']);
    expect(withOne({ customerDeleted: true, status: 'canceled' }).findings).toEqual([]);
  });

  test('paused collection still counts, with a finding', () => {
    const decision = withOne({ pauseCollection: true });
    expect(decision.planId).toBe('business');
    expect(kinds(decision)).toEqual(['collection-paused']);
  });
});

describe('overrides', () => {
  test.each([
    ['lifts above the base', anOverride(), [], 'starter', 'override'],
    ['as a floor does not lower', anOverride(), [aSubscription()], 'business', 'subscription'],
    ['pinned lowers too', anOverride({ pin: true }), [aSubscription()], 'starter', 'override'],
    [
      'of equal rank leaves the word to what is paid',
      anOverride({ planId: 'business' }),
      [aSubscription()],
      'business',
      'subscription',
    ],
    ['not yet begun is silent', anOverride({ startsAt: inDays(1) }), [], 'free', 'base'],
    ['at its start speaks', anOverride({ startsAt: NOW }), [], 'starter', 'override'],
    ['at its end is silent', anOverride({ endsAt: NOW }), [], 'free', 'base'],
    ['ended early is silent', anOverride({ endedAt: inDays(-1) }), [], 'free', 'base'],
    ['ended late still ends at its end', anOverride({ endsAt: inDays(-2), endedAt: inDays(1) }), [], 'free', 'base'],
    ['on an unknown plan gives nothing', anOverride({ planId: 'gone', pin: true }), [], 'free', 'base'],
  ])('%s', (_case, override, subscriptions, planId, source) => {
    expect(decide({ overrides: [override], subscriptions })).toMatchObject({ planId, source });
  });

  test('pinned stands before a better floor', () => {
    const overrides = [anOverride({ id: 'ovr_floor', planId: 'custom' }), anOverride({ id: 'ovr_pin', pin: true })];
    expect(decide({ overrides })).toMatchObject({ planId: 'starter', overrideId: 'ovr_pin' });
  });

  test('change by time alone at their start and end', () => {
    expect(decide({ overrides: [anOverride()] }).nextChangeAt).toEqual(inDays(5));
    expect(decide({ overrides: [anOverride({ startsAt: inDays(2) })] }).nextChangeAt).toEqual(inDays(2));
    expect(decide({ overrides: [anOverride({ endedAt: inDays(1) })] }).nextChangeAt).toEqual(inDays(1));
    expect(decide({ overrides: [anOverride({ endsAt: inDays(-1) })] }).nextChangeAt).toBeNull();
  });

  test('say why they won', () => {
    const decision = decide({ overrides: [anOverride({ pin: true })], subscriptions: [aSubscription()] });
    expect(decision.reason).toBe('An operator pinned Starter until 2026-03-20.');
    expect(decision.layers.map(({ layer, won, why }) => [layer, won, why])).toEqual([
      ['override', true, 'it runs until 2026-03-20'],
      ['subscription', false, 'it is active; Starter is pinned'],
      ['base', false, 'the base plan is Free; Starter is pinned'],
    ]);
  });
});
