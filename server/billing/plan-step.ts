import type { PlanDecision } from '../../domain/decide-plan.types';
import { newId } from '../db/id';
import type { Cause } from './cause';
import type { PlanChange } from './plan-change.entity';

interface PlanStep {
  tenantId: string;
  fromPlanId: string | null;
  decision: Pick<PlanDecision, 'planId' | 'source' | 'reason' | 'subscriptionId'>;
  cause: Cause;
  at: Date;
}

/** A step of a tenant's plan history. */
export const planStep = ({ tenantId, fromPlanId, decision, cause, at }: PlanStep): PlanChange => ({
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
