import type Redis from 'ioredis';
import { type EntityManager, type FindOptionsWhere, LessThanOrEqual, MoreThan } from 'typeorm';
import { z } from 'zod';
import { INVITATION_STATUSES, type InvitationStatus, statusAt } from '../../domain/invitation';
import type { TenantAction } from '../../domain/permissions';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { parse } from '../http/routes';
import { acceptInvitation, previewInvitation } from '../invitations/accept-invitation';
import { lockInvitation, resendInvitation, revokeInvitation } from '../invitations/change-invitation';
import { createInvitation, inviterOf } from '../invitations/create-invitation';
import { Invitation } from '../invitations/invitation.entity';
import { NewInvitationFields, oncePerRequest, resendLimits } from '../invitations/invitations.routes';
import { noteOpening } from '../invitations/openings';
import { Tenant } from '../tenants/tenant.entity';
import {
  type PublicRoute,
  publicRoute,
  type TenantCaller,
  type TenantRoute,
  tenantRoute,
  type UserRoute,
  userRoute,
} from './callers';
import { pageOf } from './lists';
import { changeTenant, presentTenant } from './own-tenants';

const NewInvitationBody = z.object(NewInvitationFields);
const TokenBody = z.object({ token: z.string('is required.').trim().min(1, 'is required.').max(200) });

const ListQuery = z.object({
  status: z.enum(INVITATION_STATUSES, `must be one of ${INVITATION_STATUSES.join(', ')}.`).optional(),
});

/** A pending invitation past its end counts as expired, whether or not its row says so yet. */
function whereStatus(
  tenantId: string,
  status: InvitationStatus | undefined,
  now: Date,
): FindOptionsWhere<Invitation> | FindOptionsWhere<Invitation>[] {
  if (status === undefined) return { tenantId };
  if (status === 'pending') return { tenantId, status, expiresAt: MoreThan(now) };
  if (status !== 'expired') return { tenantId, status };
  return [
    { tenantId, status },
    { tenantId, status: 'pending', expiresAt: LessThanOrEqual(now) },
  ];
}

const present = (row: Invitation, now: Date) => ({
  id: row.id,
  email: row.email,
  role: row.role,
  status: statusAt(row, now),
  expiresAt: row.expiresAt,
  sentCount: row.sentCount,
  lastSentAt: row.lastSentAt,
  deliveryStatus: row.deliveryStatus,
  invitedBy: { name: inviterOf(row) },
  acceptedAt: row.acceptedAt,
  createdAt: row.createdAt,
});

/** What the page behind an invitation's link shows. A POST, so that the token stays out of logs; changes nothing. */
export const previewRoutes = (context: Context): PublicRoute[] => [
  publicRoute({
    method: 'post',
    path: '/invitations/preview',
    access: 'public',
    summary: 'What an invitation offers; its token is enough',
    body: TokenBody,
    handle({ body, req }) {
      void noteOpening(context, body.token, req.get('user-agent'));
      return previewInvitation(context, body.token);
    },
  }),
];

export const acceptRoutes = (context: Context): UserRoute[] => [
  userRoute({
    method: 'post',
    path: '/invitations/accept',
    access: 'user',
    summary: 'Accept an invitation: the caller becomes a member',
    body: TokenBody,
    handle: ({ caller, body }) =>
      inTransaction(context.db, async (tx) => {
        const membership = await acceptInvitation(tx, context, caller.actor, body.token, caller.user);
        const tenant = await tx.findOneByOrFail(Tenant, { id: membership.tenantId });
        return { tenantId: tenant.id, role: membership.role, tenant: presentTenant(tenant, membership) };
      }),
  }),
];

/** The invitations of a tenant. */
export function invitationRoutes(context: Context, redis: Redis): TenantRoute[] {
  const limitResend = resendLimits(redis);
  const change = (
    caller: TenantCaller,
    action: TenantAction,
    id: string,
    work: (tx: EntityManager, invitation: Invitation, tenant: Tenant) => Promise<void>,
  ) =>
    changeTenant(context, caller, action, async (tx, tenant) => {
      const { invitation } = await lockInvitation(tx, id, tenant.id);
      await work(tx, invitation, tenant);
      return present(await tx.findOneByOrFail(Invitation, { id }), context.now());
    });
  return [
    tenantRoute({
      method: 'get',
      path: '/tenants/:id/invitations',
      access: 'invitations:read',
      summary: 'The invitations of a tenant; ?status= chooses',
      async handle({ caller, query }) {
        const now = context.now();
        const { status } = parse(ListQuery, { status: query.status });
        const where = whereStatus(caller.tenant.id, status, now);
        const { items, next } = await pageOf(context.db.getRepository(Invitation), where, query);
        return { items: items.map((row) => present(row, now)), next };
      },
    }),
    tenantRoute({
      method: 'post',
      path: '/tenants/:id/invitations',
      access: 'invitations:create',
      summary: 'Invite an address, and send the mail; nobody gives a role above the own',
      status: 201,
      body: NewInvitationBody,
      handle: ({ caller, body }) =>
        changeTenant(context, caller, 'invitations:create', async (tx, tenant, { role }) => {
          const invitation = await createInvitation(tx, context, caller.actor, tenant, { ...body, inviterRole: role });
          return present(invitation, context.now());
        }),
    }),
    tenantRoute({
      method: 'post',
      path: '/tenants/:id/invitations/:inv/resend',
      access: 'invitations:resend',
      summary: 'Send an invitation again, with a new link',
      handle({ caller, params }) {
        const limit = oncePerRequest(limitResend);
        return change(caller, 'invitations:resend', params.inv!, async (tx, invitation, tenant) => {
          await resendInvitation(tx, context, caller.actor, invitation, tenant);
          await limit(invitation);
        });
      },
    }),
    tenantRoute({
      method: 'delete',
      path: '/tenants/:id/invitations/:inv',
      access: 'invitations:revoke',
      summary: 'Withdraw an invitation',
      handle: ({ caller, params }) =>
        change(caller, 'invitations:revoke', params.inv!, (tx, invitation) =>
          revokeInvitation(tx, context, caller.actor, invitation),
        ),
    }),
  ];
}
