import { decidePlan } from '../../domain/decide-plan';
import type { ItemFact, SubscriptionFact } from '../../domain/decide-plan.types';
import { monthlyWorth, sumOf } from '../../domain/money-at-risk';
import { anItem, aSubscription, CATALOGUE, facts, inDays, NOW } from './facts';

const priced = (unitAmount: number | null, more: Partial<ItemFact> = {}): ItemFact =>
  anItem('business', { unitAmount, currency: 'eur', interval: 'month', intervalCount: 1, ...more });

describe('what a subscription is worth a month', () => {
  test.each<[string, ItemFact[], number]>([
    ['a monthly price', [priced(2900)], 2900],
    ['a price times its quantity', [priced(2900, { quantity: 3 })], 8700],
    ['a twelfth of a yearly price', [priced(12_000, { interval: 'year' })], 1000],
    ['52 weeks over 12 months', [priced(1200, { interval: 'week' })], 5200],
    ['365 days over 12 months', [priced(1200, { interval: 'day' })], 36_500],
    ['a third of a quarterly price', [priced(9000, { intervalCount: 3 })], 3000],
    ['a half of a yearly one that runs for two years', [priced(24_000, { interval: 'year', intervalCount: 2 })], 1000],
    ['the sum of its items', [priced(2900), priced(12_000, { interval: 'year', quantity: 2 })], 4900],
    ['once a period, where the count is not told', [priced(2900, { intervalCount: null })], 2900],
    ['a whole amount, rounded once', [priced(5, { interval: 'year' }), priced(1, { interval: 'year' })], 1],
    ['nothing, where the price is nothing', [priced(0)], 0],
  ])('is %s', (_case, items, amount) => expect(monthlyWorth(items)).toEqual({ amount, currency: 'eur' }));

  test.each<[string, ItemFact[]]>([
    ['there are no items', []],
    ['a price is tiered', [priced(2900), priced(null)]],
    ['nothing is told of the price', [anItem('business')]],
    ['currencies are mixed', [priced(2900), priced(2900, { currency: 'usd' })]],
    ['the interval is not told', [priced(2900, { interval: null })]],
    ['the interval is one that we do not know', [priced(2900, { interval: 'decade' as 'year' })]],
    ['the quantity is no number', [priced(2900, { quantity: Number.NaN })]],
    ['the quantity is below zero', [priced(2900, { quantity: -1 })]],
    ['the amount is no number', [priced(Number.NaN)]],
  ])('is not known where %s', (_case, items) => expect(monthlyWorth(items)).toBeNull());

  test('adds up over subscriptions of one currency only', () => {
    const euro = { amount: 1, currency: 'eur' };
    expect(sumOf([euro, { amount: 2, currency: 'eur' }])).toEqual({ amount: 3, currency: 'eur' });
    expect(sumOf([euro, { amount: 2, currency: 'usd' }])).toBeNull();
    expect(sumOf([euro, null])).toBeNull();
    expect(sumOf([])).toBeNull();
  });
});

describe('the money at risk that a finding tells of', () => {
  const atRisk = (...subscriptions: SubscriptionFact[]) =>
    decidePlan(facts({ subscriptions }), CATALOGUE, NOW).findings.map(({ kind, atRisk: money }) => [
      kind,
      money?.amount ?? null,
    ]);

  test.each<[string, Partial<SubscriptionFact>]>([
    ['unknown-price', { items: [priced(2900, { priceId: 'price_legacy' })] }],
    ['past-due', { status: 'past_due', pastDueSince: inDays(-1) }],
    ['deleted-customer', { customerDeleted: true }],
    ['collection-paused', { pauseCollection: true }],
    ['missing-subscription', { missingSince: inDays(-1), lastCounted: true }],
    ['unknown-status', { status: 'hibernating' }],
  ])('%s: what its subscription is worth', (kind, more) => {
    expect(atRisk(aSubscription({ items: [priced(2900)], ...more }))).toEqual([[kind, 2900]]);
  });

  test('several-subscriptions: what those are worth that do not decide', () => {
    const [a, b, c] = [100, 20, 3].map((amount, index) =>
      aSubscription({ id: `sub_${index}`, items: [priced(amount)], currentPeriodEnd: inDays(9 - index) }),
    ) as [SubscriptionFact, SubscriptionFact, SubscriptionFact];
    expect(atRisk(c, a, b)).toEqual([['several-subscriptions', 23]]);
  });

  test('superseded-subscription: what the overdue one is worth', () => {
    const overdue = aSubscription({ id: 'sub_0', status: 'past_due', pastDueSince: inDays(-20), items: [priced(70)] });
    expect(atRisk(overdue, aSubscription({ items: [priced(2900)] }))).toEqual([
      ['past-due', 70],
      ['superseded-subscription', 70],
    ]);
  });

  test('wrong-mode: none, for test money is no money', () => {
    expect(atRisk(aSubscription({ livemode: true, items: [priced(2900)] }))).toEqual([['wrong-mode', null]]);
  });
});
