import { In } from 'typeorm';
import { z } from 'zod';
import { mayGrantRole, TENANT_ROLES, type TenantRole } from '../../domain/permissions';
import type { Context } from '../context';
import { forbidden, invalid } from '../errors';
import { pendingBy } from '../invitations/inviter-gone';
import { memberOf, removeMember, setRole } from '../memberships/members';
import { Membership } from '../memberships/membership.entity';
import { User } from '../users/user.entity';
import { requireRight, requireScope, type TenantRoute, tenantRoute } from './callers';
import { pageOf } from './lists';
import { changeTenant, presentTenant } from './own-tenants';

const HeirBody = z.object({ userId: z.string('Choose a member.').min(1, 'Choose a member.').max(64) });
const RoleBody = z.object({ role: z.enum(TENANT_ROLES, `must be one of ${TENANT_ROLES.join(', ')}.`) });

const present = (
  { userId, role, createdAt }: Membership,
  user: Pick<User, 'name' | 'email'> | undefined,
  pendingInvitations: number,
) => ({
  userId,
  name: user?.name ?? '',
  email: user?.email ?? null,
  role,
  /** That end, or are handed over, when the member goes. */
  pendingInvitations,
  createdAt,
});

function requireRank(own: TenantRole, other: TenantRole): void {
  if (!mayGrantRole(own, other)) throw forbidden(`Only an owner may do this to ${other}s. Ask one.`, 'role_above_own');
}

/** The members of a tenant. */
export const memberRoutes = (context: Context): TenantRoute[] => [
  tenantRoute({
    method: 'get',
    path: '/tenants/:id/members',
    access: 'members:read',
    summary: 'The members of a tenant',
    async handle({ caller, query }) {
      const where = { tenantId: caller.tenant.id };
      const { items, next } = await pageOf(context.db.getRepository(Membership), where, query);
      const users = await context.db.getRepository(User).findBy({ id: In(items.map(({ userId }) => userId)) });
      const byId = new Map(users.map((user) => [user.id, user]));
      const standing = await pendingBy(context.db.manager, caller.tenant.id);
      const shown = items.map((member) => present(member, byId.get(member.userId), standing.get(member.userId) ?? 0));
      return { items: shown, next };
    },
  }),
  tenantRoute({
    method: 'patch',
    path: '/tenants/:id/members/:userId',
    access: 'members:set-role',
    summary: "Change a member's role; nobody touches or gives a role above the own, and the last owner stays one",
    body: RoleBody,
    handle: ({ caller, params, body: { role } }) =>
      changeTenant(context, caller, 'members:set-role', async (tx, tenant, own) => {
        const member = await memberOf(tx, tenant.id, { userId: params.userId! });
        requireRank(own.role, member.role);
        requireRank(own.role, role);
        await setRole(tx, caller.actor, member, role);
        const standing = await pendingBy(tx, tenant.id);
        const user = await tx.findOneByOrFail(User, { id: member.userId });
        return present({ ...member, role }, user, standing.get(member.userId) ?? 0);
      }),
  }),
  tenantRoute({
    method: 'post',
    path: '/tenants/:id/ownership',
    access: 'tenant:hand-over',
    summary: 'Hand the ownership over: another member becomes owner, the caller an admin',
    body: HeirBody,
    handle: ({ caller, body: { userId } }) =>
      changeTenant(context, caller, 'tenant:hand-over', async (tx, tenant, own) => {
        if (userId === caller.user.id) throw invalid({ userId: 'is you. Choose another member.' });
        await setRole(tx, caller.actor, await memberOf(tx, tenant.id, { userId }), 'owner');
        await setRole(tx, caller.actor, own, 'admin');
        return presentTenant(tenant, { role: 'admin' });
      }),
  }),
  tenantRoute({
    method: 'delete',
    path: '/tenants/:id/members/:userId',
    access: 'members:read',
    summary: 'Remove a member, or leave; the last owner stays',
    handle: ({ caller, params }) =>
      changeTenant(context, caller, 'members:read', async (tx, tenant, own) => {
        const leaving = params.userId === caller.user.id;
        requireScope(caller, leaving ? 'user:write' : 'members:remove');
        if (!leaving) requireRight(own.role, 'members:remove');
        const member = await memberOf(tx, tenant.id, { userId: params.userId! });
        requireRank(own.role, member.role);
        await removeMember(tx, caller.actor, member);
      }),
  }),
];
