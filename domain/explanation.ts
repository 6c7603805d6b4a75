import type { PlanDecision, PlanFacts, PlanFinding, PlanLayer, ReasonCode } from './decide-plan.types';
import { type LayerPrice, priceOf } from './layer-price';
import { known } from './moment';

/** Who or what brought something about, and when; times are ISO 8601. */
export interface Origin {
  actor: { type: string; id: string | null; name: string };
  at: string | null;
  eventId: string | null;
  runId: string | null;
  /** What an operator gave as a reason. */
  reason: string | null;
}

/** A layer of a decision with the facts that it spoke of; times are ISO 8601. */
export interface ExplainedLayer extends Omit<PlanLayer, 'end'> {
  end: string | null;
  /** Of an override: when it starts. */
  startsAt: string | null;
  /** Of a subscription: Stripe's word. */
  status: string | null;
  customerId: string | null;
  livemode: boolean | null;
  price: LayerPrice | null;
  /** Until when a subscription is paid. */
  periodEnd: string | null;
  /** What last changed it; null where that is not known. */
  origin: Origin | null;
}

/** A whole decision as it is told and kept: what decidePlan answered, with the facts of each layer. */
export interface Explanation {
  planId: string;
  source: PlanDecision['source'];
  reason: string;
  reasonCode: ReasonCode;
  subscriptionId: string | null;
  overrideId: string | null;
  /** Null means unlimited. */
  seatLimit: number | null;
  nextChangeAt: string | null;
  layers: ExplainedLayer[];
  findings: PlanFinding[];
}

const iso = (moment: Date | null | undefined): string | null => known(moment)?.toISOString() ?? null;

/** What brought each layer about, by its id; the base's under `base`. */
export type Origins = ReadonlyMap<string, Origin | null>;

function explainLayer(layer: PlanLayer, facts: PlanFacts, origins: Origins): ExplainedLayer {
  const override = layer.layer === 'override' ? facts.overrides.find(({ id }) => id === layer.id) : undefined;
  const paid = layer.layer === 'subscription' ? facts.subscriptions.find(({ id }) => id === layer.id) : undefined;
  return {
    layer: layer.layer,
    id: layer.id,
    planId: layer.planId,
    counts: layer.counts,
    won: layer.won,
    reasonCode: layer.reasonCode,
    lostBy: layer.lostBy,
    why: layer.why,
    end: iso(layer.end),
    startsAt: iso(override?.startsAt),
    status: paid?.status ?? null,
    customerId: paid?.customerId ?? null,
    livemode: paid?.livemode ?? null,
    price: paid ? priceOf(paid.items) : null,
    periodEnd: iso(paid?.currentPeriodEnd),
    origin: origins.get(layer.id ?? 'base') ?? null,
  };
}

/** Puts beside a decision what its layers spoke of; decides nothing. */
export const explainDecision = (decision: PlanDecision, facts: PlanFacts, origins: Origins): Explanation => ({
  planId: decision.planId,
  source: decision.source,
  reason: decision.reason,
  reasonCode: decision.reasonCode,
  subscriptionId: decision.subscriptionId,
  overrideId: decision.overrideId,
  seatLimit: decision.seatLimit,
  nextChangeAt: iso(decision.nextChangeAt),
  layers: decision.layers.map((layer) => explainLayer(layer, facts, origins)),
  findings: decision.findings,
});
