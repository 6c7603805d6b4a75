import type { EntityManager } from 'typeorm';
import { restorableUntil } from '../../domain/tenant';
import { AuditEntry } from '../audit/audit.entity';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { conflict, notFound } from '../errors';
import { memberOf } from '../memberships/members';
import { lockTenant, restoreTenant } from '../tenants/change-tenant';
import { Tenant } from '../tenants/tenant.entity';
import { requireRight, type UserRoute, userRoute } from './callers';
import { presentTenant } from './own-tenants';

interface Deleted {
  id: string;
  name: string;
  deletedAt: Date;
}

/** What an operator deleted is an operator's to restore. */
async function requireOwnDeletion(tx: EntityManager, tenantId: string): Promise<void> {
  const [last] = await tx.find(AuditEntry, {
    select: { id: true, actorType: true },
    where: { chain: tenantId, action: 'tenant.delete' },
    order: { seq: 'DESC' },
    take: 1,
  });
  if (last?.actorType !== 'user')
    throw conflict('deleted_by_operator', 'Support deleted this team. Contact support to have it back.');
}

/** Teams that were deleted, for those who own them. */
export const restoreRoutes = (context: Context): UserRoute[] => [
  userRoute({
    method: 'get',
    path: '/tenants/deleted',
    access: 'user',
    summary: 'Deleted tenants that the caller owns and can still restore',
    async handle({ caller }) {
      const days = context.config.tenantRestoreDays;
      const rows: Deleted[] = await context.db.query(
        `SELECT t.id, t.name, t.deletedAt FROM memberships m JOIN tenants t ON t.id = m.tenantId
         WHERE m.userId = ? AND m.role = 'owner' AND t.status = 'deleted' ORDER BY t.deletedAt DESC`,
        [caller.user.id],
      );
      const items = rows.map((row) => ({ ...row, restorableUntil: restorableUntil(row.deletedAt, days) }));
      return { items: items.filter((one) => one.restorableUntil >= context.now()), next: null };
    },
  }),
  userRoute({
    method: 'post',
    path: '/tenants/:tenant/restore',
    access: 'user',
    summary: 'Bring a deleted tenant back; its subscriptions stay ended',
    handle: ({ caller: { user, actor }, params }) =>
      inTransaction(context.db, async (tx) => {
        const id = params.tenant!;
        const tenant = await lockTenant(tx, id);
        const membership = await memberOf(tx, id, { userId: user.id }).catch(() => {
          throw notFound('tenant', id);
        });
        requireRight(membership.role, 'tenant:delete');
        if (tenant.status === 'deleted') await requireOwnDeletion(tx, id);
        await restoreTenant(tx, context, actor, tenant);
        return presentTenant(await tx.findOneByOrFail(Tenant, { id }), membership);
      }),
  }),
];
