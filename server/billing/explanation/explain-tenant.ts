import { decidePlan } from '../../../domain/decide-plan';
import type { Catalogue } from '../../../domain/decide-plan.types';
import { explainPlan } from '../../../domain/explain-plan';
import { type Explanation, explainDecision, type Origin } from '../../../domain/explanation';
import type { Context } from '../../context';
import { selectMany } from '../../db/bulk';
import { invalid, notFound } from '../../errors';
import { loadCatalogue } from '../../plans/catalogue';
import type { PlanSource } from '../../tenants/tenant.entity';
import { Tenant } from '../../tenants/tenant.entity';
import { PlanChange } from '../plan-change.entity';
import { factsOf, loadSurroundings } from '../plan-facts';
import { originOf, originsOf } from './origin';
import { PlanDecisionRow } from './plan-decision.entity';
import { restored } from './stored-decision';

/** Of times before decisions were kept no more is known than a step of the plan history tells. */
export type Answer =
  | ({ exact: true } & Explanation)
  | {
      exact: false;
      planId: string;
      source: PlanSource;
      reason: string;
      subscriptionId: string | null;
      layers: null;
      findings: null;
      nextChangeAt: null;
    };

export interface TenantExplanation {
  tenant: Tenant;
  catalogue: Catalogue;
  /** The moment that is told of. */
  at: Date;
  /** Whether that is now: then it was decided from what stands now. */
  live: boolean;
  /** Whether the tenant has this plan already: what time alone changes takes effect within a minute. */
  applied: boolean;
  answer: Answer;
  /** Since when the plan held, or holds. */
  since: Date | null;
  /** When what is told was decided, and what brought that about. */
  decided: Origin | null;
  sentences: string[];
}

/** Clocks of browsers go ahead a little. */
const AHEAD_MS = 60_000;

/**
 * The last row of a tenant as of a moment. Without the hint MariaDB takes the tenant alone from the index and walks
 * back from its newest row; with it the date is part of the dive.
 */
const lastOf = (index: string) =>
  `FORCE INDEX (${index}) WHERE tenantId = ? AND at <= ? ORDER BY at DESC, id DESC LIMIT 1`;
const decisionAt = async ({ db }: Context, tenantId: string, at: Date): Promise<PlanDecisionRow | undefined> =>
  (await selectMany(db.manager, PlanDecisionRow, lastOf('plan_decisions_tenant'), [tenantId, at]))[0];
const stepAt = async ({ db }: Context, tenantId: string, at: Date): Promise<PlanChange | undefined> =>
  (await selectMany(db.manager, PlanChange, lastOf('plan_changes_tenant'), [tenantId, at]))[0];

type Recorded = Pick<PlanDecisionRow, 'actorType' | 'actorId' | 'actorName' | 'eventId' | 'runId' | 'at'>;

const causeOf = ({ actorType: type, actorId: id, actorName: name, eventId, runId, at }: Recorded): Origin =>
  originOf({ actor: { type, id, name }, eventId, runId }, at);

async function firstStep({ db }: Context, tenantId: string): Promise<PlanChange | undefined> {
  const first = 'FORCE INDEX (plan_changes_tenant) WHERE tenantId = ? ORDER BY at, id LIMIT 1';
  return (await selectMany(db.manager, PlanChange, first, [tenantId]))[0];
}

/** A base plan that was never changed since it was kept who sets it was set when the tenant was made. */
async function withBaseOrigin(context: Context, tenantId: string, explanation: Explanation): Promise<Explanation> {
  const base = explanation.layers.find(({ layer }) => layer === 'base');
  if (!base || base.origin) return explanation;
  const first = await firstStep(context, tenantId);
  if (first?.source !== 'base' || first.toPlanId !== base.planId) return explanation;
  const layers = explanation.layers.map((layer) => (layer === base ? { ...base, origin: causeOf(first) } : layer));
  return { ...explanation, layers };
}

type Found = Pick<TenantExplanation, 'answer' | 'decided' | 'since'>;

/** Answers of a tenant what was read of it. */
type Explain = (tenant: Tenant, catalogue: Catalogue) => Promise<Found>;

/** What decidePlan answers of the facts as they stand. */
async function explainNow(context: Context, id: string, now: Date): Promise<Explain> {
  const [surroundings, last] = await Promise.all([
    loadSurroundings(context.db.manager, [id], now),
    decisionAt(context, id, now),
  ]);
  return async (tenant, catalogue) => {
    const facts = factsOf(tenant, surroundings, context.config);
    const decision = decidePlan(facts, catalogue, now);
    const explanation = explainDecision(decision, facts, originsOf(tenant, surroundings));
    const answer = { exact: true as const, ...(await withBaseOrigin(context, id, explanation)) };
    const same = decision.planId === tenant.planId;
    return { answer, decided: last ? causeOf(last) : null, since: same ? tenant.planSince : now };
  };
}

/** What was decided then; throws 400 where the tenant was not there yet. */
async function explainThen(context: Context, id: string, at: Date): Promise<Explain> {
  const [row, step] = await Promise.all([decisionAt(context, id, at), stepAt(context, id, at)]);
  return async ({ createdAt }) => {
    // A step that no decision was kept of is of an older time, or of a process that did not keep any yet.
    if (row && (!step || step.at <= row.at || step.toPlanId === row.planId)) {
      const explanation = await withBaseOrigin(context, id, restored(row.decision));
      return { answer: { exact: true, ...explanation }, decided: causeOf(row), since: step?.at ?? null };
    }
    if (!step) {
      const born = (await firstStep(context, id))?.at ?? createdAt;
      throw invalid({ at: `lies before the tenant was made, which was on ${born.toISOString()}.` });
    }
    const { toPlanId: planId, source, reason, subscriptionId } = step;
    const unknown = { layers: null, findings: null, nextChangeAt: null };
    return {
      answer: { exact: false, planId, source, reason, subscriptionId, ...unknown },
      decided: causeOf(step),
      since: step.at,
    };
  };
}

/**
 * Why a tenant is on its plan, or was at a time that is past: what decidePlan answers now, or what it answered then.
 * @param at null for now
 * @throws ProblemError 404, or 400 where `at` lies in the future or before the tenant was made
 */
export async function explainTenant(context: Context, id: string, at: Date | null): Promise<TenantExplanation> {
  const now = context.now();
  if (at && +at > +now + AHEAD_MS)
    throw invalid({ at: `must not lie in the future: it is ${now.toISOString()}. Leave it out for now.` });
  const live = !at || at >= now;
  const moment = live ? now : at;
  const [[tenant], catalogue, explain] = await Promise.all([
    selectMany(context.db.manager, Tenant, 'WHERE id = ?', [id]),
    loadCatalogue(context.db),
    live ? explainNow(context, id, now) : explainThen(context, id, moment),
  ]);
  if (!tenant) throw notFound('tenant', id);
  const found = await explain(tenant, catalogue);
  const { answer, since } = found;
  const told = {
    tenantName: tenant.name,
    at: live ? null : moment,
    since,
    planName: (planId: string) => catalogue.find((plan) => plan.id === planId)?.name ?? planId,
    decided: answer.exact ? answer : { planId: answer.planId, reason: answer.reason },
    status: tenant.status,
  };
  const applied = !live || answer.planId === tenant.planId;
  const due = applied ? [] : ['This has just come about, and takes effect within a minute.'];
  return { tenant, catalogue, at: moment, live, applied, ...found, sentences: [...explainPlan(told), ...due] };
}
