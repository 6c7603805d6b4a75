import { z } from 'zod';
import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import { newId } from '../db/id';
import { inTransaction } from '../db/transaction';
import { conflict, invalid, notFound } from '../errors';
import { type OperatorRoute, operatorRoute, presentOne, readRoutes } from '../http/operator-api';
import type { Listing } from '../http/simple-rest';
import { Plan } from '../plans/plan.entity';
import { lockTenant } from '../tenants/change-tenant';
import { decideTenant } from './decide-tenant';
import { Override } from './override.entity';

export const overridesListing: Listing<Override> & { name: 'overrides' } = {
  name: 'overrides',
  entity: Override,
  sorts: ['endsAt', 'createdAt'],
  defaultSort: ['endsAt', 'DESC'],
  filters: { tenantId: 'word', planId: 'word', pin: 'flag', endsAt: 'moment', startsAt: 'moment', createdAt: 'moment' },
  present: async (rows) =>
    rows.map(({ createdByType: type, createdById: id, createdByName: name, ...override }) => ({
      ...override,
      createdBy: { type, id, name },
    })),
};

const moment = (message: string) =>
  z.iso.datetime({ offset: true, error: message }).transform((value) => new Date(value));
const NewOverrideBody = z.object({
  tenantId: z.string('Choose a tenant.'),
  planId: z.string('Choose a plan.'),
  pin: z.boolean().default(false),
  reason: z.string('Say why, in a few words.').trim().min(3, 'Say why, in a few words.').max(500),
  startsAt: moment('must be an ISO 8601 time.').nullish(),
  endsAt: moment('Say until when: an ISO 8601 time.'),
});
const EndBody = z.object({ reason: z.string().trim().max(500).nullish() });

export function overrideRoutes(context: Context): OperatorRoute[] {
  return [
    ...readRoutes(context, overridesListing),
    operatorRoute({
      method: 'post',
      path: '/overrides',
      access: 'overrides:create',
      summary: 'Grant a tenant a plan for a while: a floor or, pinned, exactly that plan',
      status: 201,
      body: NewOverrideBody,
      async handle({ body, caller: { actor } }) {
        const id = newId('ovr');
        const startsAt = body.startsAt ?? context.now();
        if (body.endsAt <= startsAt || body.endsAt <= context.now())
          throw invalid({ endsAt: 'must be in the future and after its start.' });
        await inTransaction(context.db, async (tx) => {
          const tenant = await lockTenant(tx, body.tenantId).catch(() => {
            throw invalid({ tenantId: `There is no tenant "${body.tenantId}".` });
          });
          if (!(await tx.existsBy(Plan, { id: body.planId })))
            throw invalid({ planId: `There is no plan "${body.planId}".` });
          await tx.insert(Override, {
            id,
            ...body,
            startsAt,
            createdByType: actor.type,
            createdById: actor.id,
            createdByName: actor.name,
          });
          const changes = {
            planId: { from: null, to: body.planId },
            pin: { from: null, to: body.pin },
            endsAt: { from: null, to: body.endsAt },
          };
          await recordAudit(tx, {
            actor,
            action: 'override.create',
            resource: 'overrides',
            resourceId: id,
            tenantId: tenant.id,
            changes,
            reason: body.reason,
          });
          await decideTenant(tx, context, tenant.id, { actor });
        });
        return presentOne(context, overridesListing, id);
      },
    }),
    operatorRoute({
      method: 'post',
      path: '/overrides/:id/end',
      access: 'overrides:end',
      summary: 'End an override now',
      body: EndBody,
      async handle({ params, body, caller: { actor } }) {
        await inTransaction(context.db, async (tx) => {
          const found = await tx.findOneBy(Override, { id: params.id! });
          if (!found) throw notFound('override', params.id!);
          await lockTenant(tx, found.tenantId);
          const override = await tx.findOneOrFail(Override, {
            where: { id: found.id },
            lock: { mode: 'pessimistic_write' },
          });
          const now = context.now();
          if (override.endedAt || override.endsAt <= now)
            throw conflict('override_ended', 'This override has ended already.');
          await tx.update(Override, { id: override.id }, { endedAt: now });
          const changes = { endedAt: { from: null, to: now } };
          await recordAudit(tx, {
            actor,
            action: 'override.end',
            resource: 'overrides',
            resourceId: override.id,
            tenantId: override.tenantId,
            changes,
            reason: body.reason ?? null,
          });
          await decideTenant(tx, context, override.tenantId, { actor });
        });
        return presentOne(context, overridesListing, params.id!);
      },
    }),
  ];
}
