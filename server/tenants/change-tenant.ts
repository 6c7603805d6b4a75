import type { EntityManager } from 'typeorm';
import { restorableUntil } from '../../domain/tenant';
import type { Actor } from '../audit/actor';
import { changesBetween, recordAudit } from '../audit/record';
import { Checkout } from '../billing/checkout.entity';
import { decideTenant } from '../billing/decide-tenant';
import { originOf } from '../billing/explanation/origin';
import type { Context } from '../context';
import { conflict, notFound } from '../errors';
import { basePlanFor } from './create-tenant';
import { Tenant } from './tenant.entity';

/** Reads a tenant and holds its row until the transaction ends. Throws 404. */
export async function lockTenant(tx: EntityManager, id: string): Promise<Tenant> {
  const tenant = await tx.findOne(Tenant, { where: { id }, lock: { mode: 'pessimistic_write' } });
  if (!tenant) throw notFound('tenant', id);
  return tenant;
}

type Change = Partial<
  Pick<Tenant, 'name' | 'basePlanId' | 'basePlanSetBy' | 'status' | 'suspendedReason' | 'deletedAt'>
>;

async function write(
  tx: EntityManager,
  actor: Actor,
  tenant: Tenant,
  action: string,
  change: Change,
  reason?: string | null,
): Promise<void> {
  const changes = changesBetween<Tenant>(tenant, { ...tenant, ...change }, [
    'name',
    'basePlanId',
    'status',
    'deletedAt',
  ]);
  if (Object.keys(changes).length === 0) return;
  await tx.update(Tenant, { id: tenant.id }, change as object);
  await recordAudit(tx, {
    actor,
    action,
    resource: 'tenants',
    resourceId: tenant.id,
    tenantId: tenant.id,
    changes,
    reason,
  });
}

/** Renames a tenant or changes its base plan; the plan is decided anew. */
export async function updateTenant(
  tx: EntityManager,
  context: Context,
  actor: Actor,
  tenant: Tenant,
  change: Pick<Change, 'name' | 'basePlanId'>,
): Promise<void> {
  if (tenant.status === 'deleted') throw conflict('tenant_deleted', 'This tenant is deleted. Restore it first.');
  const rebased = change.basePlanId !== undefined && change.basePlanId !== tenant.basePlanId;
  if (rebased) await basePlanFor(tx, change.basePlanId);
  const set = rebased ? { basePlanSetBy: originOf({ actor }, context.now()) } : {};
  await write(tx, actor, tenant, 'tenant.update', { ...change, ...set });
  if (change.basePlanId !== undefined) await decideTenant(tx, context, tenant.id, { actor });
}

export async function suspendTenant(tx: EntityManager, actor: Actor, tenant: Tenant, reason: string): Promise<void> {
  if (tenant.status !== 'active')
    throw conflict('not_active', `Only an active tenant can be suspended; this one is ${tenant.status}.`);
  await write(tx, actor, tenant, 'tenant.suspend', { status: 'suspended', suspendedReason: reason }, reason);
}

export async function reactivateTenant(
  tx: EntityManager,
  actor: Actor,
  tenant: Tenant,
  reason: string | null,
): Promise<void> {
  if (tenant.status !== 'suspended')
    throw conflict('not_suspended', `Only a suspended tenant can be reactivated; this one is ${tenant.status}.`);
  await write(tx, actor, tenant, 'tenant.reactivate', { status: 'active', suspendedReason: null }, reason);
}

/**
 * Soft: the row and all that hangs on it stay, and can be restored for TENANT_RESTORE_DAYS. Twice is the same.
 * @throws ProblemError 409 where somebody can still pay by a link: end those first
 */
export async function deleteTenant(tx: EntityManager, { now }: Context, actor: Actor, tenant: Tenant): Promise<void> {
  if (tenant.status === 'deleted') return;
  if (await tx.existsBy(Checkout, { tenantId: tenant.id, status: 'open' }))
    throw conflict('checkout_open', 'A link to buy was made for this tenant just now. Try again, to end that too.');
  await write(tx, actor, tenant, 'tenant.delete', { status: 'deleted', deletedAt: now() });
}

export async function restoreTenant(
  tx: EntityManager,
  { now, config }: Context,
  actor: Actor,
  tenant: Tenant,
): Promise<void> {
  if (tenant.status !== 'deleted' || !tenant.deletedAt) throw conflict('not_deleted', 'This tenant is not deleted.');
  if (now() > restorableUntil(tenant.deletedAt, config.tenantRestoreDays))
    throw conflict(
      'restore_expired',
      `A tenant can be restored for ${config.tenantRestoreDays} days after its deletion; that time is over.`,
    );
  await write(tx, actor, tenant, 'tenant.restore', {
    status: tenant.suspendedReason ? 'suspended' : 'active',
    deletedAt: null,
  });
}
