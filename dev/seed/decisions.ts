import { decidePlan } from '../../domain/decide-plan';
import type { PlanFacts } from '../../domain/decide-plan.types';
import { explainDecision, type Origin } from '../../domain/explanation';
import type { Actor } from '../../server/audit/actor';
import { originOf } from '../../server/billing/explanation/origin';
import { keptOf } from '../../server/billing/explanation/stored-decision';
import type { PlanChange } from '../../server/billing/plan-change.entity';
import { SEED_PLANS } from './plans';

const STRIPE: Actor = { type: 'stripe', id: null, name: 'Stripe' };

/** The event of the demo that brought a subscription. */
export const broughtBy = (subscriptionId: string, at: Date): Origin =>
  originOf({ actor: STRIPE, eventId: `evt_${subscriptionId.slice(4)}` }, at);

interface History {
  tenantId: string;
  facts: PlanFacts;
  /** The tenant's plan history, from birth to now. */
  steps: readonly Partial<PlanChange>[];
  overrides: readonly { id: string; reason: string; createdAt: Date }[];
  subscriptions: readonly { id: string; startedAt: Date }[];
  operator: Actor;
  now: Date;
}

/** What was decided of a tenant of the demo at each step of its plan history, as it would have been kept then. */
export function decisionsOf({ tenantId, facts, steps, overrides, subscriptions, operator, now }: History) {
  const [birth, ...later] = steps as PlanChange[];
  const basePlanSetBy = originOf({ actor: operator }, birth!.at);
  const origins = new Map<string, Origin>([
    ['base', basePlanSetBy],
    ...subscriptions.map(({ id, startedAt }): [string, Origin] => [id, broughtBy(id, startedAt)]),
    ...overrides.map(({ id, reason, createdAt }): [string, Origin] => [
      id,
      { ...originOf({ actor: operator }, createdAt), reason },
    ]),
  ]);
  const kept = (then: PlanFacts, at: Date, actor: Actor, moment = at) => {
    const eventId = actor.type === 'stripe' && subscriptions[0] ? `evt_${subscriptions[0].id.slice(4)}` : null;
    const explanation = explainDecision(decidePlan(then, SEED_PLANS, moment), then, origins);
    return keptOf({ tenantId, explanation, cause: { actor, eventId }, at });
  };
  const standing = { ...facts, overrides: facts.overrides.filter(({ endsAt }) => endsAt > now) };
  const bought = facts.subscriptions.slice(0, 1).map((one) => ({ ...one, status: 'active', pastDueSince: null }));
  const rows = [kept({ ...facts, subscriptions: [], overrides: [] }, birth!.at, operator)];
  for (const step of later.slice(0, -1))
    rows.push(kept({ ...facts, subscriptions: bought, overrides: [] }, step.at, STRIPE));
  const last = later.at(-1);
  const newest = new Date(Math.max(+birth!.at, ...subscriptions.map(({ startedAt }) => +startedAt)));
  const actor = last ? { type: last.actorType, id: last.actorId, name: last.actorName } : STRIPE;
  const final = kept(standing, last?.at ?? newest, actor, now);
  if (final.hash !== rows.at(-1)?.hash) rows.push(final);
  return { rows: rows.map(({ row }) => row), decisionHash: final.hash, basePlanSetBy };
}
