import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import type { Context } from '../../context';
import { inTransaction } from '../../db/transaction';
import { type OperatorRoute, operatorRoute, presentOne, readRoutes, versionField } from '../../http/operator-api';
import { Override } from '../override.entity';
import { endOverride, extendOverride } from './change-override';
import { grantOverride } from './grant-override';
import { totalCost } from './override-costs';
import { overridesListing, whereStatus } from './overrides.listing';

const moment = (message: string) =>
  z.iso.datetime({ offset: true, error: message }).transform((value) => new Date(value));
const WHY = 'Say why, in a few words.';
const reason = z.string(WHY).trim().min(3, WHY).max(500, 'must have at most 500 characters.');
const endsAt = moment('Say until when: an ISO 8601 time.');
const NewOverrideBody = z.object({
  tenantId: z.string('Choose a tenant.'),
  planId: z.string('Choose a plan.'),
  pin: z.boolean().default(false),
  reason,
  startsAt: moment('must be an ISO 8601 time.').nullish(),
  endsAt,
});
const EndBody = z.object({ reason: z.string().trim().max(500).nullish(), ...versionField });
const ExtendBody = z.object({ endsAt, reason, ...versionField });

/** Plans that operators grant for a while. */
export function overrideRoutes(context: Context): OperatorRoute[] {
  const { db, now } = context;
  const change = async (id: string, work: (tx: EntityManager) => Promise<void>) => {
    await inTransaction(db, work);
    return presentOne(context, overridesListing, id);
  };
  const count = async (status: 'upcoming' | 'ending') => {
    const query = db.createQueryBuilder(Override, 'r');
    whereStatus(query, status, now());
    return query.getCount();
  };
  return [
    ...readRoutes(context, overridesListing),
    operatorRoute({
      method: 'get',
      path: '/override-costs',
      access: 'overrides:read',
      summary: 'What all running overrides cost a month: the price of the granted plan less what is paid meanwhile',
      async handle() {
        const [total, upcoming, ending] = await Promise.all([totalCost(db, now()), count('upcoming'), count('ending')]);
        return { ...total, upcoming, ending };
      },
    }),
    operatorRoute({
      method: 'post',
      path: '/overrides',
      access: 'overrides:create',
      summary: 'Grant a tenant a plan for a while: a floor or, pinned, exactly that plan',
      status: 201,
      body: NewOverrideBody,
      async handle({ body, caller: { actor } }) {
        const id = await inTransaction(db, (tx) => grantOverride(tx, context, actor, body));
        return presentOne(context, overridesListing, id);
      },
    }),
    operatorRoute({
      method: 'post',
      path: '/overrides/:id/end',
      access: 'overrides:end',
      summary: 'End an override now',
      body: EndBody,
      handle: ({ params, body, caller: { actor } }) =>
        change(params.id!, (tx) => endOverride(tx, context, actor, params.id!, body)),
    }),
    operatorRoute({
      method: 'post',
      path: '/overrides/:id/extend',
      access: 'overrides:extend',
      summary: 'Give an override a later end',
      body: ExtendBody,
      handle: ({ params, body, caller: { actor } }) =>
        change(params.id!, (tx) => extendOverride(tx, context, actor, params.id!, body)),
    }),
  ];
}
