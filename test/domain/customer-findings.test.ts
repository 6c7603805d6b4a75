import {
  abandonedCheckout,
  findingFingerprint,
  handlerFailed,
  missedWebhook,
  orphanSubscription,
} from '../../domain/customer-findings';
import { CAUSE_OF } from '../../domain/decide-plan.types';
import { anItem, aSubscription } from './facts';

const orphan = aSubscription({
  items: [anItem('business', { unitAmount: 2900, currency: 'eur', interval: 'month', intervalCount: 1 })],
});
const move = { subscriptionId: 'sub_1', fromPlanId: 'free', toPlanId: 'business' };
const checkout = { checkoutId: 'cs_1', planId: 'business', startedAt: new Date('2026-03-14T23:59:00Z') };

test('each bears the cause of its kind', () => {
  const all = [
    orphanSubscription(orphan),
    handlerFailed('cus_1', 'boom'),
    missedWebhook({ ...move, how: 'sweep' }),
    abandonedCheckout(checkout),
  ];
  expect(all.map(({ cause }) => cause)).toEqual(all.map(({ kind }) => CAUSE_OF[kind]));
  expect(new Set(all.map(({ kind }) => kind)).size).toBe(all.length);
});

test('an orphaned subscription names its customer and the money that is paid for nothing', () => {
  expect(orphanSubscription(orphan)).toMatchObject({
    severity: 'critical',
    subscriptionId: 'sub_1',
    customerId: 'cus_1',
    atRisk: { amount: 2900, currency: 'eur' },
  });
});

test('a failed handler tells of its customer and the error', () => {
  expect(handlerFailed('cus_1', 'boom')).toMatchObject({ customerId: 'cus_1', subscriptionId: null, actual: 'boom' });
});

test.each([
  ['sweep', 'a reconciliation run'],
  ['catch-up', 'catching up on events'],
] as const)('a missed webhook tells what was, what is, and that the %s found it', (how, words) => {
  const finding = missedWebhook({ ...move, how });
  expect(finding).toMatchObject({ subscriptionId: 'sub_1', actual: 'free', expected: 'business' });
  expect(finding.summary).toContain(words);
});

test('an abandoned checkout tells which, for what and since when, and never throws', () => {
  const finding = abandonedCheckout(checkout);
  expect(finding).toMatchObject({ severity: 'info', expected: 'business', actual: 'cs_1' });
  expect(finding.summary).toContain('2026-03-14');
  expect(abandonedCheckout({ ...checkout, startedAt: new Date(Number.NaN) }).summary).toContain('an unknown date');
});

describe('a fingerprint', () => {
  const finding = missedWebhook({ ...move, how: 'sweep' });

  test('stays the same whatever the wording and the facts beside it', () => {
    const reworded = missedWebhook({ ...move, toPlanId: 'starter', how: 'catch-up' });
    expect(findingFingerprint('tnt_1', reworded)).toBe(findingFingerprint('tnt_1', finding));
  });

  test.each([
    ['scope', 'tnt_2', {}],
    ['kind', 'tnt_1', { kind: 'past-due' as const }],
    ['subscription', 'tnt_1', { subscriptionId: 'sub_2' }],
    ['customer, where no subscription is named', 'tnt_1', { subscriptionId: null, customerId: 'cus_2' }],
  ])('differs by %s', (_what, scope, more) => {
    expect(findingFingerprint(scope, { ...finding, ...more })).not.toBe(findingFingerprint('tnt_1', finding));
  });
});
