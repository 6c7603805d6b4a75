import type Redis from 'ioredis';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { EMAIL_ADDRESS, emailKey, INVITATION_STATUSES, statusAt, TERM_DAYS } from '../../domain/invitation';
import { TENANT_ROLES } from '../../domain/permissions';
import type { Actor } from '../audit/actor';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { invalid } from '../errors';
import { bulkRoute } from '../http/bulk';
import { makeLimit } from '../http/limits';
import { type OperatorRoute, operatorRoute, presentOne, readRoutes } from '../http/operator-api';
import type { Listing } from '../http/simple-rest';
import { lockTenant } from '../tenants/change-tenant';
import type { Tenant } from '../tenants/tenant.entity';
import {
  extendInvitation,
  linkInvitation,
  lockInvitation,
  readdressInvitation,
  resendInvitation,
  revokeInvitation,
} from './change-invitation';
import { createInvitation } from './create-invitation';
import { importInvitations, previewImport } from './import/import-invitations';
import { Invitation } from './invitation.entity';
import { traceInvitation } from './trace';

/** The record of an invitation as of `now`; without its hashes and keys. */
export function presentInvitation(row: Invitation, now: Date): object {
  const {
    tokenHash: _hash,
    emailKey: _key,
    pending: _pending,
    invitedByType,
    invitedById,
    invitedByName,
    standsForId,
    standsForName,
    ...shown
  } = row;
  return {
    ...shown,
    status: statusAt(row, now),
    invitedBy: { type: invitedByType, id: invitedById, name: invitedByName },
    standsFor: standsForId === null ? null : { id: standsForId, name: standsForName },
  };
}

const STATUS_SQL: Record<string, string> = {
  pending: `(r.status = 'pending' AND r.expiresAt > :now)`,
  expired: `(r.status = 'expired' OR (r.status = 'pending' AND r.expiresAt <= :now))`,
  accepted: `r.status = 'accepted'`,
  revoked: `r.status = 'revoked'`,
};

export const invitationsListing = ({ now }: Pick<Context, 'now'>): Listing<Invitation> & { name: 'invitations' } => ({
  name: 'invitations',
  entity: Invitation,
  sorts: ['createdAt', 'expiresAt'],
  defaultSort: ['createdAt', 'DESC'],
  filters: {
    tenantId: 'word',
    role: 'word',
    deliveryStatus: 'word',
    acceptedByUserId: 'word',
    createdAt: 'moment',
    expiresAt: 'moment',
    email: (query, value) => query.andWhere('r.emailKey = :mail', { mail: emailKey(String(value)) }),
    status(query, value) {
      const wanted = (Array.isArray(value) ? value : [value]).map(String);
      const ways = wanted.map((status) => {
        const sql = Object.hasOwn(STATUS_SQL, status) ? STATUS_SQL[status] : undefined;
        if (!sql) throw invalid({ filter: `status: must be one of ${INVITATION_STATUSES.join(', ')}.` });
        return sql;
      });
      query.andWhere(ways.length > 0 ? `(${ways.join(' OR ')})` : '1 = 0', { now: now() });
    },
  },
  search: ['email'],
  present: async (rows) => rows.map((row) => presentInvitation(row, now())),
});

const termDays = z
  .number('must be a number of days.')
  .int('must be whole days.')
  .min(TERM_DAYS.least, `must be ${TERM_DAYS.least} at least.`)
  .max(TERM_DAYS.most, `must be ${TERM_DAYS.most} at most.`);

export const NewInvitationFields = {
  email: z
    .string('is required.')
    .trim()
    .max(254)
    .regex(EMAIL_ADDRESS, 'must be an email address, such as ann@example.com.'),
  role: z.enum(TENANT_ROLES, `must be one of ${TENANT_ROLES.join(', ')}.`),
  expiresInDays: termDays.optional(),
};
const NewInvitationBody = z.object({
  tenantId: z.string('Choose a tenant.').min(1, 'Choose a tenant.'),
  ...NewInvitationFields,
});

const ImportBody = z.object({
  tenantId: z.string('Choose a tenant.').min(1, 'Choose a tenant.'),
  importId: z
    .string('is required: a word of your own, new for each list.')
    .regex(/^[\w-]{8,64}$/, 'must be 8 to 64 letters, digits, hyphens or underscores.'),
  csv: z.string('is required: one address a line.'),
});

/** Fresh links are limited for each tenant and address, too, over all processes; the first send is not. */
export function resendLimits(redis: Redis): (invitation: Invitation) => Promise<void> {
  const perTenant = makeLimit(redis, 'resend-tenant', 200, 3600);
  const perEmail = makeLimit(redis, 'resend-address', 10, 3600);
  return async ({ tenantId, emailKey: key }) => {
    await perTenant.take(tenantId);
    await perEmail.take(key);
  };
}

/** A transaction that lost a race runs again; the request has been counted all the same, and is not counted twice. */
export function oncePerRequest(take: (invitation: Invitation) => Promise<void>): typeof take {
  let taken: Promise<void> | undefined;
  return (invitation) => {
    taken ??= take(invitation);
    return taken;
  };
}

export function invitationRoutes(context: Context, redis: Redis): OperatorRoute[] {
  const listing = invitationsListing(context);
  const limitResend = resendLimits(redis);
  const changed = async <T>(
    id: string,
    work: (tx: EntityManager, invitation: Invitation, tenant: Tenant) => Promise<T>,
  ): Promise<T> =>
    inTransaction(context.db, async (tx) => {
      const { invitation, tenant } = await lockInvitation(tx, id);
      return work(tx, invitation, tenant);
    });
  const resend = (id: string, actor: Actor) => {
    const limit = oncePerRequest(limitResend);
    return changed(id, async (tx, invitation, tenant) => {
      await resendInvitation(tx, context, actor, invitation, tenant);
      await limit(invitation);
    });
  };
  const revoke = (id: string, actor: Actor) =>
    changed(id, (tx, invitation) => revokeInvitation(tx, context, actor, invitation));
  const extend = (id: string, actor: Actor, days: number) =>
    changed(id, (tx, invitation, tenant) => extendInvitation(tx, context, actor, invitation, tenant, days));
  return [
    ...readRoutes(context, listing),
    operatorRoute({
      method: 'post',
      path: '/invitations',
      access: 'invitations:create',
      summary: 'Invite an address to a tenant and send the mail',
      status: 201,
      body: NewInvitationBody,
      async handle({ body: { tenantId, ...given }, caller }) {
        const { id } = await inTransaction(context.db, async (tx) => {
          const tenant = await lockTenant(tx, tenantId).catch(() => {
            throw invalid({ tenantId: `There is no tenant "${tenantId}".` });
          });
          return createInvitation(tx, context, caller.actor, tenant, given);
        });
        return presentOne(context, listing, id);
      },
    }),
    operatorRoute({
      method: 'post',
      path: '/invitations/import/preview',
      access: 'invitations:create',
      summary: 'What importing a list of people would do, line by line; nothing is written',
      body: ImportBody.omit({ importId: true }),
      handle: ({ body }) => previewImport(context, body.tenantId, body.csv),
    }),
    operatorRoute({
      method: 'post',
      path: '/invitations/import',
      access: 'invitations:create',
      summary: 'Invite everybody on a list, or nobody; the same importId again sends nothing more',
      body: ImportBody,
      handle: ({ body, caller }) => importInvitations(context, caller.actor, body),
    }),
    bulkRoute(context, {
      resource: 'invitations',
      verb: 'resend',
      access: 'invitations:resend',
      summary: 'Send many invitations again, each with a new link',
      run: resend,
    }),
    bulkRoute(context, {
      resource: 'invitations',
      verb: 'revoke',
      access: 'invitations:revoke',
      summary: 'Withdraw many invitations',
      run: revoke,
    }),
    bulkRoute(context, {
      resource: 'invitations',
      verb: 'extend',
      access: 'invitations:extend',
      summary: 'Let many invitations end so many days from now',
      fields: { days: termDays },
      run: (id, actor, { days }) => extend(id, actor, days),
    }),
    operatorRoute({
      method: 'get',
      path: '/invitations/:id/trace',
      access: 'invitations:read',
      summary: 'What happened to an invitation and its mails, and what can be done next',
      handle: ({ params }) => traceInvitation(context, params.id!),
    }),
    operatorRoute({
      method: 'post',
      path: '/invitations/:id/resend',
      access: 'invitations:resend',
      summary: 'Send an invitation again, with a new link',
      async handle({ params, caller }) {
        await resend(params.id!, caller.actor);
        return presentOne(context, listing, params.id!);
      },
    }),
    operatorRoute({
      method: 'post',
      path: '/invitations/:id/revoke',
      access: 'invitations:revoke',
      summary: 'Withdraw an invitation',
      async handle({ params, caller }) {
        await revoke(params.id!, caller.actor);
        return presentOne(context, listing, params.id!);
      },
    }),
    operatorRoute({
      method: 'post',
      path: '/invitations/:id/extend',
      access: 'invitations:extend',
      summary: 'Let an invitation end so many days from now; its link stays what it is',
      body: z.object({ days: termDays }),
      async handle({ params, body, caller }) {
        await extend(params.id!, caller.actor, body.days);
        return presentOne(context, listing, params.id!);
      },
    }),
    operatorRoute({
      method: 'post',
      path: '/invitations/:id/link',
      access: 'invitations:link',
      summary: 'A fresh link to hand over by hand; links in earlier mails end',
      response: z.object({ url: z.string(), expiresAt: z.string() }),
      handle({ params, caller }) {
        const limit = oncePerRequest(limitResend);
        return changed(params.id!, async (tx, invitation, tenant) => {
          const link = await linkInvitation(tx, context, caller.actor, invitation, tenant);
          await limit(invitation);
          return link;
        });
      },
    }),
    operatorRoute({
      method: 'post',
      path: '/invitations/:id/readdress',
      access: 'invitations:readdress',
      summary: 'Correct the address, and send the invitation there with a new link',
      body: z.object({ email: NewInvitationFields.email }),
      async handle({ params, body, caller }) {
        const limit = oncePerRequest(limitResend);
        await changed(params.id!, async (tx, invitation, tenant) => {
          await readdressInvitation(tx, context, caller.actor, invitation, tenant, body.email);
          await limit({ ...invitation, emailKey: emailKey(body.email) });
        });
        return presentOne(context, listing, params.id!);
      },
    }),
  ];
}
