import { decidePlan } from '../../domain/decide-plan';
import type { Catalogue, PlanDecision } from '../../domain/decide-plan.types';
import { explainDecision } from '../../domain/explanation';
import { type Money, monthlyWorth } from '../../domain/money-at-risk';
import { type AuditInput, changesBetween } from '../audit/record';
import type { Context } from '../context';
import type { Tenant } from '../tenants/tenant.entity';
import type { Cause } from './cause';
import { originsOf } from './explanation/origin';
import { type Kept, keptOf } from './explanation/stored-decision';
import type { PlanChange } from './plan-change.entity';
import { factsOf, type Surroundings } from './plan-facts';
import { planStep } from './plan-step';
import type { Subscription } from './subscription.entity';

/** A plan that a decision changed. */
export interface PlanMove {
  tenantId: string;
  fromPlanId: string;
  toPlanId: string;
  reason: string;
  subscriptionId: string | null;
  lowers: boolean;
  /** What the change hangs on: the subscription that earned the plan which is lost, or earns the one that is won. */
  about: { subscriptionId: string; customerId: string; atRisk: Money | null } | null;
}

/** Columns of a tenant that a decision sets. */
export const TENANT_FIELDS = [
  'planId',
  'planSource',
  'subscriptionId',
  'subscriptionStatus',
  'currentPeriodEnd',
  'cancelAt',
  'seatLimit',
  'nextDecisionAt',
] as const satisfies (keyof Tenant)[];

const rankOf = (catalogue: Catalogue, planId: string): number =>
  catalogue.find(({ id }) => id === planId)?.rank ?? Number.NEGATIVE_INFINITY;

const newest = (mirror: readonly Subscription[]): Subscription | undefined =>
  [...mirror].sort((a, b) => +b.startedAt - +a.startedAt)[0];

/** The tenant's columns that follow from a decision. */
function decidedFields(decision: PlanDecision, mirror: readonly Subscription[]) {
  const shown = mirror.find(({ id }) => id === decision.subscriptionId) ?? newest(mirror);
  return {
    planId: decision.planId,
    planSource: decision.source,
    subscriptionId: decision.subscriptionId,
    subscriptionStatus: shown?.status ?? null,
    currentPeriodEnd: shown?.currentPeriodEnd ?? null,
    cancelAt: shown ? (shown.cancelAt ?? (shown.cancelAtPeriodEnd ? shown.currentPeriodEnd : null)) : null,
    seatLimit: decision.seatLimit,
    nextDecisionAt: decision.nextChangeAt,
  };
}

/** What is written of a tenant: what has no default value, and what a decision changes. */
export type WrittenTenant = Pick<
  Tenant,
  'id' | 'name' | 'basePlanId' | 'planSince' | 'decisionHash' | (typeof TENANT_FIELDS)[number]
>;

/** What all tenants of one go are decided in. */
export interface Circumstances {
  context: Context;
  catalogue: Catalogue;
  surroundings: Surroundings;
  cause: Cause;
  now: Date;
}

/** What follows from deciding one tenant; what is null does not change. */
export interface Outcome {
  decision: PlanDecision;
  /** Set where the answer, or what any layer said, is not what was last kept. */
  kept: Kept | null;
  tenant: WrittenTenant | null;
  move: PlanMove | null;
  step: PlanChange | null;
  audit: AuditInput | null;
}

function aboutOf(mirror: readonly Subscription[], before: string | null, after: string | null, lowers: boolean) {
  const of = (id: string | null) => mirror.find((row) => row.id === id);
  const row = lowers ? (of(before) ?? of(after)) : (of(after) ?? of(before));
  return row ? { subscriptionId: row.id, customerId: row.customerId, atRisk: monthlyWorth(row.items) } : null;
}

/** Decides one tenant; pure but for the ids of what is to be written. */
export function decideOne(tenant: Tenant, around: Circumstances): Outcome {
  const { context, catalogue, surroundings, cause, now } = around;
  const { id: tenantId, basePlanId, planId: fromPlanId } = tenant;
  const mirror = surroundings.subscriptions.get(tenantId) ?? [];
  const facts = factsOf(tenant, surroundings, context.config);
  const decision = decidePlan(facts, catalogue, now);
  const explanation = explainDecision(decision, facts, originsOf(tenant, surroundings));
  const told = keptOf({ tenantId, explanation, cause, at: now });
  const kept = told.hash === tenant.decisionHash ? null : told;
  const next = decidedFields(decision, mirror);
  const changes = changesBetween<Tenant>(tenant, next, TENANT_FIELDS);
  if (Object.keys(changes).length === 0) return { decision, kept, tenant: null, move: null, step: null, audit: null };
  const { planId: toPlanId, reason, subscriptionId } = decision;
  const moved = fromPlanId !== toPlanId;
  const lowers = rankOf(catalogue, toPlanId) < rankOf(catalogue, fromPlanId);
  const { nextDecisionAt: _, ...audited } = changes;
  const action = moved ? 'tenant.change-plan' : 'tenant.update-billing';
  const about = aboutOf(mirror, tenant.subscriptionId, subscriptionId, lowers);
  return {
    decision,
    kept,
    tenant: {
      id: tenantId,
      name: tenant.name,
      basePlanId,
      planSince: moved ? now : tenant.planSince,
      decisionHash: told.hash,
      ...next,
    },
    move: moved ? { tenantId, fromPlanId, toPlanId, reason, subscriptionId, lowers, about } : null,
    step: moved ? planStep({ tenantId, fromPlanId, decision, cause, at: now }) : null,
    audit:
      Object.keys(audited).length > 0
        ? { actor: cause.actor, action, resource: 'tenants', resourceId: tenantId, tenantId, changes: audited, reason }
        : null,
  };
}
