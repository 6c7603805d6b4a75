import { noteDueAt, overrideStatus } from '../../domain/override';
import { type CostFacts, costOf, listPrice, paysNow } from '../../domain/override-cost';
import { anItem, CATALOGUE, inDays, NOW } from './facts';

const planOf = (id: string) => CATALOGUE.find((plan) => plan.id === id)!;
const price = (planId: string, unitAmount: number | null, more = {}) =>
  anItem(planId, { unitAmount, currency: 'eur', interval: 'month', intervalCount: 1, ...more });
const eur = (amount: number) => ({ amount, currency: 'eur' });

describe('an override', () => {
  const span = { startsAt: inDays(0), endsAt: inDays(10), endedAt: null };
  it.each([
    ['upcoming', span, inDays(-1)],
    ['running', span, inDays(0)],
    ['running', span, new Date(+inDays(10) - 1)],
    ['ended', span, inDays(10)],
    ['ended', { ...span, endedAt: inDays(2) }, inDays(3)],
    ['ended', { ...span, startsAt: inDays(5), endedAt: inDays(2) }, inDays(3)],
  ] as const)('is %s', (status, one, now) => expect(overrideStatus(one, now)).toBe(status));

  it.each([
    ['three days before the end', inDays(30), inDays(27)],
    ['half-way through one of six days', inDays(6), inDays(3)],
    ['half-way through a short one', inDays(2), inDays(1)],
  ])('is told of %s', (_when, endsAt, due) => expect(noteDueAt({ startsAt: NOW, endsAt })).toEqual(due));
});

describe('the price of a plan', () => {
  it('is the cheapest monthly one that was bought', () => {
    const items = [
      price('business', 49_000, { interval: 'year' }),
      price('business', 5900),
      price('business', 4900, { quantity: 7 }),
      price('starter', 100),
    ];
    expect(listPrice(planOf('business'), items)).toMatchObject({ unitAmount: 4900 });
  });
  it('is found by the lookup key, too', () => {
    const item = { ...price('other', 3900), lookupKey: 'business_monthly' };
    expect(listPrice(planOf('business'), [item])).toMatchObject({ unitAmount: 3900 });
  });
  it('is not known where none was bought, or no amount is told', () => {
    expect(listPrice(planOf('business'), [])).toBeNull();
    expect(listPrice(planOf('business'), [price('business', null), price('starter', 100)])).toBeNull();
  });
});

describe('what an override costs a month', () => {
  const facts: CostFacts = {
    decides: true,
    plan: planOf('business'),
    price: price('business', 4900),
    memberCount: 4,
    baseKind: 'free',
    paying: [],
  };
  it.each<[string, Partial<CostFacts>, number | null]>([
    ['is the whole plan where nothing is paid', {}, 4900],
    ['is less what is paid meanwhile', { paying: [{ items: [price('starter', 1900)] }] }, 3000],
    ['is nothing where as much is paid', { paying: [{ items: [price('business', 4900)] }] }, 0],
    ['is never below nothing', { paying: [{ items: [price('custom', 9900)] }] }, 0],
    ['is nothing where it does not decide', { decides: false }, 0],
    [
      'is nothing for a free plan, pinned',
      { plan: planOf('free'), price: null, paying: [{ items: [price('starter', 1900)] }] },
      0,
    ],
    ['counts members of a plan sold by the seat', { plan: planOf('team'), price: price('team', 500) }, 2000],
    ['is not known where the price is not', { price: null }, null],
    ['is not known where what is paid is not', { paying: [{ items: [price('starter', null)] }] }, null],
    ['is not known in two currencies', { paying: [{ items: [price('starter', 1900, { currency: 'usd' })] }] }, null],
    ['is not known beside a contract', { baseKind: 'custom' }, null],
  ])('%s', (_case, given, amount) =>
    expect(costOf({ ...facts, ...given }).cost).toEqual(amount === null ? null : eur(amount)),
  );
  it('tells what the plan is worth and what is paid', () => {
    const paying = [{ items: [price('starter', 1900)] }, { items: [price('starter', 2900)] }];
    expect(costOf({ ...facts, paying })).toEqual({ decides: true, worth: eur(4900), paid: eur(4800), cost: eur(100) });
  });
  it.each([
    ['active', true],
    ['past_due', true],
    ['trialing', false],
    ['canceled', false],
  ])('counts what is %s as paid: %s', (status, pays) =>
    expect(paysNow({ status, lastCounted: true, pauseCollection: false })).toBe(pays),
  );
  it('counts nothing as paid that is paused, or that did not count', () => {
    expect(paysNow({ status: 'active', lastCounted: true, pauseCollection: true })).toBe(false);
    expect(paysNow({ status: 'past_due', lastCounted: false, pauseCollection: false })).toBe(false);
  });
});
