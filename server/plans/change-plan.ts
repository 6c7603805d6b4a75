import { type EntityManager, In, Not } from 'typeorm';
import type { Catalogue } from '../../domain/decide-plan.types';
import type { CataloguePlan } from '../../domain/plan';
import type { Actor } from '../audit/actor';
import { type Changes, changesBetween, recordAudit } from '../audit/record';
import type { Context } from '../context';
import { LostRace } from '../db/transaction';
import { conflict, invalid, notFound } from '../errors';
import { loadCatalogue } from './catalogue';
import { decideTenantsOf, type PlanConcern, tenantsConcerned } from './decide-tenants-of';
import { type Foreseen, foresee, MOST_FORESEEN, requireConfirmed } from './foresee';
import { Plan } from './plan.entity';
import type { GivenPlan } from './plan-bodies';
import { PlanPrice } from './plan-price.entity';

const TOLD = [
  'name',
  'description',
  'kind',
  'active',
  'rank',
  'features',
  'priceText',
  'stripeLookupKey',
  'seatLimit',
  'seatsFromQuantity',
  'trialDays',
] as const;

/** Fields on which decisions hang. */
const DECISIVE = ['kind', 'rank', 'seatLimit', 'seatsFromQuantity', 'stripeLookupKey', 'stripePriceIds'];

/** A change that was checked and not yet made. */
export interface PlannedChange {
  planId: string;
  columns: Partial<Plan>;
  /** All prices that earn the plan afterwards; null where they stay. */
  prices: string[] | null;
  makeDefault: boolean;
  changes: Changes;
  concern: PlanConcern;
  before: Catalogue;
  after: Catalogue;
}

/**
 * Plans are few and rarely changed: all changes queue up behind the default plan's row, so that two can't cross and
 * there is one default at all times.
 */
export async function lockCatalogue(tx: EntityManager): Promise<void> {
  const held = await tx.findOne(Plan, { where: { isDefault: 1 }, lock: { mode: 'pessimistic_write' } });
  // Whoever was ahead moved the default to another row: that one is to be queued up behind.
  if (!held) throw new LostRace('The default plan was moved meanwhile.');
}

/** Holds the catalogue and gives one of its plans. Throws 404. */
export async function lockPlan(tx: EntityManager, id: string): Promise<Plan> {
  await lockCatalogue(tx);
  const plan = await tx.findOne(Plan, { where: { id }, lock: { mode: 'pessimistic_write' } });
  if (!plan) throw notFound('plan', id);
  return plan;
}

/** The columns that a request gives, told from what stands beside the row. */
function columnsOf({ limits, stripePriceIds: _prices, isDefault: _isDefault, ...plain }: GivenPlan): Partial<Plan> {
  const given = Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)) as Partial<Plan>;
  return limits === undefined ? given : { ...given, seatLimit: limits.seats ?? null };
}

const priceTaken = (priceId: string, planId: string) =>
  conflict('price_taken', `The price ${priceId} belongs to the plan "${planId}" already.`, {
    stripePriceIds: `${priceId} belongs to the plan "${planId}".`,
  });

export const takenKey = () =>
  conflict('lookup_key_taken', 'Another plan has this lookup key.', {
    stripeLookupKey: 'Another plan has this lookup key.',
  });

async function requireFree(
  tx: EntityManager,
  planId: string,
  prices: readonly string[] | null,
  lookupKey: string | null | undefined,
): Promise<void> {
  const taken = prices?.length
    ? await tx.findOneBy(PlanPrice, { priceId: In([...prices]), planId: Not(planId) })
    : null;
  if (taken) throw priceTaken(taken.priceId, taken.planId);
  if (lookupKey && (await tx.existsBy(Plan, { stripeLookupKey: lookupKey, id: Not(planId) }))) throw takenKey();
}

function requireDefaultStands(plan: Plan, after: Plan, given: GivenPlan): void {
  if (given.isDefault === false && plan.isDefault)
    throw invalid({ isDefault: 'There must be a default: make another plan the default instead.' });
  if (after.isDefault && (after.kind !== 'free' || !after.active))
    throw invalid({
      [after.active ? 'kind' : 'active']:
        'The default plan must stay free and active. Make another plan the default first.',
    });
  if (given.isDefault && (after.kind !== 'free' || !after.active))
    throw invalid({ isDefault: 'Only an active free plan can be the default: every new tenant starts on it.' });
}

const asInCatalogue = (plan: Plan, stripePriceIds: readonly string[]): CataloguePlan => ({
  ...plan,
  isDefault: plan.isDefault === 1,
  stripePriceIds,
});

/**
 * Checks a change of a plan and works out what it amounts to; writes nothing.
 * @param plan as it is, or as a new one begins, which the catalogue does not hold yet
 * @throws ProblemError 400 where the default would not stand, 409 where a price or key is another plan's
 */
export async function planChange(tx: EntityManager, plan: Plan, given: GivenPlan): Promise<PlannedChange> {
  const columns = columnsOf(given);
  // An active plan has no successor: nobody leaves it.
  if (columns.active) columns.successorId = null;
  const after = { ...plan, ...columns };
  requireDefaultStands(plan, after, given);
  const changes = changesBetween<Plan>(plan, after, TOLD);
  const makeDefault = given.isDefault === true && !plan.isDefault;
  if (makeDefault) changes.isDefault = { from: false, to: true };
  const before = await loadCatalogue(tx);
  const from = before.find(({ id }) => id === plan.id)?.stripePriceIds ?? [];
  const to = given.stripePriceIds ? [...new Set(given.stripePriceIds)].sort() : from;
  const prices = from.join() === to.join() ? null : [...to];
  if (prices) changes.stripePriceIds = { from, to };
  await requireFree(tx, plan.id, prices, 'stripeLookupKey' in changes ? after.stripeLookupKey : null);
  const others = before
    .filter(({ id }) => id !== plan.id)
    .map((other) => (makeDefault ? { ...other, isDefault: false } : other));
  return {
    planId: plan.id,
    columns,
    prices,
    makeDefault,
    changes,
    concern: {
      planId: plan.id,
      priceIds: [...new Set([...from, ...to])],
      mapsMore: prices !== null || 'stripeLookupKey' in changes,
    },
    before,
    after: [...others, asInCatalogue({ ...after, isDefault: makeDefault ? 1 : plan.isDefault }, to)],
  };
}

const isDecisive = ({ changes }: PlannedChange): boolean => DECISIVE.some((field) => field in changes);

/** Which tenants a planned change would touch, and how. */
export async function foreseeChange(tx: EntityManager, context: Context, planned: PlannedChange): Promise<Foreseen> {
  const ids = isDecisive(planned) ? await tenantsConcerned(tx, planned.concern, context.now(), MOST_FORESEEN) : [];
  return foresee(tx, context, ids, planned);
}

async function write(tx: EntityManager, { planId, columns, prices, makeDefault }: PlannedChange): Promise<void> {
  if (Object.keys(columns).length > 0) await tx.update(Plan, { id: planId }, columns as object);
  if (makeDefault) {
    await tx.update(Plan, { isDefault: 1, id: Not(planId) }, { isDefault: null });
    await tx.update(Plan, { id: planId }, { isDefault: 1 });
  }
  if (!prices) return;
  await tx.delete(PlanPrice, { planId });
  if (prices.length > 0)
    await tx.insert(
      PlanPrice,
      prices.map((priceId) => ({ priceId, planId })),
    );
}

/** Who changes the plan, how it is called, and what they typed where tenants are lowered. */
export interface ChangeOrder {
  actor: Actor;
  confirm?: string | null;
  action?: string;
}

/**
 * Changes a plan that lockPlan holds: the row, its prices, the default. Tenants that it may touch are decided anew by
 * the workers within their next round.
 * @throws ProblemError as planChange, and 409 `confirm_needed` where tenants would be lowered without the phrase
 */
export async function changePlan(
  tx: EntityManager,
  context: Context,
  plan: Plan,
  given: GivenPlan,
  { actor, confirm, action = 'plan.update' }: ChangeOrder,
): Promise<void> {
  const planned = await planChange(tx, plan, given);
  if (Object.keys(planned.changes).length === 0) return;
  requireConfirmed(await foreseeChange(tx, context, planned), confirm);
  // Beside a change of its prices alone the row changes too: forms that were opened before are stale.
  if (Object.keys(planned.changes).join() === 'stripePriceIds') await tx.increment(Plan, { id: plan.id }, 'version', 1);
  await write(tx, planned);
  if (isDecisive(planned)) await decideTenantsOf(tx, planned.concern, context.now());
  await recordAudit(tx, { actor, action, resource: 'plans', resourceId: plan.id, changes: planned.changes });
}

/** A plan as it begins, before what is given of it. */
const blank = (id: string): Plan =>
  ({
    id,
    description: '',
    active: true,
    isDefault: null,
    features: [],
    priceText: '',
    stripeLookupKey: null,
    seatLimit: null,
    seatsFromQuantity: false,
    trialDays: 0,
    successorId: null,
  }) as unknown as Plan;

async function requireNew(tx: EntityManager, id: string): Promise<void> {
  if (await tx.existsBy(Plan, { id }))
    throw conflict('id_taken', `There is a plan "${id}" already.`, { id: 'is taken already.' });
}

/** What making a plan would do to tenants: its prices may be in use. Throws as createPlan. */
export async function foreseeCreation(tx: EntityManager, context: Context, id: string, given: GivenPlan) {
  await requireNew(tx, id);
  return foreseeChange(tx, context, await planChange(tx, blank(id), given));
}

/** Makes a plan. Throws 409 where its id, a price or its key is taken, and as changePlan. */
export async function createPlan(
  tx: EntityManager,
  context: Context,
  id: string,
  given: GivenPlan,
  { actor, confirm }: ChangeOrder,
): Promise<void> {
  await lockCatalogue(tx);
  await requireNew(tx, id);
  const planned = await planChange(tx, blank(id), given);
  requireConfirmed(await foreseeChange(tx, context, planned), confirm);
  await tx.insert(Plan, { id, features: [], ...planned.columns } as object);
  await write(tx, { ...planned, columns: {} });
  if (planned.prices) await decideTenantsOf(tx, planned.concern, context.now());
  const { stripePriceIds, isDefault } = planned.changes;
  const columns = Object.entries(planned.columns).filter(([field]) => field !== 'successorId');
  const changes = Object.fromEntries(columns.map(([field, to]) => [field, { from: null, to }]));
  if (stripePriceIds) changes.stripePriceIds = stripePriceIds as never;
  if (isDefault) changes.isDefault = isDefault as never;
  await recordAudit(tx, { actor, action: 'plan.create', resource: 'plans', resourceId: id, changes });
}
