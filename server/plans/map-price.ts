import type { EntityManager } from 'typeorm';
import type { Context } from '../context';
import { conflict, invalid } from '../errors';
import { type ChangeOrder, changePlan, foreseeChange, lockPlan, planChange } from './change-plan';
import type { Foreseen } from './foresee';
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

async function withPrice(tx: EntityManager, { planId, priceId }: PlanPrice): Promise<{ stripePriceIds: string[] }> {
  const prices = await tx.findBy(PlanPrice, { planId });
  return { stripePriceIds: [...prices.map((price) => price.priceId), priceId] };
}

/**
 * Adds a Stripe price to those that earn a plan, and has the tenants that pay it decided anew. Adding it again changes
 * nothing. Forms of the plan that were opened before are stale.
 * @throws ProblemError 400 where there is no such plan, 409 `price_taken` where another plan has the price, 409
 * `confirm_needed` where tenants would be lowered and the order does not say so
 */
export async function mapPrice(
  tx: EntityManager,
  context: Context,
  { planId, priceId }: PlanPrice,
  order: ChangeOrder,
): Promise<void> {
  // First of all, so that a plan that can't be mapped to is told as the field's fault; the lock then holds it.
  await requireMappable(tx, { planId, priceId });
  const plan = await lockPlan(tx, planId);
  if (await requireMappable(tx, { planId, priceId })) return;
  await changePlan(tx, context, plan, await withPrice(tx, { planId, priceId }), order);
}

/**
 * Whom mapping a price would touch; writes nothing.
 * @throws ProblemError as requireMappable
 */
export async function foreseeMapping(tx: EntityManager, context: Context, price: PlanPrice): Promise<Foreseen> {
  await requireMappable(tx, price);
  const plan = await tx.findOneByOrFail(Plan, { id: price.planId });
  return foreseeChange(tx, context, await planChange(tx, plan, await withPrice(tx, price)));
}
