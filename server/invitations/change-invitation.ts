import type { EntityManager } from 'typeorm';
import { type InvitationAction, type InvitationStatus, moveInvitation } from '../../domain/invitation';
import type { Actor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import { isDuplicate } from '../db/transaction';
import { withdrawEmails } from '../emails/queue-email';
import { conflict, notFound } from '../errors';
import { randomToken, sha256 } from '../secrets';
import { lockTenant } from '../tenants/change-tenant';
import { requireSeat } from '../tenants/require-seat';
import type { Tenant } from '../tenants/tenant.entity';
import { expiryFrom, mailInvitation, requireOpenTenant } from './create-invitation';
import { Invitation } from './invitation.entity';

/** The invitation and its tenant, both locked: always the tenant first, so that verbs queue up instead of deadlocking. */
export async function lockInvitation(
  tx: EntityManager,
  id: string,
  tenantId?: string,
): Promise<{ invitation: Invitation; tenant: Tenant }> {
  const found = await tx.findOneBy(Invitation, tenantId ? { id, tenantId } : { id });
  if (!found) throw notFound('invitation', id);
  const tenant = await lockTenant(tx, found.tenantId);
  const invitation = await tx.findOneOrFail(Invitation, { where: { id }, lock: { mode: 'pessimistic_write' } });
  return { invitation, tenant };
}

/** The status that `action` leads to now. Throws 409 with the reason where the invitation can't take it. */
export function requireMove(action: InvitationAction, invitation: Invitation, now: Date): InvitationStatus {
  const move = moveInvitation(action, invitation, now);
  if (!move.ok) throw conflict(move.code, move.message);
  return move.next;
}

/**
 * Sends an invitation again: a new token (older links end), a new term, the same row. An expired one is pending again,
 * where its seat is still free and no other invitation of the address is pending.
 */
export async function resendInvitation(
  tx: EntityManager,
  context: Context,
  actor: Actor,
  invitation: Invitation,
  tenant: Tenant,
): Promise<void> {
  const now = context.now();
  requireOpenTenant(tenant);
  const status = requireMove('resend', invitation, now);
  await requireSeat(tx, tenant, now, invitation.id);
  const token = randomToken();
  const change = {
    status,
    pending: 1 as const,
    tokenHash: sha256(token),
    expiresAt: expiryFrom(context),
    deliveryStatus: 'queued' as const,
  };
  try {
    await tx.update(Invitation, { id: invitation.id }, change);
  } catch (error) {
    if (isDuplicate(error))
      throw conflict('already_invited', 'This address has another pending invitation. Resend that one.');
    throw error;
  }
  await withdrawEmails(tx, invitation.id);
  await mailInvitation(tx, context, tenant, { ...invitation, ...change }, token);
  const changes = {
    status: { from: invitation.status, to: status },
    expiresAt: { from: invitation.expiresAt, to: change.expiresAt },
  };
  await recordAudit(tx, {
    actor,
    action: 'invitation.resend',
    resource: 'invitations',
    resourceId: invitation.id,
    tenantId: tenant.id,
    changes,
  });
}

/** Withdraws an invitation: its link ends, and a mail not yet sent is given up. */
export async function revokeInvitation(
  tx: EntityManager,
  { now }: Context,
  actor: Actor,
  invitation: Invitation,
): Promise<void> {
  const status = requireMove('revoke', invitation, now());
  await tx.update(Invitation, { id: invitation.id }, { status, pending: null });
  await withdrawEmails(tx, invitation.id);
  const changes = { status: { from: invitation.status, to: status } };
  await recordAudit(tx, {
    actor,
    action: 'invitation.revoke',
    resource: 'invitations',
    resourceId: invitation.id,
    tenantId: invitation.tenantId,
    changes,
  });
}
