import { decidePlan } from '../../domain/decide-plan';
import type { OverrideFact, PlanFacts, ReasonCode, SubscriptionFact } from '../../domain/decide-plan.types';
import { anItem, anOverride, aSubscription, CATALOGUE, facts, inDays, NOW } from './facts';

const layersOf = (more: Partial<PlanFacts>) => decidePlan(facts(more), CATALOGUE, NOW).layers;

test.each<[ReasonCode, Partial<SubscriptionFact>]>([
  ['subscription-active', {}],
  ['in-grace', { status: 'past_due', pastDueSince: inDays(-1) }],
  ['grace-ended', { status: 'past_due', pastDueSince: inDays(-20) }],
  ['cancelled', { cancelAt: inDays(-1) }],
  ['ended', { status: 'canceled' }],
  ['incomplete', { status: 'incomplete' }],
  ['customer-deleted', { customerDeleted: true }],
  ['wrong-mode', { livemode: true }],
  ['missing', { missingSince: inDays(-1), lastCounted: true }],
  ['unknown-status', { status: 'hibernating' }],
  ['unknown-price', { items: [anItem('legacy')] }],
])('a subscription says %s', (reasonCode, more) => {
  expect(layersOf({ subscriptions: [aSubscription(more)] })[0]).toMatchObject({ layer: 'subscription', reasonCode });
});

test.each<[ReasonCode, Partial<OverrideFact>]>([
  ['override-floor', {}],
  ['override-pinned', { pin: true }],
  ['override-scheduled', { startsAt: inDays(1) }],
  ['override-ended', { endedAt: inDays(-1) }],
  ['override-unknown-dates', { startsAt: new Date(Number.NaN) }],
  ['override-unknown-plan', { planId: 'gone' }],
])('an override says %s', (reasonCode, more) => {
  expect(layersOf({ overrides: [anOverride(more)] })[0]).toMatchObject({ layer: 'override', reasonCode });
});

test.each<[ReasonCode, string]>([
  ['base', 'starter'],
  ['base-stand-in', 'gone'],
])('the base says %s', (reasonCode, basePlanId) => {
  expect(layersOf({ basePlanId })).toMatchObject([{ layer: 'base', reasonCode }]);
});

test.each<[string, Partial<PlanFacts>, string | null]>([
  ['nothing, where it won', {}, null],
  ['a pin', { overrides: [anOverride({ pin: true })] }, 'pin'],
  ['rank', { basePlanId: 'custom' }, 'rank'],
  ['having no plan', { subscriptions: [aSubscription({ items: [anItem('legacy')] })] }, 'no-plan'],
])('a subscription loses by %s', (_what, more, lostBy) => {
  const layers = layersOf({ subscriptions: [aSubscription()], ...more });
  expect(layers.find(({ layer }) => layer === 'subscription')?.lostBy).toBe(lostBy);
});
