import { type EntityManager, In } from 'typeorm';
import type { TenantAction, TenantRole } from '../../domain/permissions';
import type { TenantStatus } from '../../domain/tenant';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { addMember, memberOf } from '../memberships/members';
import { Membership } from '../memberships/membership.entity';
import { lockTenant } from '../tenants/change-tenant';
import { createTenant, type NewTenant } from '../tenants/create-tenant';
import { Tenant } from '../tenants/tenant.entity';
import type { Identity } from '../users/identity.entity';
import { User } from '../users/user.entity';
import { requireRight, requireUsable, type TenantCaller, type UserCaller } from './callers';

export interface OwnTenant {
  id: string;
  name: string;
  role: TenantRole;
  planId: string;
  status: TenantStatus;
  /** What the operators said when they suspended it. */
  suspendedReason: string | null;
  memberCount: number;
  seatLimit: number | null;
  createdAt: Date;
}

/** A tenant as one of its members sees it. */
export const presentTenant = (
  { id, name, planId, status, suspendedReason, memberCount, seatLimit, createdAt }: Tenant,
  { role }: Pick<Membership, 'role'>,
): OwnTenant => ({ id, name, role, planId, status, suspendedReason, memberCount, seatLimit, createdAt });

/** The tenants of these memberships, in their order; without the deleted ones. */
export async function presentOwn(manager: EntityManager, memberships: Membership[]): Promise<OwnTenant[]> {
  if (memberships.length === 0) return [];
  const tenants = await manager.findBy(Tenant, { id: In(memberships.map(({ tenantId }) => tenantId)) });
  const byId = new Map(tenants.map((tenant) => [tenant.id, tenant]));
  return memberships.flatMap((membership) => {
    const tenant = byId.get(membership.tenantId);
    return tenant && tenant.status !== 'deleted' ? [presentTenant(tenant, membership)] : [];
  });
}

/** How a user may sign in. */
export const presentIdentities = (
  manager: EntityManager,
  userId: string,
): Promise<Pick<Identity, 'id' | 'issuer' | 'subject' | 'email'>[]> =>
  manager.query('SELECT id, issuer, subject, email FROM identities WHERE userId = ? ORDER BY id', [userId]);

/** All tenants that the user may enter, the oldest membership first; or `tenantId` alone. */
export function ownTenants(manager: EntityManager, userId: string, tenantId?: string | null): Promise<OwnTenant[]> {
  return manager.query(
    `SELECT t.id, t.name, m.role, t.planId, t.status, t.suspendedReason, t.memberCount, t.seatLimit, t.createdAt
     FROM memberships m JOIN tenants t ON t.id = m.tenantId
     WHERE m.userId = ? AND t.status <> 'deleted'${tenantId ? ' AND t.id = ?' : ''} ORDER BY m.id`,
    [userId, ...(tenantId ? [tenantId] : [])],
  );
}

/** Makes a tenant whose owner is the caller. */
export async function foundTenant(
  tx: EntityManager,
  context: Context,
  { actor, user }: UserCaller,
  given: Pick<NewTenant, 'name'>,
): Promise<OwnTenant> {
  const { id } = await createTenant(tx, context, actor, given);
  const membership = await addMember(tx, actor, id, { userId: user.id, role: 'owner' });
  return presentTenant(await tx.findOneByOrFail(Tenant, { id }), membership);
}

const firstName = ({ name, email }: User): string => {
  const who = name.trim() || email?.split('@')[0]?.slice(0, 100);
  return who ? `${who}'s team`.slice(0, 120) : 'My team';
};

/** A user without any tenant gets a first one; exactly one, since the user's row is locked while looking. */
export async function firstTenant(context: Context, caller: UserCaller): Promise<OwnTenant[]> {
  return inTransaction(context.db, async (tx) => {
    await tx.findOneOrFail(User, { where: { id: caller.user.id }, lock: { mode: 'pessimistic_write' } });
    const own = await ownTenants(tx, caller.user.id);
    return own.length > 0 ? own : [await foundTenant(tx, context, caller, { name: firstName(caller.user) })];
  });
}

/**
 * Runs `work` with the caller's tenant locked, and its status and the caller's right looked at again under the lock.
 * Throws 403 or 404 where they were lost meanwhile.
 */
export async function changeTenant<T>(
  { db }: Context,
  { tenant: { id }, user }: TenantCaller,
  action: TenantAction,
  work: (tx: EntityManager, tenant: Tenant, membership: Membership) => Promise<T>,
): Promise<T> {
  return inTransaction(db, async (tx) => {
    const tenant = await lockTenant(tx, id);
    requireUsable(tenant, 'write');
    const membership = await memberOf(tx, id, { userId: user.id });
    requireRight(membership.role, action);
    return work(tx, tenant, membership);
  });
}
