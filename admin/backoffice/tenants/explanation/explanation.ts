import type { PlanFinding } from '../../../../domain/decide-plan.types';
import type { ExplainedLayer, Origin } from '../../../../domain/explanation';
import type { PlanKind } from '../../../../domain/plan';

/** What brought something about, with Stripe's page of the event. */
export type ToldOrigin = Origin & { stripeUrl: string | null };

export interface ToldLayer extends Omit<ExplainedLayer, 'origin'> {
  planName: string | null;
  planKind: PlanKind | null;
  stripeUrl: string | null;
  customerUrl: string | null;
  origin: ToldOrigin | null;
}

/** The answer of `GET /api/tenants/ID/plan-explanation`. */
export interface PlanExplanation {
  tenantId: string;
  tenantName: string;
  at: string;
  live: boolean;
  /** Whether the tenant has this plan already. */
  applied: boolean;
  /** False for times of which only the plan history is known. */
  exact: boolean;
  planId: string;
  planName: string;
  source: ExplainedLayer['layer'];
  since: string | null;
  /** Null means unlimited; absent where it is not known. */
  seatLimit?: number | null;
  nextChangeAt: string | null;
  layers: ToldLayer[] | null;
  findings: PlanFinding[] | null;
  decided: ToldOrigin | null;
  sentences: string[];
  text: string;
}
