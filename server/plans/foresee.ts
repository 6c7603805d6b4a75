import type { EntityManager } from 'typeorm';
import { decidePlan } from '../../domain/decide-plan';
import type { Catalogue, PlanDecision } from '../../domain/decide-plan.types';
import { type Money, monthlyWorth, sumOf } from '../../domain/money-at-risk';
import { factsOf, loadSurroundings, type Surroundings } from '../billing/plan-facts';
import type { Context } from '../context';
import { selectMany } from '../db/bulk';
import { conflict } from '../errors';
import { Tenant } from '../tenants/tenant.entity';

/** So many tenants are decided exactly; of more it is only said that there are more. */
export const MOST_FORESEEN = 2000;
const SHOWN = 50;
const CHUNK = 500;

/** What a change would make of one tenant. */
export interface ForeseenTenant {
  tenantId: string;
  tenantName: string;
  fromPlanId: string;
  toPlanId: string;
  lowers: boolean;
  /** Why it would be on the plan that it comes to, in words. */
  reason: string;
  seats: { from: number | null; to: number | null; members: number; over: number };
  /** What its subscriptions that count are worth a month. */
  worth: Money | null;
}

export interface Foreseen {
  /** How many tenants were looked at, and whether these were all. */
  considered: number;
  exact: boolean;
  changed: number;
  lowered: number;
  raised: number;
  /** Whose seat limit changes, and who would have more members than seats by it. */
  seatsChanged: number;
  overSeats: number;
  /** Paid a month by those who would be lowered, by currency. */
  loweredWorth: Money[];
  /** The first of them: who is lowered, then who else changes plan, then whose seats change. */
  rows: ForeseenTenant[];
  /** What must be sent as `confirm`; null where nobody is lowered. */
  confirm: string | null;
}

/** A change of the catalogue, or of where tenants stand in it, that has not been made. */
export interface Supposed {
  before: Catalogue;
  after: Catalogue;
  /** The base plan that tenants would have, where it is another. */
  basePlanId?: string;
}

const worthOf = ({ subscriptions }: ReturnType<typeof factsOf>, { earned }: PlanDecision): Money | null =>
  sumOf(subscriptions.filter(({ id }) => earned[id]?.counts).map(({ items }) => monthlyWorth(items)));

/** Whether one plan ranks below the other; a plan that the catalogue does not hold is neither. */
function ranksBelow(catalogue: Catalogue, planId: string, otherId: string): boolean {
  const rankOf = (wanted: string) => catalogue.find(({ id }) => id === wanted)?.rank;
  const [rank, other] = [rankOf(planId), rankOf(otherId)];
  return rank !== undefined && other !== undefined && rank < other;
}

function foreseeOne(
  { config, now }: Context,
  tenant: Tenant,
  around: Surroundings,
  { before, after, basePlanId }: Supposed,
): ForeseenTenant | null {
  const facts = factsOf(tenant, around, config);
  const from = decidePlan(facts, before, now());
  const to = decidePlan({ ...facts, basePlanId: basePlanId ?? facts.basePlanId }, after, now());
  if (from.planId === to.planId && from.seatLimit === to.seatLimit) return null;
  const { memberCount: members } = tenant;
  return {
    tenantId: tenant.id,
    tenantName: tenant.name,
    fromPlanId: from.planId,
    toPlanId: to.planId,
    // By either: who moves because ranks are turned round loses what was the better plan until now.
    lowers: [before, after].some((catalogue) => ranksBelow(catalogue, to.planId, from.planId)),
    reason: to.reason,
    seats: {
      from: from.seatLimit,
      to: to.seatLimit,
      members,
      over: to.seatLimit === null ? 0 : Math.max(0, members - to.seatLimit),
    },
    worth: worthOf(facts, from),
  };
}

function byCurrency(amounts: (Money | null)[]): Money[] {
  const sums = new Map<string, number>();
  for (const one of amounts) if (one) sums.set(one.currency, (sums.get(one.currency) ?? 0) + one.amount);
  return [...sums].map(([currency, amount]) => ({ amount, currency }));
}

/** What an operator types to have plans lowered. */
const phraseFor = (lowered: number, exact: boolean): string | null =>
  lowered === 0 ? null : `lower ${exact ? '' : 'more than '}${lowered} ${lowered === 1 ? 'tenant' : 'tenants'}`;

const weight = ({ lowers, fromPlanId, toPlanId }: ForeseenTenant): number =>
  lowers ? 0 : fromPlanId === toPlanId ? 2 : 1;

/**
 * Decides tenants by what is and by what is supposed, with the one rule that decides in earnest, and tells what would
 * change. Nothing is written and Stripe is not asked: it goes by the mirror.
 *
 * @param tenantIds of those concerned; beyond MOST_FORESEEN the rest is left out, and the answer is not `exact`
 */
export async function foresee(
  tx: EntityManager,
  context: Context,
  tenantIds: readonly string[],
  supposed: Supposed,
): Promise<Foreseen> {
  const exact = tenantIds.length <= MOST_FORESEEN;
  const ids = tenantIds.slice(0, MOST_FORESEEN);
  const found: ForeseenTenant[] = [];
  for (let at = 0; at < ids.length; at += CHUNK) {
    const chunk = ids.slice(at, at + CHUNK);
    const tenants = await selectMany(tx, Tenant, 'WHERE id IN (?)', [chunk]);
    const around = await loadSurroundings(tx, chunk, context.now());
    found.push(...tenants.flatMap((tenant) => foreseeOne(context, tenant, around, supposed) ?? []));
  }
  return told(found, ids.length, exact);
}

function told(found: ForeseenTenant[], considered: number, exact: boolean): Foreseen {
  const moved = found.filter(({ fromPlanId, toPlanId }) => fromPlanId !== toPlanId);
  const lowered = moved.filter(({ lowers }) => lowers);
  return {
    considered,
    exact,
    changed: moved.length,
    lowered: lowered.length,
    raised: moved.length - lowered.length,
    seatsChanged: found.filter(({ seats }) => seats.from !== seats.to).length,
    overSeats: found.filter(({ seats }) => seats.from !== seats.to && seats.over > 0).length,
    loweredWorth: byCurrency(lowered.map(({ worth }) => worth)),
    rows: found.sort((a, b) => weight(a) - weight(b) || (a.tenantId < b.tenantId ? -1 : 1)).slice(0, SHOWN),
    confirm: phraseFor(lowered.length, exact),
  };
}

/** Throws 409 `confirm_needed` where tenants would be lowered and `confirm` does not say so. */
export function requireConfirmed({ lowered, exact, confirm: phrase }: Foreseen, confirm: string | null | undefined) {
  if (phrase === null || confirm === phrase) return;
  const many = `${exact ? '' : 'more than '}${lowered} ${lowered === 1 ? 'tenant' : 'tenants'}`;
  const detail = `This would lower the plans of ${many}. Send {"confirm": "${phrase}"} to go on.`;
  throw conflict('confirm_needed', detail, { confirm: `Type "${phrase}" to go on.` });
}
