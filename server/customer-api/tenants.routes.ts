import { z } from 'zod';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { Membership } from '../memberships/membership.entity';
import { deleteTenant, updateTenant } from '../tenants/change-tenant';
import { Tenant } from '../tenants/tenant.entity';
import { tenantName } from '../tenants/tenants.routes';
import { type TenantRoute, tenantRoute, type UserRoute, userRoute } from './callers';
import { endSubscriptions } from './end-subscriptions';
import { pageOf } from './lists';
import {
  changeTenant,
  firstTenant,
  foundTenant,
  ownTenants,
  presentIdentities,
  presentOwn,
  presentTenant,
} from './own-tenants';

const NewTenantBody = z.object({ name: tenantName });
const TenantBody = z.object({ name: tenantName });
const DeleteBody = z.object({
  cancel: z.enum(['now', 'period_end'], 'must be now or period_end.').default('period_end'),
});

/** Who am I, and my tenants. */
export const ownRoutes = (context: Context): UserRoute[] => [
  userRoute({
    method: 'get',
    path: '/me',
    access: 'user',
    summary: 'Who calls, and the tenants they may enter; makes a first one, unless ?noTenantProvisioning',
    async handle({ caller, query }) {
      const { id, email, name } = caller.user;
      const [identities, standing] = await Promise.all([
        presentIdentities(context.db.manager, id),
        ownTenants(context.db.manager, id, caller.machine?.tenantId),
      ]);
      const { machine } = caller;
      const wanted = query.noTenantProvisioning === undefined || query.noTenantProvisioning === 'false';
      const provision = wanted && machine === null;
      const tenants = standing.length > 0 || !provision ? standing : await firstTenant(context, caller);
      return {
        user: { id, email, name },
        identities,
        tenants,
      };
    },
  }),
  userRoute({
    method: 'get',
    path: '/tenants',
    access: 'user',
    summary: 'The tenants that the caller may enter',
    async handle({ caller, query }) {
      const { items, next } = await pageOf(
        context.db.getRepository(Membership),
        { userId: caller.user.id, ...(caller.machine?.tenantId ? { tenantId: caller.machine.tenantId } : {}) },
        query,
      );
      return { items: await presentOwn(context.db.manager, items), next };
    },
  }),
  userRoute({
    method: 'post',
    path: '/tenants',
    access: 'user',
    summary: 'Make a tenant; the caller becomes its owner',
    status: 201,
    body: NewTenantBody,
    handle: ({ caller, body }) => inTransaction(context.db, (tx) => foundTenant(tx, context, caller, body)),
  }),
];

/** One tenant: show, rename, delete. */
export const oneTenantRoutes = (context: Context): TenantRoute[] => [
  tenantRoute({
    method: 'get',
    path: '/tenants/:id',
    access: 'tenant:read',
    summary: 'Show a tenant',
    handle: async ({ caller }) => presentTenant(caller.tenant, caller.membership),
  }),
  tenantRoute({
    method: 'patch',
    path: '/tenants/:id',
    access: 'tenant:update',
    summary: 'Rename a tenant',
    body: TenantBody,
    handle: ({ caller, body }) =>
      changeTenant(context, caller, 'tenant:update', async (tx, tenant, membership) => {
        await updateTenant(tx, context, caller.actor, tenant, body);
        return presentTenant(await tx.findOneByOrFail(Tenant, { id: tenant.id }), membership);
      }),
  }),
  tenantRoute({
    method: 'delete',
    path: '/tenants/:id',
    access: 'tenant:delete',
    summary: 'Delete a tenant; its live subscriptions end with their period, or now with {"cancel": "now"}',
    body: DeleteBody,
    async handle({ caller, body }) {
      await endSubscriptions(context, caller.actor, caller.tenant.id, body.cancel);
      await changeTenant(context, caller, 'tenant:delete', (tx, tenant) =>
        deleteTenant(tx, context, caller.actor, tenant),
      );
    },
  }),
];
