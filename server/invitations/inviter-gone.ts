import { type EntityManager, IsNull, Not } from 'typeorm';
import { canInTenant, mayGrantRole, type TenantRole } from '../../domain/permissions';
import type { Actor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import { withdrawEmails } from '../emails/queue-email';
import { Membership } from '../memberships/membership.entity';
import { User } from '../users/user.entity';
import { Invitation, type RevokedReason } from './invitation.entity';

/** The pending invitations of a tenant, locked by the caller, that a user stands for: who invited, or took over. */
export const standingBy = (tx: EntityManager, tenantId: string, userId: string): Promise<Invitation[]> =>
  tx.find(Invitation, {
    where: [
      { tenantId, pending: 1, standsForId: userId },
      { tenantId, pending: 1, standsForId: IsNull(), invitedByType: 'user', invitedById: userId },
    ],
    order: { id: 'ASC' },
    lock: { mode: 'pessimistic_write' },
  });

/** How many pending invitations of a tenant each of its users stands for. */
export async function pendingBy(tx: EntityManager, tenantId: string): Promise<Map<string, number>> {
  const rows: { userId: string; pending: string }[] = await tx.query(
    `SELECT COALESCE(standsForId, invitedById) AS userId, COUNT(*) AS pending FROM invitations
     WHERE tenantId = ? AND status = 'pending' AND (standsForId IS NOT NULL OR invitedByType = 'user') GROUP BY userId`,
    [tenantId],
  );
  return new Map(rows.map(({ userId, pending }) => [userId, Number(pending)]));
}

async function end(tx: EntityManager, actor: Actor, invitations: readonly Invitation[], reason: RevokedReason) {
  for (const { id, tenantId } of invitations) {
    await tx.update(Invitation, { id }, { status: 'revoked', pending: null, revokedReason: reason });
    await withdrawEmails(tx, id);
    const changes = { status: { from: 'pending', to: 'revoked' } };
    const about = { resource: 'invitations', resourceId: id, tenantId };
    await recordAudit(tx, { actor, action: 'invitation.revoke', ...about, changes, reason });
  }
}

/** The owner who has been in the tenant longest, the leaver apart. */
async function oldestOwner(tx: EntityManager, tenantId: string, userId: string): Promise<User | null> {
  const where = { tenantId, role: 'owner' as const, userId: Not(userId) };
  const [owner] = await tx.find(Membership, { where, order: { createdAt: 'ASC', id: 'ASC' }, take: 1 });
  return owner ? tx.findOneBy(User, { id: owner.userId, status: 'active' }) : null;
}

/**
 * What becomes of a member's pending invitations, in the transaction that lets the member go: whoever leaves hands them
 * over to the longest-standing owner; those of a member who is put out end.
 */
export async function inviterWent(tx: EntityManager, actor: Actor, { tenantId, userId }: Membership): Promise<void> {
  const invitations = await standingBy(tx, tenantId, userId);
  if (invitations.length === 0) return;
  const left = actor.type === 'user' && actor.id === userId;
  const owner = left ? await oldestOwner(tx, tenantId, userId) : null;
  if (!owner) return end(tx, actor, invitations, 'inviter_removed');
  const standsForName = (owner.name || owner.email || 'An owner').slice(0, 120);
  for (const { id, standsForId } of invitations) {
    await tx.update(Invitation, { id }, { standsForId: owner.id, standsForName });
    await recordAudit(tx, {
      actor,
      action: 'invitation.hand-over',
      resource: 'invitations',
      resourceId: id,
      tenantId,
      changes: { standsForId: { from: standsForId, to: owner.id } },
    });
  }
}

/** Ends what a member could not invite any more in the new role. */
export async function inviterDemoted(
  tx: EntityManager,
  actor: Actor,
  { tenantId, userId }: Membership,
  role: TenantRole,
): Promise<void> {
  const invitations = await standingBy(tx, tenantId, userId);
  const may = canInTenant(role, 'invitations:create');
  const lost = invitations.filter((one) => !may || !mayGrantRole(role, one.role));
  await end(tx, actor, lost, 'inviter_demoted');
}

/** Ends all that a suspended user invited to one tenant, whose row the caller holds locked. */
export async function inviterSuspended(
  tx: EntityManager,
  actor: Actor,
  tenantId: string,
  userId: string,
): Promise<void> {
  await end(tx, actor, await standingBy(tx, tenantId, userId), 'inviter_suspended');
}
