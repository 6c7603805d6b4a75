import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import { inTransaction, isDuplicate, sqlCode } from '../db/transaction';
import { conflict, notFound } from '../errors';
import { type OperatorRoute, operatorRoute, presentOne, readRoutes, requireVersion } from '../http/operator-api';
import { stripeOf } from '../stripe/client';
import { changePlan, createPlan, foreseeChange, foreseeCreation, lockPlan, planChange, takenKey } from './change-plan';
import { Plan } from './plan.entity';
import { NewPlanBody, PlanBody, RetireBody } from './plan-bodies';
import { PlanPrice } from './plan-price.entity';
import { plansListing } from './plans.listing';
import { foreseeRetirement, reactivatePlan, retirePlan } from './retire-plan';
import { findStripePrices } from './stripe-prices';
import { unmappedPrices } from './unmapped-prices';

/** Whoever was faster took the lookup key; all else that is unique was looked at under the lock. */
const orTaken = (error: unknown): never => {
  throw isDuplicate(error) ? takenKey() : error;
};

async function requirePlan({ db }: Context, id: string): Promise<Plan> {
  const plan = await db.getRepository(Plan).findOneBy({ id });
  if (!plan) throw notFound('plan', id);
  return plan;
}

/** What Stripe and the mirror tell of prices, for whoever edits the catalogue. */
function priceRoutes(context: Context): OperatorRoute[] {
  return [
    operatorRoute({
      method: 'get',
      path: '/stripe-prices',
      access: 'plans:read',
      summary:
        "Search Stripe's prices by ?q=, or read those of ?ids=a,b; active ones first, with the plan that has each",
      handle: ({ query }) =>
        findStripePrices(context, stripeOf(context.config), {
          q: query.q,
          ids: query.ids?.split(',').filter(Boolean),
          fresh: query.fresh === 'true',
        }),
    }),
    operatorRoute({
      method: 'get',
      path: '/unmapped-prices',
      access: 'plans:read',
      summary: 'Tell which prices tenants pay that no plan knows',
      handle: () => unmappedPrices(context.db),
    }),
  ];
}

/** What a change would do, told before it is made. */
function foresightRoutes(context: Context): OperatorRoute[] {
  const { db } = context;
  return [
    operatorRoute({
      method: 'post',
      path: '/plans/what-if',
      access: 'plans:what-if',
      summary: 'Tell which tenants would change plan if this plan were made, and write nothing',
      body: NewPlanBody,
      handle: ({ body: { id, version: _version, confirm: _confirm, ...given } }) =>
        foreseeCreation(db.manager, context, id, given),
    }),
    operatorRoute({
      method: 'post',
      path: '/plans/:id/what-if',
      access: 'plans:what-if',
      summary: 'Tell which tenants would change plan by this change, and write nothing',
      body: PlanBody,
      async handle({ params, body: { version: _version, confirm: _confirm, ...given } }) {
        const plan = await requirePlan(context, params.id!);
        return foreseeChange(db.manager, context, await planChange(db.manager, plan, given));
      },
    }),
    operatorRoute({
      method: 'post',
      path: '/plans/:id/retire/what-if',
      access: 'plans:what-if',
      summary: 'Tell who would leave the plan for its successor and who would keep it, and write nothing',
      body: RetireBody,
      async handle({ params, body: { successorPlanId } }) {
        const plan = await requirePlan(context, params.id!);
        return inTransaction(db, (tx) => foreseeRetirement(tx, context, plan, successorPlanId));
      },
    }),
  ];
}

function retirementRoutes(context: Context): OperatorRoute[] {
  return [
    operatorRoute({
      method: 'post',
      path: '/plans/:id/retire',
      access: 'plans:retire',
      summary: 'Offer a plan no more; those whose base plan it is go to the successor, those who pay keep it',
      body: RetireBody,
      async handle({ params, body: { successorPlanId: successorId, confirm, version }, caller: { actor } }) {
        await inTransaction(context.db, async (tx) => {
          const plan = await lockPlan(tx, params.id!);
          await requireVersion(context, plansListing, plan, version);
          await retirePlan(tx, context, plan, { actor, successorId, confirm });
        });
        return presentOne(context, plansListing, params.id!);
      },
    }),
    operatorRoute({
      method: 'post',
      path: '/plans/:id/reactivate',
      access: 'plans:reactivate',
      summary: 'Offer a retired plan again',
      async handle({ params, caller: { actor } }) {
        await inTransaction(context.db, async (tx) => reactivatePlan(tx, await lockPlan(tx, params.id!), actor));
        return presentOne(context, plansListing, params.id!);
      },
    }),
  ];
}

async function deletePlan(context: Context, actor: Parameters<typeof reactivatePlan>[2], id: string): Promise<void> {
  await inTransaction(context.db, async (tx) => {
    const plan = await lockPlan(tx, id);
    if (plan.isDefault)
      throw conflict('default_plan', "The default plan can't be deleted. Make another plan the default first.");
    await tx.delete(PlanPrice, { planId: plan.id });
    await tx.delete(Plan, { id: plan.id });
    const changes = { name: { from: plan.name, to: null } };
    await recordAudit(tx, { actor, action: 'plan.delete', resource: 'plans', resourceId: plan.id, changes });
  }).catch((error) => {
    if (sqlCode(error)?.startsWith('ER_ROW_IS_REFERENCED'))
      throw conflict(
        'plan_in_use',
        'Tenants are or were on this plan, or it follows a retired one, so it must stay. Retire it instead.',
      );
    throw error;
  });
}

export function planRoutes(context: Context): OperatorRoute[] {
  return [
    ...readRoutes(context, plansListing),
    ...priceRoutes(context),
    ...foresightRoutes(context),
    ...retirementRoutes(context),
    operatorRoute({
      method: 'post',
      path: '/plans',
      access: 'plans:create',
      summary: 'Create a plan; its id never changes',
      status: 201,
      body: NewPlanBody,
      async handle({ body: { id, version: _version, confirm, ...given }, caller: { actor } }) {
        await inTransaction(context.db, (tx) => createPlan(tx, context, id, given, { actor, confirm })).catch(orTaken);
        return presentOne(context, plansListing, id);
      },
    }),
    operatorRoute({
      method: 'put',
      path: '/plans/:id',
      access: 'plans:update',
      summary: 'Change a plan; where tenants would be lowered, `confirm` must say so',
      body: PlanBody,
      async handle({ params, body: { version, confirm, ...given }, caller: { actor } }) {
        await inTransaction(context.db, async (tx) => {
          const plan = await lockPlan(tx, params.id!);
          await requireVersion(context, plansListing, plan, version);
          await changePlan(tx, context, plan, given, { actor, confirm });
        }).catch(orTaken);
        return presentOne(context, plansListing, params.id!);
      },
    }),
    operatorRoute({
      method: 'delete',
      path: '/plans/:id',
      access: 'plans:delete',
      summary: 'Delete a plan that nothing refers to; retire one that was used',
      async handle({ params, caller }) {
        const record = await presentOne(context, plansListing, params.id!);
        await deletePlan(context, caller.actor, params.id!);
        return record;
      },
    }),
  ];
}
