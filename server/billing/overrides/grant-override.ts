import type { EntityManager } from 'typeorm';
import { noteDueAt } from '../../../domain/override';
import type { Actor } from '../../audit/actor';
import { recordAudits } from '../../audit/record';
import type { Context } from '../../context';
import { insertMany } from '../../db/bulk';
import { newId } from '../../db/id';
import { invalid } from '../../errors';
import { Plan } from '../../plans/plan.entity';
import type { Tenant } from '../../tenants/tenant.entity';
import { type DraftOverride, decideTenant, lockTenants } from '../decide-tenant';
import { Override } from '../override.entity';

export interface NewOverride {
  tenantId: string;
  planId: string;
  pin: boolean;
  reason: string;
  /** Now where it is not said. */
  startsAt?: Date | null;
  endsAt: Date;
}

/** Clocks differ a little: a start that has just gone by is meant as now. */
const SLACK_MS = 60_000;

/** The start that is meant. Throws 400 that names the field where the dates make no span that lies ahead. */
export function requireSpan({ startsAt, endsAt }: Pick<NewOverride, 'startsAt' | 'endsAt'>, now: Date): Date {
  if (startsAt && +startsAt < +now - SLACK_MS)
    throw invalid({ startsAt: 'must not lie in the past. Leave it out to start now.' });
  const start = startsAt ?? now;
  if (endsAt <= now) throw invalid({ endsAt: 'must be in the future.' });
  if (endsAt <= start) throw invalid({ endsAt: 'must be after its start.' });
  return start;
}

/** The plan, where it may be granted. Throws 400 that names the field. */
export async function requireGrantable(db: EntityManager, planId: string): Promise<Plan> {
  const plan = await db.findOneBy(Plan, { id: planId });
  if (!plan) throw invalid({ planId: `There is no plan "${planId}".` });
  if (!plan.active) throw invalid({ planId: `${plan.name} is retired: grant an active plan.` });
  return plan;
}

async function lockGrantee(tx: EntityManager, id: string): Promise<Tenant> {
  const tenant = (await lockTenants(tx, [id])).get(id);
  if (!tenant) throw invalid({ tenantId: `There is no tenant "${id}".` });
  if (tenant.status === 'deleted') throw invalid({ tenantId: `${tenant.name} is deleted: restore it first.` });
  return tenant;
}

/** An override as it would be written. */
export const draftOverride = (actor: Actor, asked: NewOverride & { startsAt: Date }): DraftOverride => ({
  id: newId('ovr'),
  ...asked,
  endedAt: null,
  noteDueAt: noteDueAt(asked),
  notedAt: null,
  createdByType: actor.type,
  createdById: actor.id,
  createdByName: actor.name,
});

/** Writes overrides with their audit entries. The caller holds their tenants, and decides them. */
export async function insertOverrides(
  tx: EntityManager,
  actor: Actor,
  overrides: readonly DraftOverride[],
): Promise<void> {
  await insertMany<Override>(tx, Override, overrides);
  const audits = overrides.map(({ id, tenantId, reason, planId, pin, startsAt, endsAt }) => ({
    actor,
    action: 'override.create',
    resource: 'overrides',
    resourceId: id,
    tenantId,
    reason,
    changes: {
      planId: { from: null, to: planId },
      pin: { from: null, to: pin },
      startsAt: { from: null, to: startsAt },
      endsAt: { from: null, to: endsAt },
    },
  }));
  await recordAudits(tx, audits);
}

/**
 * Grants a plan for a while and decides the tenant's plan, in the caller's transaction. Gives the override's id.
 * @throws ProblemError 400 that names the field
 */
export async function grantOverride(
  tx: EntityManager,
  context: Context,
  actor: Actor,
  asked: NewOverride,
): Promise<string> {
  const startsAt = requireSpan(asked, context.now());
  const { tenantId, planId, pin, reason, endsAt } = asked;
  await lockGrantee(tx, tenantId);
  await requireGrantable(tx, planId);
  const override = draftOverride(actor, { tenantId, planId, pin, reason, startsAt, endsAt });
  await insertOverrides(tx, actor, [override]);
  await decideTenant(tx, context, tenantId, { actor });
  return override.id;
}
