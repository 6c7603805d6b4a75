import type { EntityManager } from 'typeorm';
import type { Actor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import { PlanChange } from '../billing/plan-change.entity';
import { planStep } from '../billing/plan-step';
import type { Context } from '../context';
import { newId } from '../db/id';
import { invalid } from '../errors';
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

/** Makes a tenant on its base plan, with the first step of its plan history. */
export async function createTenant(
  tx: EntityManager,
  { now }: Context,
  actor: Actor,
  { name, basePlanId }: NewTenant,
): Promise<Tenant> {
  const plan = await basePlanFor(tx, basePlanId);
  const id = newId('ten');
  const at = now();
  await tx.insert(Tenant, {
    id,
    name,
    basePlanId: plan.id,
    planId: plan.id,
    planSource: 'base',
    planSince: at,
    seatLimit: plan.seatLimit,
  });
  const decision = {
    planId: plan.id,
    source: 'base' as const,
    reason: `The base plan is ${plan.name}.`,
    subscriptionId: null,
  };
  await tx.insert(PlanChange, planStep({ tenantId: id, fromPlanId: null, decision, cause: { actor }, at }));
  const changes = { name: { from: null, to: name }, planId: { from: null, to: plan.id } };
  await recordAudit(tx, { actor, action: 'tenant.create', resource: 'tenants', resourceId: id, tenantId: id, changes });
  return tx.findOneByOrFail(Tenant, { id });
}
