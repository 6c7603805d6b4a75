import { type EntityManager, Not } from 'typeorm';
import type { TenantRole } from '../../domain/permissions';
import type { Actor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import { Finding } from '../billing/finding.entity';
import { newId } from '../db/id';
import { conflict, notFound } from '../errors';
import { inviterDemoted, inviterWent } from '../invitations/inviter-gone';
import { oweJob } from '../jobs/outbox';
import { Tenant } from '../tenants/tenant.entity';
import { Membership } from './membership.entity';

export interface NewMember {
  userId: string;
  role: TenantRole;
  invitationId?: string;
}

const resource = 'memberships';

/** Adds a member to a tenant whose row the caller holds locked. Throws 409 `already_member`. */
export async function addMember(
  tx: EntityManager,
  actor: Actor,
  tenantId: string,
  { userId, role, invitationId }: NewMember,
): Promise<Membership> {
  if (await tx.existsBy(Membership, { tenantId, userId }))
    throw conflict('already_member', 'This user is a member of the tenant already.', {
      userId: 'is a member already.',
    });
  const id = newId('mem');
  await tx.insert(Membership, { id, tenantId, userId, role, invitationId: invitationId ?? null });
  await tx.increment(Tenant, { id: tenantId }, 'memberCount', 1);
  const changes = { userId: { from: null, to: userId }, role: { from: null, to: role } };
  await recordAudit(tx, { actor, action: 'membership.create', resource, resourceId: id, tenantId, changes });
  return tx.findOneByOrFail(Membership, { id });
}

/** A tenant that has an owner keeps one. The tenant's row, held by the caller, makes this safe under concurrency. */
async function keepAnOwner(tx: EntityManager, member: Membership): Promise<void> {
  if (member.role !== 'owner') return;
  const owners = await tx.countBy(Membership, { tenantId: member.tenantId, role: 'owner' });
  if (owners <= 1)
    throw conflict('last_owner', 'This is the last owner of the tenant. Make another member owner first.', {
      role: 'The last owner must stay one.',
    });
}

/** Reads one membership of a locked tenant. Throws 404. */
export async function memberOf(
  tx: EntityManager,
  tenantId: string,
  where: { id: string } | { userId: string },
): Promise<Membership> {
  const member = await tx.findOne(Membership, { where: { tenantId, ...where }, lock: { mode: 'pessimistic_write' } });
  if (!member) throw notFound('membership', 'id' in where ? where.id : where.userId);
  return member;
}

/** Gives a member another role; the tenant's row is held by the caller. Throws 409 `last_owner`. */
export async function setRole(tx: EntityManager, actor: Actor, member: Membership, role: TenantRole): Promise<void> {
  if (member.role === role) return;
  await keepAnOwner(tx, member);
  await tx.update(Membership, { id: member.id }, { role });
  await inviterDemoted(tx, actor, member, role);
  const changes = { role: { from: member.role, to: role } };
  await recordAudit(tx, {
    actor,
    action: 'membership.set-role',
    resource,
    resourceId: member.id,
    tenantId: member.tenantId,
    changes,
  });
}

/** Removes a member, or lets one leave; the tenant's row is held by the caller. Throws 409 `last_owner`. */
export async function removeMember(tx: EntityManager, actor: Actor, member: Membership): Promise<void> {
  await keepAnOwner(tx, member);
  await tx.delete(Membership, { id: member.id });
  await inviterWent(tx, actor, member);
  await tx.decrement(Tenant, { id: member.tenantId }, 'memberCount', 1);
  // Whoever goes may bring the tenant back within its seats.
  const overrun = { tenantId: member.tenantId, kind: 'seat-overrun', status: Not('resolved' as const) };
  if (await tx.existsBy(Finding, overrun)) await oweJob(tx, { kind: 'decide-tenant', subject: member.tenantId });
  const changes = { userId: { from: member.userId, to: null }, role: { from: member.role, to: null } };
  await recordAudit(tx, {
    actor,
    action: 'membership.delete',
    resource,
    resourceId: member.id,
    tenantId: member.tenantId,
    changes,
  });
}
