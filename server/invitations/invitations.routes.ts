import type Redis from 'ioredis';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { EMAIL_ADDRESS, emailKey, INVITATION_STATUSES, statusAt } from '../../domain/invitation';
import { TENANT_ROLES } from '../../domain/permissions';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { invalid } from '../errors';
import { makeLimit } from '../http/limits';
import { type OperatorRoute, operatorRoute, presentOne, readRoutes } from '../http/operator-api';
import type { Listing } from '../http/simple-rest';
import { lockTenant } from '../tenants/change-tenant';
import type { Tenant } from '../tenants/tenant.entity';
import { lockInvitation, resendInvitation, revokeInvitation } from './change-invitation';
import { createInvitation } from './create-invitation';
import { Invitation } from './invitation.entity';

/** The record of an invitation as of `now`; without its hashes and keys. */
export function presentInvitation(row: Invitation, now: Date): object {
  const {
    tokenHash: _hash,
    emailKey: _key,
    pending: _pending,
    invitedByType,
    invitedById,
    invitedByName,
    ...shown
  } = row;
  return {
    ...shown,
    status: statusAt(row, now),
    invitedBy: { type: invitedByType, id: invitedById, name: invitedByName },
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

export const NewInvitationFields = {
  email: z
    .string('is required.')
    .trim()
    .max(254)
    .regex(EMAIL_ADDRESS, 'must be an email address, such as ann@example.com.'),
  role: z.enum(TENANT_ROLES, `must be one of ${TENANT_ROLES.join(', ')}.`),
};
const NewInvitationBody = z.object({
  tenantId: z.string('Choose a tenant.').min(1, 'Choose a tenant.'),
  ...NewInvitationFields,
});

/** Resends are limited for each invitation, tenant and address; the first send is not. */
export function resendLimits(redis: Redis): (invitation: Invitation) => Promise<void> {
  const perInvitation = makeLimit(redis, 'resend', 1, 60);
  const perDay = makeLimit(redis, 'resend-day', 5, 86_400);
  const perTenant = makeLimit(redis, 'resend-tenant', 200, 3600);
  const perEmail = makeLimit(redis, 'resend-address', 10, 3600);
  return async ({ id, tenantId, emailKey: key }) => {
    await perInvitation.take(id);
    await perDay.take(id);
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
  const change = async (
    id: string,
    work: (tx: EntityManager, invitation: Invitation, tenant: Tenant) => Promise<void>,
  ) => {
    await inTransaction(context.db, async (tx) => {
      const { invitation, tenant } = await lockInvitation(tx, id);
      await work(tx, invitation, tenant);
    });
    return presentOne(context, listing, id);
  };
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
      path: '/invitations/:id/resend',
      access: 'invitations:resend',
      summary: 'Send an invitation again, with a new link',
      handle({ params, caller }) {
        const limit = oncePerRequest(limitResend);
        return change(params.id!, async (tx, invitation, tenant) => {
          await resendInvitation(tx, context, caller.actor, invitation, tenant);
          await limit(invitation);
        });
      },
    }),
    operatorRoute({
      method: 'post',
      path: '/invitations/:id/revoke',
      access: 'invitations:revoke',
      summary: 'Withdraw an invitation',
      handle: ({ params, caller }) =>
        change(params.id!, (tx, invitation) => revokeInvitation(tx, context, caller.actor, invitation)),
    }),
  ];
}
