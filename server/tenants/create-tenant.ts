import type { EntityManager } from 'typeorm';
import { decidePlan } from '../../domain/decide-plan';
import { explainDecision } from '../../domain/explanation';
import type { Actor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import { originOf, originsOf } from '../billing/explanation/origin';
import { PlanDecisionRow } from '../billing/explanation/plan-decision.entity';
import { keptOf } from '../billing/explanation/stored-decision';
import { PlanChange } from '../billing/plan-change.entity';
import { factsOf, NOTHING_AROUND } from '../billing/plan-facts';
import { planStep } from '../billing/plan-step';
import type { Context } from '../context';
import { insertMany } from '../db/bulk';
import { newId } from '../db/id';
import { invalid } from '../errors';
import { loadCatalogue } from '../plans/catalogue';
import { Plan } from '../plans/plan.entity';
import { Tenant } from './tenant.entity';

export interface NewTenant {
  name: string;
  /** A free or contract plan; the default plan where it is left out. */
  basePlanId?: string;
}

/** The plan that may be a tenant's base: free or by contract, and active. Throws 400 naming `basePlanId`. */
export async function basePlanFor(tx: EntityManager, basePlanId: string | undefined): Promise<Plan> {
  const plan = await tx.findOne(Plan, {
    where: basePlanId === undefined ? { isDefault: 1 } : { id: basePlanId },
    lock: { mode: 'pessimistic_read' },
  });
  if (!plan) throw invalid({ basePlanId: `There is no plan "${basePlanId}".` });
  if (plan.kind === 'stripe')
    throw invalid({
      basePlanId: `${plan.name} is paid through Stripe: it comes with a subscription. Choose a free or contract plan.`,
    });
  if (!plan.active) throw invalid({ basePlanId: `${plan.name} is not active any more. Choose another plan.` });
  return plan;
}

/** Makes a tenant on its base plan, with the first step of its plan history and the first decision that is kept. */
export async function createTenant(
  tx: EntityManager,
  { now, config }: Pick<Context, 'now' | 'config'>,
  actor: Actor,
  { name, basePlanId }: NewTenant,
): Promise<Tenant> {
  const plan = await basePlanFor(tx, basePlanId);
  const at = now();
  const cause = { actor };
  const born = { id: newId('ten'), basePlanId: plan.id, memberCount: 0, basePlanSetBy: originOf(cause, at) };
  const { id } = born;
  const facts = factsOf(born, NOTHING_AROUND, config);
  const decision = decidePlan(facts, await loadCatalogue(tx), at);
  const explanation = explainDecision(decision, facts, originsOf(born, NOTHING_AROUND));
  const kept = keptOf({ tenantId: id, explanation, cause, at });
  await tx.insert(Tenant, {
    id,
    name,
    basePlanId: plan.id,
    planId: decision.planId,
    planSource: decision.source,
    planSince: at,
    seatLimit: decision.seatLimit,
    decisionHash: kept.hash,
    basePlanSetBy: born.basePlanSetBy as object,
  });
  await tx.insert(PlanChange, planStep({ tenantId: id, fromPlanId: null, decision, cause, at }));
  await insertMany<PlanDecisionRow>(tx, PlanDecisionRow, [kept.row]);
  const changes = { name: { from: null, to: name }, planId: { from: null, to: plan.id } };
  await recordAudit(tx, { actor, action: 'tenant.create', resource: 'tenants', resourceId: id, tenantId: id, changes });
  return tx.findOneByOrFail(Tenant, { id });
}
