import { type EntityManager, In, Not } from 'typeorm';
import { z } from 'zod';
import { PLAN_KINDS } from '../../domain/plan';
import { type Changes, changesBetween, recordAudit } from '../audit/record';
import type { Context } from '../context';
import { inTransaction, isDuplicate, sqlCode } from '../db/transaction';
import { conflict, invalid, notFound } from '../errors';
import {
  type OperatorRoute,
  operatorRoute,
  presentOne,
  readRoutes,
  requireVersion,
  versionField,
} from '../http/operator-api';
import type { Listing } from '../http/simple-rest';
import { Tenant } from '../tenants/tenant.entity';
import { decideTenantsOf } from './decide-tenants-of';
import { Plan } from './plan.entity';
import { PlanPrice } from './plan-price.entity';

export const plansListing: Listing<Plan> & { name: 'plans' } = {
  name: 'plans',
  entity: Plan,
  sorts: ['rank'],
  defaultSort: ['rank', 'ASC'],
  filters: {
    kind: 'word',
    active: 'flag',
    isDefault: (query, value) =>
      query.andWhere(value === true || value === 'true' ? 'r.isDefault = 1' : 'r.isDefault IS NULL'),
    q: (query, value) =>
      query.andWhere('(r.id LIKE :like OR r.name LIKE :like)', {
        like: `${String(value).replace(/[\\%_]/g, '\\$&')}%`,
      }),
  },
  async present(rows, db) {
    const planId = In(rows.map(({ id }) => id));
    const prices =
      rows.length > 0 ? await db.getRepository(PlanPrice).find({ where: { planId }, order: { priceId: 'ASC' } }) : [];
    const counts: { planId: string; n: string }[] =
      rows.length > 0
        ? await db
            .createQueryBuilder(Tenant, 't')
            .select('t.planId', 'planId')
            .addSelect('COUNT(*)', 'n')
            .where({ planId, status: In(['active', 'suspended']) })
            .groupBy('t.planId')
            .getRawMany()
        : [];
    return rows.map(({ seatLimit, ...plan }) => ({
      ...plan,
      isDefault: plan.isDefault === 1,
      limits: seatLimit === null ? {} : { seats: seatLimit },
      stripePriceIds: prices.filter((price) => price.planId === plan.id).map(({ priceId }) => priceId),
      tenantCount: Number(counts.find((row) => row.planId === plan.id)?.n ?? 0),
    }));
  },
};

const fields = {
  name: z.string('is required.').trim().min(1, 'is required.').max(80),
  description: z
    .string()
    .trim()
    .max(500)
    .nullish()
    .transform((value) => value ?? ''),
  kind: z.enum(PLAN_KINDS, `must be one of ${PLAN_KINDS.join(', ')}.`),
  active: z.boolean(),
  isDefault: z.boolean(),
  rank: z.number('must be a whole number.').int('must be a whole number.').min(0).max(1_000_000),
  features: z
    .array(z.string().trim().min(1).max(200))
    .max(50)
    .nullish()
    .transform((value) => value ?? []),
  priceText: z
    .string()
    .trim()
    .max(80)
    .nullish()
    .transform((value) => value ?? ''),
  stripePriceIds: z
    .array(z.string().regex(/^[\w-]{3,64}$/, 'must be ids of Stripe prices, such as price_1Abc.'))
    .max(50)
    .nullish()
    .transform((value) => value ?? []),
  stripeLookupKey: z
    .string()
    .trim()
    .max(200)
    .nullish()
    .transform((value) => value || null),
  limits: z
    .object({ seats: z.number().int().min(1, 'must be at least 1; leave it out for unlimited.').nullish() })
    .nullish()
    .transform((value) => value ?? {}),
  seatsFromQuantity: z.boolean(),
  trialDays: z.number().int().min(0).max(730),
};
const optional = z.object({ ...fields, ...versionField }).partial();
const NewPlanBody = optional.extend({
  id: z
    .string('is required.')
    .regex(/^[a-z0-9][a-z0-9-]{0,38}$/, 'must be a short word of small letters, digits and dashes, such as starter.'),
  name: fields.name,
  kind: fields.kind,
  rank: fields.rank,
});
type Given = Omit<z.infer<typeof optional>, 'version'>;

/** The columns that a request gives, told from what stands beside the row. */
function columnsOf({ limits, stripePriceIds: _prices, isDefault: _isDefault, ...plain }: Given): Partial<Plan> {
  const given = Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)) as Partial<Plan>;
  return limits === undefined ? given : { ...given, seatLimit: limits.seats ?? null };
}

async function setPrices(tx: EntityManager, planId: string, priceIds: string[]): Promise<void> {
  await tx.delete(PlanPrice, { planId });
  const taken = priceIds.length > 0 ? await tx.findOneBy(PlanPrice, { priceId: In(priceIds) }) : null;
  if (taken)
    throw conflict('price_taken', `The price ${taken.priceId} belongs to the plan "${taken.planId}" already.`, {
      stripePriceIds: `${taken.priceId} belongs to the plan "${taken.planId}".`,
    });
  if (priceIds.length > 0)
    await tx.insert(
      PlanPrice,
      [...new Set(priceIds)].map((priceId) => ({ priceId, planId })),
    );
}

/** Moves the default to `plan`: there is exactly one at all times. */
async function makeDefault(tx: EntityManager, plan: Plan): Promise<void> {
  if (plan.kind !== 'free' || !plan.active)
    throw invalid({ isDefault: 'Only an active free plan can be the default: every new tenant starts on it.' });
  await tx.update(Plan, { isDefault: 1, id: Not(plan.id) }, { isDefault: null });
  await tx.update(Plan, { id: plan.id }, { isDefault: 1 });
}

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

async function updatePlan(tx: EntityManager, plan: Plan, given: Given): Promise<Changes> {
  const columns = columnsOf(given);
  const after = { ...plan, ...columns };
  if (given.isDefault === false && plan.isDefault)
    throw invalid({ isDefault: 'There must be a default: make another plan the default instead.' });
  if (after.isDefault && (after.kind !== 'free' || !after.active))
    throw invalid({
      [after.active ? 'kind' : 'active']:
        'The default plan must stay free and active. Make another plan the default first.',
    });
  const changes = changesBetween<Plan>(plan, after, TOLD);
  if (Object.keys(changes).length > 0) await tx.update(Plan, { id: plan.id }, columns as object);
  if (given.isDefault && !plan.isDefault) {
    await makeDefault(tx, after);
    changes.isDefault = { from: false, to: true };
  }
  if (given.stripePriceIds) {
    const before = (await tx.find(PlanPrice, { where: { planId: plan.id }, order: { priceId: 'ASC' } })).map(
      ({ priceId }) => priceId,
    );
    const to = [...new Set(given.stripePriceIds)].sort();
    if (before.join() !== to.join()) {
      await setPrices(tx, plan.id, to);
      changes.stripePriceIds = { from: before, to };
    }
  }
  return changes;
}

const takenKey = () =>
  conflict('lookup_key_taken', 'Another plan has this lookup key.', {
    stripeLookupKey: 'Another plan has this lookup key.',
  });
const lockPlan = async (tx: EntityManager, id: string) => {
  // Plans are few and rarely changed: all changes queue up behind the default plan's row, so that two can't cross.
  await tx.findOne(Plan, { where: { isDefault: 1 }, lock: { mode: 'pessimistic_write' } });
  const plan = await tx.findOne(Plan, { where: { id }, lock: { mode: 'pessimistic_write' } });
  if (!plan) throw notFound('plan', id);
  return plan;
};

export function planRoutes(context: Context): OperatorRoute[] {
  return [
    ...readRoutes(context, plansListing),
    operatorRoute({
      method: 'post',
      path: '/plans',
      access: 'plans:create',
      summary: 'Create a plan; its id never changes',
      status: 201,
      body: NewPlanBody,
      async handle({ body: { id, version: _version, ...given }, caller }) {
        await inTransaction(context.db, async (tx) => {
          if (await tx.existsBy(Plan, { id }))
            throw conflict('id_taken', `There is a plan "${id}" already.`, { id: 'is taken already.' });
          const columns = columnsOf(given);
          await tx.insert(Plan, { id, features: [], ...columns } as object);
          const plan = await tx.findOneByOrFail(Plan, { id });
          if (given.isDefault) await makeDefault(tx, plan);
          await setPrices(tx, id, given.stripePriceIds ?? []);
          const changes = Object.fromEntries(Object.entries(columns).map(([field, to]) => [field, { from: null, to }]));
          await recordAudit(tx, {
            actor: caller.actor,
            action: 'plan.create',
            resource: 'plans',
            resourceId: id,
            changes,
          });
        }).catch((error) => {
          throw isDuplicate(error) ? takenKey() : error;
        });
        return presentOne(context, plansListing, id);
      },
    }),
    operatorRoute({
      method: 'put',
      path: '/plans/:id',
      access: 'plans:update',
      summary: 'Change a plan',
      body: optional,
      async handle({ params, body: { version, ...given }, caller }) {
        await inTransaction(context.db, async (tx) => {
          const plan = await lockPlan(tx, params.id!);
          await requireVersion(context, plansListing, plan, version);
          const changes = await updatePlan(tx, plan, given);
          if (DECISIVE.some((field) => field in changes)) await decideTenantsOf(tx, plan.id, context.now());
          if (Object.keys(changes).length > 0)
            await recordAudit(tx, {
              actor: caller.actor,
              action: 'plan.update',
              resource: 'plans',
              resourceId: plan.id,
              changes,
            });
        }).catch((error) => {
          throw isDuplicate(error) ? takenKey() : error;
        });
        return presentOne(context, plansListing, params.id!);
      },
    }),
    operatorRoute({
      method: 'delete',
      path: '/plans/:id',
      access: 'plans:delete',
      summary: 'Delete a plan that nothing refers to; retire one that was used by making it inactive',
      async handle({ params, caller }) {
        const record = await presentOne(context, plansListing, params.id!);
        await inTransaction(context.db, async (tx) => {
          const plan = await lockPlan(tx, params.id!);
          if (plan.isDefault)
            throw conflict('default_plan', "The default plan can't be deleted. Make another plan the default first.");
          await tx.delete(PlanPrice, { planId: plan.id });
          await tx.delete(Plan, { id: plan.id });
          await recordAudit(tx, {
            actor: caller.actor,
            action: 'plan.delete',
            resource: 'plans',
            resourceId: plan.id,
            changes: { name: { from: plan.name, to: null } },
          });
        }).catch((error) => {
          if (sqlCode(error)?.startsWith('ER_ROW_IS_REFERENCED'))
            throw conflict(
              'plan_in_use',
              'Tenants are or were on this plan, so it must stay. Make it inactive instead.',
            );
          throw error;
        });
        return record;
      },
    }),
  ];
}
