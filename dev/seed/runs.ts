import type { Actor } from '../../server/audit/actor';
import type { PlanChange } from '../../server/billing/plan-change.entity';
import { newId } from '../../server/db/id';
import type { ReconcileChange, ReconcileRun } from '../../server/reconcile/reconcile-run.entity';
import type { Tenant } from '../../server/tenants/tenant.entity';
import { SEED_PLANS } from './plans';

const DAY = 86_400_000;
const MINUTE = 60_000;
const ROWS = 9;
const STALE = 2;

const planOf = (id: string | null | undefined) => SEED_PLANS.find((plan) => plan.id === id);
const rankOf = (id: string | null | undefined): number => planOf(id)?.rank ?? 0;

/** Of each tenant the last step of its history, where that is the plan that it still has. */
function lastSteps(
  tenants: readonly Partial<Tenant>[],
  changes: readonly Partial<PlanChange>[],
): Partial<PlanChange>[] {
  const last = new Map(changes.map((change) => [change.tenantId, change]));
  return tenants
    .flatMap(({ id, planId, status }) => {
      const step = last.get(id);
      return status !== 'deleted' && step?.fromPlanId && step.toPlanId === planId ? [step] : [];
    })
    .slice(-ROWS);
}

function rowOf(runId: string, step: Partial<PlanChange>, index: number, at: Date): Partial<ReconcileChange> {
  const lowers = rankOf(step.toPlanId) < rankOf(step.fromPlanId);
  const stale = index < STALE;
  const amount = planOf(lowers ? step.fromPlanId : step.toPlanId)?.amount ?? 0;
  return {
    id: newId('rch'),
    runId,
    tenantId: step.tenantId!,
    fromPlanId: step.fromPlanId!,
    toPlanId: step.toPlanId!,
    reason: step.reason!,
    lowers,
    subscriptionId: step.subscriptionId ?? null,
    customerId: null,
    atRiskAmount: amount > 0 ? String(amount) : null,
    atRiskCurrency: amount > 0 ? 'eur' : null,
    state: stale ? 'stale' : 'applied',
    note: stale ? 'An override was granted since.' : null,
    basis: null,
    effect: null,
    overrideId: null,
    at,
  };
}

/** A dry run of two days ago that was applied, but for the tenants that had changed by then. */
export function appliedPlan(
  now: Date,
  by: Actor,
  tenants: readonly Partial<Tenant>[],
  changes: readonly Partial<PlanChange>[],
): { run: Partial<ReconcileRun>; rows: Partial<ReconcileChange>[] } {
  const id = newId('run');
  const startedAt = new Date(+now - 2 * DAY);
  const appliedAt = new Date(+startedAt + 7 * MINUTE);
  const steps = lastSteps(tenants, changes);
  const rows = steps.map((step, index) => rowOf(id, step, index, appliedAt));
  const applied = rows.filter(({ state }) => state === 'applied');
  const run: Partial<ReconcileRun> = {
    id,
    mode: 'apply',
    trigger: 'operator',
    status: 'done',
    active: null,
    progress: 1,
    scanned: tenants.length,
    changed: rows.length,
    lowered: applied.filter(({ lowers }) => lowers).length,
    raised: applied.filter(({ lowers }) => !lowers).length,
    applied: applied.length,
    stale: rows.length - applied.length,
    atRisk: [
      { amount: applied.reduce((sum, { atRiskAmount }) => sum + Number(atRiskAmount ?? 0), 0), currency: 'eur' },
    ],
    approved: true,
    actorType: by.type,
    actorId: by.id,
    actorName: by.name,
    appliedById: by.id,
    appliedByName: by.name,
    appliedAt,
    startedAt,
    finishedAt: new Date(+appliedAt + MINUTE),
  };
  return { run, rows };
}
