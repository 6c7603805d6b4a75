import { hash } from 'node:crypto';
import type { PlanFinding } from '../../../domain/decide-plan.types';
import type { ExplainedLayer, Explanation, Origin } from '../../../domain/explanation';
import type { Cause } from '../cause';
import type { PlanDecisionRow } from './plan-decision.entity';

/** An explanation as it is kept: without its nulls, for they are most of it; what brought the layers about beside it. */
export interface StoredDecision extends Omit<Partial<Explanation>, 'layers' | 'findings'> {
  layers: Partial<ExplainedLayer>[];
  findings?: Partial<PlanFinding>[];
  /** In the order of the layers. */
  origins: (Origin | null)[];
}

const EMPTY_LAYER = {
  id: null,
  planId: null,
  lostBy: null,
  end: null,
  startsAt: null,
  status: null,
  customerId: null,
  livemode: null,
  price: null,
  periodEnd: null,
  origin: null,
} satisfies Partial<ExplainedLayer>;

const EMPTY_FINDING = {
  subscriptionId: null,
  customerId: null,
  expected: null,
  actual: null,
  atRisk: null,
} satisfies Partial<PlanFinding>;

const EMPTY = {
  subscriptionId: null,
  overrideId: null,
  seatLimit: null,
  nextChangeAt: null,
} satisfies Partial<Explanation>;

/** The object without what is null in it. */
function sparse<T extends object>(value: T): Partial<T> {
  const kept: Partial<T> = {};
  for (const key in value) if (value[key] !== null) kept[key] = value[key];
  return kept;
}

/** A row to be written, and the hash by which the next decision is known to be the same. */
export interface Kept {
  hash: string;
  row: Omit<PlanDecisionRow, 'id'>;
}

interface Decided {
  tenantId: string;
  explanation: Explanation;
  cause: Cause;
  at: Date;
}

/**
 * What is kept of a decision. The hash is over all that is told but for what brought it about: the same answer for
 * another reason is no other answer.
 */
export function keptOf({ tenantId, explanation, cause: { actor, eventId, runId }, at }: Decided): Kept {
  const { layers, findings, ...told } = explanation;
  const body = {
    ...sparse(told),
    layers: layers.map(({ origin: _, ...layer }) => sparse(layer)),
    ...(findings.length > 0 ? { findings: findings.map(sparse) } : {}),
  };
  return {
    hash: hash('sha256', JSON.stringify(body)).slice(0, 32),
    row: {
      tenantId,
      planId: explanation.planId,
      decision: { ...body, origins: layers.map(({ origin }) => origin) },
      actorType: actor.type,
      actorId: actor.id,
      actorName: actor.name,
      eventId: eventId ?? null,
      runId: runId ?? null,
      at,
    },
  };
}

/** The explanation that was kept. */
export function restored({ layers, findings = [], origins, ...told }: StoredDecision): Explanation {
  return {
    ...EMPTY,
    ...told,
    layers: layers.map((layer, index) => ({ ...EMPTY_LAYER, ...layer, origin: origins[index] ?? null })),
    findings: findings.map((finding) => ({ ...EMPTY_FINDING, ...finding })),
  } as Explanation;
}
