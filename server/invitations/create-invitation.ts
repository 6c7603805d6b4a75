import { type EntityManager, LessThanOrEqual } from 'typeorm';
import { emailKey } from '../../domain/invitation';
import { mayGrantRole, type TenantRole } from '../../domain/permissions';
import type { Actor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import { newId } from '../db/id';
import { type NewEmail, queueEmail } from '../emails/queue-email';
import { requireMailable } from '../emails/suppressions';
import { conflict, forbidden } from '../errors';
import { randomToken, sha256 } from '../secrets';
import { requireSeat } from '../tenants/require-seat';
import type { Tenant } from '../tenants/tenant.entity';
import { Invitation } from './invitation.entity';
import { InvitationToken } from './invitation-token.entity';

export interface NewInvitation {
  email: string;
  role: TenantRole;
  /** The inviter's own role in the tenant; left out for operators, who may give any. */
  inviterRole?: TenantRole;
  /** How long it is good, from each sending on; INVITATION_TTL_DAYS where left out. */
  expiresInDays?: number;
}

/** Throws 403 or 409 where nobody can be invited to, or join, this tenant. */
export function requireOpenTenant(tenant: Tenant): void {
  if (tenant.status === 'suspended')
    throw forbidden('This tenant is suspended. Reactivate it first.', 'tenant_suspended');
  if (tenant.status === 'deleted') throw conflict('tenant_deleted', 'This tenant is deleted. Restore it first.');
}

export const inDays = ({ now }: Context, days: number): Date => new Date(now().getTime() + days * 86_400_000);

type Mailed = Pick<Invitation, 'id' | 'email' | 'role' | 'invitedByName' | 'expiresAt' | 'termDays'> & {
  standsForName?: string | null;
};

/** Who invites, as the invited one is told: whoever stands for it since the inviter left. */
export const inviterOf = ({ invitedByName, standsForName }: Pick<Mailed, 'invitedByName' | 'standsForName'>): string =>
  standsForName ?? invitedByName;

/** Remembers a new token's hash, from which its age can be told. */
export const keepToken = (tx: EntityManager, { now }: Context, invitationId: string, tokenHash: string) =>
  tx.insert(InvitationToken, { tokenHash, invitationId, createdAt: now() });

/** The mail of an invitation; the token stands in it alone, sealed. */
export const draftMail = (tenant: Tenant, invitation: Mailed, token: string): NewEmail => ({
  kind: 'invitation',
  to: invitation.email,
  data: {
    tenantName: tenant.name,
    inviterName: inviterOf(invitation),
    role: invitation.role,
    expiresAt: invitation.expiresAt.toISOString(),
    termDays: String(invitation.termDays),
  },
  secret: token,
  invitationId: invitation.id,
  tenantId: tenant.id,
});

/** Queues the mail of an invitation. */
export async function mailInvitation(
  tx: EntityManager,
  context: Context,
  tenant: Tenant,
  invitation: Mailed,
  token: string,
): Promise<void> {
  await keepToken(tx, context, invitation.id, sha256(token));
  await queueEmail(tx, context, draftMail(tenant, invitation, token));
}

/**
 * Invites an address to a tenant, whose row the caller holds locked, and queues the mail. One pending invitation per
 * tenant and address: a second one throws 409 `already_invited`.
 */
export async function createInvitation(
  tx: EntityManager,
  context: Context,
  actor: Actor,
  tenant: Tenant,
  given: NewInvitation,
): Promise<Invitation> {
  const { email, role, inviterRole, expiresInDays: termDays = context.config.invitationTtlDays } = given;
  requireOpenTenant(tenant);
  await requireMailable(tx, email);
  if (inviterRole && !mayGrantRole(inviterRole, role))
    throw forbidden("You can't give a role above your own.", 'role_above_own');
  const now = context.now();
  const key = emailKey(email);
  await tx.update(
    Invitation,
    { tenantId: tenant.id, emailKey: key, status: 'pending', expiresAt: LessThanOrEqual(now) },
    { status: 'expired', pending: null },
  );
  if (await tx.existsBy(Invitation, { tenantId: tenant.id, emailKey: key, pending: 1 })) {
    const message = 'This address has a pending invitation already. Resend that one.';
    throw conflict('already_invited', message, { email: message });
  }
  await requireSeat(tx, tenant, now);
  const token = randomToken();
  const row = {
    id: newId('inv'),
    tenantId: tenant.id,
    email: email.trim(),
    emailKey: key,
    role,
    tokenHash: sha256(token),
    termDays,
    expiresAt: inDays(context, termDays),
    invitedByType: actor.type,
    invitedById: actor.id,
    invitedByName: actor.name,
  };
  await tx.insert(Invitation, row);
  await mailInvitation(tx, context, tenant, row, token);
  const changes = { email: { from: null, to: row.email }, role: { from: null, to: role } };
  await recordAudit(tx, {
    actor,
    action: 'invitation.create',
    resource: 'invitations',
    resourceId: row.id,
    tenantId: tenant.id,
    changes,
  });
  return tx.findOneByOrFail(Invitation, { id: row.id });
}
