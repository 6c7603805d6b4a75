import type { EntityManager } from 'typeorm';
import type { Actor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import { conflict, invalid } from '../errors';
import { decideTenantsOf } from './decide-tenants-of';
import { Plan } from './plan.entity';
import { PlanPrice } from './plan-price.entity';

/**
 * Whether the plan has the price already.
 * @throws ProblemError 400 where there is no such plan or it is not sold, 409 `price_taken` where another has the price
 */
export async function requireMappable(tx: EntityManager, { planId, priceId }: PlanPrice): Promise<boolean> {
  const plan = await tx.findOneBy(Plan, { id: planId });
  if (!plan) throw invalid({ planId: `There is no plan "${planId}".` });
  if (plan.kind !== 'stripe')
    throw invalid({ planId: `${plan.name} is not paid by subscription. Choose one that is.` });
  const taken = await tx.findOneBy(PlanPrice, { priceId });
  if (taken && taken.planId !== planId)
    throw conflict('price_taken', `The price ${priceId} belongs to the plan "${taken.planId}" already.`);
  return taken !== null;
}

/**
 * Adds a Stripe price to those that earn a plan, and has the tenants that pay it decided anew. Adding it again changes
 * nothing. Forms of the plan that were opened before are stale.
 * @throws ProblemError 400 where there is no such plan, 409 `price_taken` where another plan has the price
 */
export async function mapPrice(
  tx: EntityManager,
  actor: Actor,
  { planId, priceId }: PlanPrice,
  now: Date,
): Promise<void> {
  // As every change of plans: queued up behind the default plan's row, so that two can't cross.
  await tx.findOne(Plan, { where: { isDefault: 1 }, lock: { mode: 'pessimistic_write' } });
  await tx.findOne(Plan, { where: { id: planId }, lock: { mode: 'pessimistic_write' } });
  if (await requireMappable(tx, { planId, priceId })) return;
  const before = await tx.find(PlanPrice, { where: { planId }, order: { priceId: 'ASC' } });
  const from = before.map((price) => price.priceId);
  await tx.insert(PlanPrice, { planId, priceId });
  await tx.increment(Plan, { id: planId }, 'version', 1);
  await decideTenantsOf(tx, planId, now);
  await recordAudit(tx, {
    actor,
    action: 'plan.update',
    resource: 'plans',
    resourceId: planId,
    changes: { stripePriceIds: { from, to: [...from, priceId].sort() } },
  });
}
