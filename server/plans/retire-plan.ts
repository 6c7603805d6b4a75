import { type EntityManager, In, IsNull, MoreThan } from 'typeorm';
import type { Actor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import { Override } from '../billing/override.entity';
import { Subscription } from '../billing/subscription.entity';
import type { Context } from '../context';
import { conflict, invalid } from '../errors';
import { oweJob } from '../jobs/outbox';
import { basePlanFor } from '../tenants/create-tenant';
import { Tenant } from '../tenants/tenant.entity';
import { loadCatalogue } from './catalogue';
import { type Foreseen, foresee, MOST_FORESEEN, requireConfirmed } from './foresee';
import { Plan } from './plan.entity';

/** Statuses of a subscription that go on being charged, or may again. */
const LIVE = ['trialing', 'active', 'past_due', 'unpaid', 'paused'];
/** Counts are exact up to this. */
const COUNTED = 10_000;

export interface ForeseenRetirement extends Foreseen {
  /** Tenants whose base plan it is: they leave for the successor, or stay where there is none. */
  leaving: number;
  /** Live subscriptions that go on earning the plan, and overrides that go on granting it. */
  subscriptions: number;
  overrides: number;
}

async function requireSuccessor(tx: EntityManager, plan: Plan, successorId: string | null): Promise<void> {
  if (successorId === null) return;
  if (successorId === plan.id) throw invalid({ successorPlanId: 'must be another plan.' });
  await basePlanFor(tx, successorId).catch((error: { problem?: { errors?: Record<string, string> } }) => {
    const why = error.problem?.errors?.basePlanId;
    throw why ? invalid({ successorPlanId: why }) : error;
  });
}

const leavingOf = (tx: EntityManager, planId: string, most: number): Promise<Pick<Tenant, 'id'>[]> =>
  tx.find(Tenant, {
    select: { id: true },
    where: { basePlanId: planId, status: In(['active', 'suspended']) },
    order: { id: 'ASC' },
    take: most,
  });

/**
 * What retiring a plan would do; nothing is written.
 * @throws ProblemError 400 where the successor can't be one, 409 where the plan is the default
 */
export async function foreseeRetirement(
  tx: EntityManager,
  context: Context,
  plan: Plan,
  successorId: string | null,
): Promise<ForeseenRetirement> {
  if (plan.isDefault)
    throw conflict('default_plan', "The default plan can't be retired. Make another plan the default first.");
  await requireSuccessor(tx, plan, successorId);
  const catalogue = await loadCatalogue(tx);
  const leaving = await leavingOf(tx, plan.id, COUNTED + 1);
  const ids = successorId ? leaving.slice(0, MOST_FORESEEN + 1).map(({ id }) => id) : [];
  const supposed = { before: catalogue, after: catalogue, ...(successorId ? { basePlanId: successorId } : {}) };
  const [foreseen, subscriptions, overrides] = await Promise.all([
    foresee(tx, context, ids, supposed),
    tx.countBy(Subscription, { planId: plan.id, status: In(LIVE) }),
    tx.countBy(Override, { planId: plan.id, endsAt: MoreThan(context.now()), endedAt: IsNull() }),
  ]);
  return { ...foreseen, leaving: leaving.length, subscriptions, overrides };
}

interface Retirement {
  actor: Actor;
  successorId: string | null;
  confirm?: string | null;
}

/**
 * Takes a plan that lockPlan holds off the shelf: nobody can choose it any more. Who pays for it keeps it, and so does
 * who has it by an override. With a successor, tenants whose base plan it is are moved there by the workers; retiring
 * it again with a successor moves those who are left.
 * @throws ProblemError as foreseeRetirement, and 409 `confirm_needed` where tenants would be lowered without the phrase
 */
export async function retirePlan(
  tx: EntityManager,
  context: Context,
  plan: Plan,
  { actor, successorId, confirm }: Retirement,
): Promise<void> {
  const foreseen = await foreseeRetirement(tx, context, plan, successorId);
  requireConfirmed(foreseen, confirm);
  if (plan.active || plan.successorId !== successorId) {
    await tx.update(Plan, { id: plan.id }, { active: false, successorId });
    const changes = {
      ...(plan.active ? { active: { from: true, to: false } } : {}),
      ...(plan.successorId === successorId ? {} : { successorId: { from: plan.successorId, to: successorId } }),
    };
    await recordAudit(tx, { actor, action: 'plan.retire', resource: 'plans', resourceId: plan.id, changes });
  }
  if (successorId && foreseen.leaving > 0) await oweJob(tx, { kind: 'leave-plan', subject: plan.id });
}

/** Offers a retired plan again. Tenants that have left stay where they are; the others stay on it. Throws 409. */
export async function reactivatePlan(tx: EntityManager, plan: Plan, actor: Actor): Promise<void> {
  if (plan.active) throw conflict('not_retired', 'This plan is active already.');
  await tx.update(Plan, { id: plan.id }, { active: true, successorId: null });
  const changes = { active: { from: false, to: true } };
  await recordAudit(tx, { actor, action: 'plan.reactivate', resource: 'plans', resourceId: plan.id, changes });
}
