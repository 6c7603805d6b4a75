import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { TENANT_ROLES } from '../../domain/permissions';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { invalid, notFound } from '../errors';
import {
  type OperatorRoute,
  operatorRoute,
  presentOne,
  readRoutes,
  requireVersion,
  versionField,
} from '../http/operator-api';
import type { Listing } from '../http/simple-rest';
import { requireOpenTenant } from '../invitations/create-invitation';
import { lockTenant } from '../tenants/change-tenant';
import { requireSeat } from '../tenants/require-seat';
import { User } from '../users/user.entity';
import { addMember, memberOf, removeMember, setRole } from './members';
import { Membership } from './membership.entity';

export const membershipsListing: Listing<Membership> & { name: 'memberships' } = {
  name: 'memberships',
  entity: Membership,
  sorts: ['createdAt'],
  defaultSort: ['createdAt', 'DESC'],
  filters: { tenantId: 'word', userId: 'word', role: 'word', createdAt: 'moment' },
  present: async (rows) => rows,
};

const role = z.enum(TENANT_ROLES, `must be one of ${TENANT_ROLES.join(', ')}.`);
const NewMembershipBody = z.object({
  tenantId: z.string('Choose a tenant.'),
  userId: z.string('Choose a user.'),
  role,
});
const MembershipBody = z.object({ role, ...versionField }).partial();

export function membershipRoutes(context: Context): OperatorRoute[] {
  const locked = async (tx: EntityManager, id: string): Promise<Membership> => {
    const found = await tx.findOneBy(Membership, { id });
    if (!found) throw notFound('membership', id);
    await lockTenant(tx, found.tenantId);
    return memberOf(tx, found.tenantId, { id });
  };
  return [
    ...readRoutes(context, membershipsListing),
    operatorRoute({
      method: 'post',
      path: '/memberships',
      access: 'memberships:create',
      summary: 'Add a user to a tenant',
      status: 201,
      body: NewMembershipBody,
      async handle({ body: { tenantId, ...given }, caller }) {
        const { id } = await inTransaction(context.db, async (tx) => {
          const tenant = await lockTenant(tx, tenantId).catch(() => {
            throw invalid({ tenantId: `There is no tenant "${tenantId}".` });
          });
          if (!(await tx.existsBy(User, { id: given.userId })))
            throw invalid({ userId: `There is no user "${given.userId}".` });
          requireOpenTenant(tenant);
          await requireSeat(tx, tenant, context.now());
          return addMember(tx, caller.actor, tenantId, given);
        });
        return presentOne(context, membershipsListing, id);
      },
    }),
    operatorRoute({
      method: 'put',
      path: '/memberships/:id',
      access: 'memberships:update',
      summary: "Change a member's role",
      body: MembershipBody,
      async handle({ params, body: { version, role: given }, caller }) {
        await inTransaction(context.db, async (tx) => {
          const member = await locked(tx, params.id!);
          await requireVersion(context, membershipsListing, member, version);
          if (given) await setRole(tx, caller.actor, member, given);
        });
        return presentOne(context, membershipsListing, params.id!);
      },
    }),
    operatorRoute({
      method: 'delete',
      path: '/memberships/:id',
      access: 'memberships:delete',
      summary: 'Remove a member from a tenant',
      handle: ({ params, caller }) =>
        inTransaction(context.db, async (tx) => {
          const member = await locked(tx, params.id!);
          await removeMember(tx, caller.actor, member);
          return member;
        }),
    }),
  ];
}
