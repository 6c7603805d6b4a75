import { type EntityManager, In, MoreThan } from 'typeorm';
import { decidePlan } from '../../domain/decide-plan';
import type { PlanDecision, PlanFacts } from '../../domain/decide-plan.types';
import type { Actor } from '../audit/actor';
import { changesBetween, recordAudit } from '../audit/record';
import type { Context } from '../context';
import { newId } from '../db/id';
import { loadCatalogue } from '../plans/catalogue';
import { Tenant } from '../tenants/tenant.entity';
import { Override } from './override.entity';
import { PlanChange } from './plan-change.entity';
import { settleFindings } from './settle-findings';
import { StripeCustomer } from './stripe-customer.entity';
import { Subscription } from './subscription.entity';

export interface Cause {
  actor: Actor;
  eventId?: string | null;
  runId?: string | null;
}

/** What decidePlan is asked about a tenant: its base, overrides that have not ended, and all mirrored subscriptions. */
async function factsOf(
  tx: EntityManager,
  { config, now }: Context,
  tenant: Tenant,
): Promise<{ facts: PlanFacts; mirror: Subscription[] }> {
  const [overrides, mirror] = await Promise.all([
    tx.findBy(Override, { tenantId: tenant.id, endsAt: MoreThan(now()) }),
    tx.findBy(Subscription, { tenantId: tenant.id }),
  ]);
  const customerIds = [...new Set(mirror.map(({ customerId }) => customerId))];
  const customers = customerIds.length > 0 ? await tx.findBy(StripeCustomer, { id: In(customerIds) }) : [];
  const deleted = new Set(customers.filter((customer) => customer.deleted).map(({ id }) => id));
  const subscriptions = mirror.map((row) => ({
    ...row,
    customerDeleted: deleted.has(row.customerId),
    lastEarnedPlanId: row.planId,
  }));
  return {
    facts: {
      basePlanId: tenant.basePlanId,
      overrides,
      subscriptions,
      graceDays: config.pastDueGraceDays,
      livemode: config.stripe.livemode,
    },
    mirror,
  };
}

async function keepEarned(tx: EntityManager, mirror: Subscription[], decision: PlanDecision): Promise<void> {
  for (const row of mirror) {
    const earned = decision.earned[row.id];
    if (!earned || (earned.planId === row.planId && earned.counts === row.lastCounted)) continue;
    await tx.update(Subscription, { id: row.id }, { planId: earned.planId, lastCounted: earned.counts });
    row.planId = earned.planId;
    row.lastCounted = earned.counts;
  }
}

/**
 * Decides the plan of a tenant and writes it, in the caller's transaction: the tenant's row is locked first, and a
 * plan that changes leaves a plan change and an audit entry. Gives the decision, or null where there is no such tenant.
 */
export async function decideTenant(
  tx: EntityManager,
  context: Context,
  tenantId: string,
  cause: Cause,
): Promise<PlanDecision | null> {
  const tenant = await tx.findOne(Tenant, { where: { id: tenantId }, lock: { mode: 'pessimistic_write' } });
  if (!tenant) return null;
  const now = context.now();
  const { facts, mirror } = await factsOf(tx, context, tenant);
  const decision = decidePlan(facts, await loadCatalogue(tx), now);
  await keepEarned(tx, mirror, decision);
  const shown = mirror.find(({ id }) => id === decision.subscriptionId) ?? newest(mirror);
  const next = {
    planId: decision.planId,
    planSource: decision.source,
    subscriptionId: decision.subscriptionId,
    subscriptionStatus: shown?.status ?? null,
    currentPeriodEnd: shown?.currentPeriodEnd ?? null,
    cancelAt: shown ? (shown.cancelAt ?? (shown.cancelAtPeriodEnd ? shown.currentPeriodEnd : null)) : null,
    seatLimit: decision.seatLimit,
    nextDecisionAt: decision.nextChangeAt,
  };
  const changes = changesBetween<Tenant>(tenant, next, [
    'planId',
    'planSource',
    'subscriptionId',
    'subscriptionStatus',
    'currentPeriodEnd',
    'cancelAt',
    'seatLimit',
    'nextDecisionAt',
  ]);
  if (Object.keys(changes).length > 0) {
    const moved = tenant.planId !== next.planId;
    await tx.update(Tenant, { id: tenantId }, { ...next, ...(moved ? { planSince: now } : {}) });
    if (moved) await recordPlanChange(tx, { tenantId, fromPlanId: tenant.planId, decision, cause, at: now });
    const { nextDecisionAt: _, ...told } = changes;
    if (Object.keys(told).length > 0) {
      const action = moved ? 'tenant.change-plan' : 'tenant.update-billing';
      await recordAudit(tx, {
        actor: cause.actor,
        action,
        resource: 'tenants',
        resourceId: tenantId,
        tenantId,
        changes: told,
        reason: decision.reason,
      });
    }
  }
  await settleFindings(tx, tenantId, decision.findings, now);
  return decision;
}

const newest = (mirror: Subscription[]): Subscription | undefined =>
  [...mirror].sort((a, b) => +b.startedAt - +a.startedAt)[0];

interface PlanStep {
  tenantId: string;
  fromPlanId: string | null;
  decision: Pick<PlanDecision, 'planId' | 'source' | 'reason' | 'subscriptionId'>;
  cause: Cause;
  at: Date;
}

/** Adds a step to a tenant's plan history. */
export async function recordPlanChange(
  tx: EntityManager,
  { tenantId, fromPlanId, decision, cause, at }: PlanStep,
): Promise<void> {
  await tx.insert(PlanChange, {
    id: newId('pch'),
    tenantId,
    fromPlanId,
    toPlanId: decision.planId,
    source: decision.source,
    reason: decision.reason,
    subscriptionId: decision.subscriptionId,
    eventId: cause.eventId ?? null,
    runId: cause.runId ?? null,
    actorType: cause.actor.type,
    actorId: cause.actor.id,
    actorName: cause.actor.name,
    at,
  });
}
