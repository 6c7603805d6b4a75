import { decidePlan } from '../../domain/decide-plan';
import type { OverrideFact, PlanFacts, PlanLayer, ReasonCode, SubscriptionFact } from '../../domain/decide-plan.types';
import { explainPlan, type Told } from '../../domain/explain-plan';
import { explainDecision } from '../../domain/explanation';
import { anItem, anOverride, aSubscription, CATALOGUE, facts, inDays, NOW } from './facts';

const planName = (planId: string) => CATALOGUE.find(({ id }) => id === planId)?.name ?? planId;
const PRICED = { unitAmount: 4900, currency: 'eur', interval: 'month' as const, intervalCount: 1 };

function tell(more: Partial<PlanFacts>, told: Partial<Told> = {}): string[] {
  const given = facts(more);
  const decided = explainDecision(decidePlan(given, CATALOGUE, NOW), given, new Map());
  return explainPlan({
    tenantName: 'Acme',
    at: null,
    since: inDays(-10),
    planName,
    decided,
    status: 'active',
    ...told,
  });
}
const paying = (more: Partial<SubscriptionFact>) =>
  tell({ subscriptions: [aSubscription({ items: [anItem('business', PRICED)], ...more })] });
const granted = (more: Partial<OverrideFact>) => tell({ overrides: [anOverride(more)] });

test('a payer is told in whole', () => {
  expect(paying({})).toEqual([
    'Acme is on Business since 5 March 2026, because subscription sub_1 (Business, €49.00 a month) is active until 4 April 2026, and then renews.',
    'The base plan Free loses, because Business ranks at least as high.',
    'It has 20 seats.',
  ]);
});

test('a pin is told with all that it holds down', () => {
  const more = { overrides: [anOverride({ pin: true })], subscriptions: [aSubscription()] };
  expect(tell(more)).toEqual([
    'Acme is on Starter since 5 March 2026, because the granted plan Starter holds it to exactly Starter until 20 March 2026.',
    'Subscription sub_1 (Business) is active until 4 April 2026, and then renews, but loses, because Starter is pinned.',
    'The base plan Free loses, because Starter is pinned.',
    'It has 10 seats.',
    'The next change by time alone is due on 20 March 2026.',
  ]);
});

test.each<[ReasonCode, Partial<SubscriptionFact>, RegExp]>([
  ['subscription-active', {}, /\(Business, €49.00 a month\) is active until 4 April 2026, and then renews\./],
  ['subscription-active', { status: 'trialing' }, /is on trial until 4 April 2026/],
  ['subscription-active', { cancelAt: inDays(3) }, /is active and ends on 18 March 2026\./],
  ['subscription-active', { currentPeriodEnd: null }, /is active\./],
  [
    'in-grace',
    { status: 'past_due', pastDueSince: inDays(-1) },
    /a payment overdue and still counts until 28 March 2026/,
  ],
  [
    'grace-ended',
    { status: 'past_due', pastDueSince: inDays(-20) },
    /does not count: it has a payment overdue, and the time/,
  ],
  [
    'cancelled',
    { cancelAtPeriodEnd: true, currentPeriodEnd: inDays(-1) },
    /was cancelled, and was paid until 14 March 2026/,
  ],
  ['ended', { status: 'canceled' }, /does not count: it was cancelled\./],
  ['ended', { status: 'unpaid' }, /is unpaid, and Stripe no longer tries to collect/],
  ['ended', { status: 'paused' }, /is paused/],
  ['ended', { status: 'incomplete_expired' }, /was never paid for/],
  ['incomplete', { status: 'incomplete' }, /still waits for its first payment/],
  ['customer-deleted', { customerDeleted: true }, /its customer was deleted at Stripe/],
  ['wrong-mode', { livemode: true }, /is a live one, unlike the rest, so it stays without effect/],
  ['wrong-mode', { livemode: true, lastCounted: true, lastEarnedPlanId: 'starter' }, /so it goes on as it last was/],
  ['missing', { missingSince: inDays(-1), lastCounted: true }, /is no longer listed by Stripe, so it goes on/],
  ['unknown-status', { status: 'hibernating' }, /the status “hibernating”, which is not known here/],
  [
    'unknown-price',
    { items: [anItem('legacy')] },
    /has a price that belongs to no plan, but gives nothing, because no plan is known/,
  ],
  [
    'unknown-price',
    { items: [anItem('legacy')], lastEarnedPlanId: 'starter' },
    /so it keeps Starter, which it last earned\./,
  ],
])('of a subscription, %s (%j)', (reasonCode, more, sentence) => {
  const subscriptions = [aSubscription(more)];
  expect(decidePlan(facts({ subscriptions }), CATALOGUE, NOW).layers[0]).toMatchObject({ reasonCode });
  expect(paying(more).join(' ')).toMatch(sentence);
});

test.each<[ReasonCode, Partial<OverrideFact>, RegExp]>([
  ['override-floor', {}, /because the granted plan Starter runs until 20 March 2026\./],
  ['override-pinned', { pin: true }, /because the granted plan Starter holds it to exactly Starter until 20 March/],
  [
    'override-scheduled',
    { startsAt: inDays(1) },
    /The granted plan Starter does not count: it starts on 16 March 2026\./,
  ],
  ['override-ended', { endedAt: inDays(-1) }, /does not count: it ended on 14 March 2026\./],
  ['override-unknown-dates', { startsAt: new Date(Number.NaN) }, /does not count: it has no dates that are known\./],
  [
    'override-unknown-plan',
    { planId: 'gone' },
    /The granted plan gone does not count: it names a plan that does not exist\./,
  ],
])('of an override, %s', (reasonCode, more, sentence) => {
  expect(decidePlan(facts({ overrides: [anOverride(more)] }), CATALOGUE, NOW).layers[0]).toMatchObject({ reasonCode });
  expect(granted(more).join(' ')).toMatch(sentence);
});

test.each<[ReasonCode, string, RegExp]>([
  ['base', 'starter', /^Acme is on Starter since 5 March 2026, because that is its base plan\./],
  ['base-stand-in', 'gone', /because the base plan Free stands in, since the base plan that was chosen is no longer/],
])('of the base, %s', (_code, basePlanId, sentence) => {
  expect(tell({ basePlanId }).join(' ')).toMatch(sentence);
});

test.each<[NonNullable<PlanLayer['lostBy']>, Partial<PlanFacts>, RegExp]>([
  [
    'rank',
    { basePlanId: 'custom', subscriptions: [aSubscription()] },
    /but loses, because Custom ranks at least as high\./,
  ],
  ['pin', { overrides: [anOverride({ pin: true })] }, /The base plan Free loses, because Starter is pinned\./],
  [
    'no-plan',
    { subscriptions: [aSubscription({ items: [] })] },
    /but gives nothing, because no plan is known for it\./,
  ],
])('who loses by %s is told so', (lostBy, more, sentence) => {
  expect(decidePlan(facts(more), CATALOGUE, NOW).layers.map((layer) => layer.lostBy)).toContain(lostBy);
  expect(tell(more).join(' ')).toMatch(sentence);
});

test.each([
  ['no seat limit', { basePlanId: 'custom' }, {}, /There is no limit to its seats\./],
  ['a suspension', {}, { status: 'suspended' as const }, /Acme is suspended at the moment: its members can read/],
  ['a deletion', {}, { status: 'deleted' as const }, /Acme is deleted: its members can't enter it\./],
  [
    'the next change by time',
    { subscriptions: [aSubscription({ cancelAt: inDays(3) })] },
    {},
    /is due on 18 March 2026\./,
  ],
])('told beside the plan: %s', (_what, more, told, sentence) => {
  expect(tell(more, told).join(' ')).toMatch(sentence);
});

describe('a past date', () => {
  test('is told as it stood then, and how the tenant stands now is not', () => {
    const sentences = tell({}, { at: inDays(-1), status: 'suspended' });
    expect(sentences[0]).toBe(
      'As of 14 March 2026, Acme is on Free since 5 March 2026, because that is its base plan.',
    );
    expect(sentences.join(' ')).not.toContain('suspended');
    expect(sentences).toContain('It has 3 seats.');
  });

  test('of which only a step of the history is known says so', () => {
    const decided = { planId: 'starter', reason: 'A subscription earned starter.' };
    expect(tell({}, { at: inDays(-1), decided })).toEqual([
      'As of 14 March 2026, Acme is on Starter since 5 March 2026. What was noted then: A subscription earned starter.',
      'What else was looked at then, and how many seats it has, was not kept for that time.',
    ]);
  });
});

test.each([
  ['a year', [anItem('business', { ...PRICED, interval: 'year', quantity: 2 })], /€98.00 a year/],
  ['several months', [anItem('business', { ...PRICED, intervalCount: 3 })], /€49.00 every 3 months/],
  [
    'items of one period',
    [anItem('business', PRICED), anItem('addon', { ...PRICED, unitAmount: 100 })],
    /€50.00 a month/,
  ],
  ['yen', [anItem('business', { ...PRICED, currency: 'jpy' })], /¥4,900 a month/],
  [
    'mixed periods: none',
    [anItem('business', PRICED), anItem('addon', { ...PRICED, interval: 'year' })],
    /\(Business\)/,
  ],
  ['a tiered price: none', [anItem('business', { ...PRICED, unitAmount: null })], /\(Business\)/],
  ['no quantity: none', [anItem('business', { ...PRICED, quantity: Number.NaN })], /\(Business\)/],
])('the price of %s', (_what, items, text) => {
  expect(paying({ items })[0]).toMatch(text);
});
