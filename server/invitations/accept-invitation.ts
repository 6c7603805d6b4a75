import type { EntityManager } from 'typeorm';
import { emailKey, moveInvitation, statusAt } from '../../domain/invitation';
import type { TenantRole } from '../../domain/permissions';
import type { Actor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import { withdrawEmails } from '../emails/queue-email';
import { conflict, forbidden, ProblemError } from '../errors';
import { addMember } from '../memberships/members';
import { Membership } from '../memberships/membership.entity';
import { sha256 } from '../secrets';
import { requireSeat } from '../tenants/require-seat';
import { Tenant } from '../tenants/tenant.entity';
import type { User } from '../users/user.entity';
import { lockInvitation } from './change-invitation';
import { inviterOf } from './create-invitation';
import { Invitation } from './invitation.entity';
import { InvitationToken } from './invitation-token.entity';

const gone = (code: string, detail: string) =>
  new ProblemError({ status: 410, code, title: 'Invitation is over', detail });
const unknownToken = () =>
  new ProblemError({
    status: 404,
    code: 'invitation_not_found',
    title: 'Not found',
    detail: 'This link is not complete or not ours. Open the link in the newest mail, whole.',
  });
const unavailable = () =>
  gone('tenant_unavailable', 'The team that invited you is not available any more. Ask whoever invited you.');

/** The id of the invitation whose newest token this is. Throws 404 for an unknown token, 410 for an older one. */
async function findByToken(tx: EntityManager, token: string): Promise<string> {
  const tokenHash = sha256(token);
  const known = await tx.findOneBy(InvitationToken, { tokenHash });
  if (!known) throw unknownToken();
  const invitation = await tx.findOneByOrFail(Invitation, { id: known.invitationId });
  if (invitation.tokenHash !== tokenHash)
    throw gone('invitation_replaced', 'A newer invitation was sent to you. Open the link in the newest mail.');
  return invitation.id;
}

export interface Preview {
  tenantId: string;
  tenantName: string;
  inviterName: string;
  role: TenantRole;
  email: string;
  status: 'pending';
  expiresAt: Date;
}

/** Throws 409 `seats_full` in words for whoever was invited; the seats may have been taken away meanwhile. */
const requireOwnSeat = (tx: EntityManager, tenant: Tenant, invitation: Invitation, now: Date): Promise<void> =>
  requireSeat(tx, tenant, now, invitation.id).catch((error: unknown) => {
    if (!(error instanceof ProblemError)) throw error;
    const who = inviterOf(invitation);
    throw conflict(
      'seats_full',
      `The team has no seat free just now. Ask ${who} to free one, then open this link again.`,
    );
  });

/** What the page of a link shows, to whoever holds the token. Changes nothing. Throws 404 or 410 with the reason. */
export async function previewInvitation({ db, now }: Context, token: string): Promise<Preview> {
  const invitation = await db.getRepository(Invitation).findOneByOrFail({ id: await findByToken(db.manager, token) });
  const tenant = await db.getRepository(Tenant).findOneByOrFail({ id: invitation.tenantId });
  const move = moveInvitation('accept', invitation, now());
  if (!move.ok) throw gone(move.code, move.message);
  if (tenant.status === 'deleted') throw unavailable();
  if (tenant.status === 'suspended')
    throw forbidden('The team that invited you is suspended just now. Ask whoever invited you.', 'tenant_suspended');
  await requireOwnSeat(db.manager, tenant, invitation, now());
  const { role, email, expiresAt } = invitation;
  const { id: tenantId, name: tenantName } = tenant;
  return { tenantId, tenantName, inviterName: inviterOf(invitation), role, email, status: 'pending', expiresAt };
}

/**
 * Makes `user` a member by the invitation's token; atomic, and whoever comes second is told so. A member already gets
 * the same membership, and the invitation stays open for somebody else.
 */
export async function acceptInvitation(
  tx: EntityManager,
  context: Context,
  actor: Actor,
  token: string,
  user: User,
): Promise<Membership> {
  const { invitation, tenant } = await lockInvitation(tx, await findByToken(tx, token));
  if (invitation.tokenHash !== sha256(token))
    throw gone('invitation_replaced', 'A newer invitation was sent to you. Open the link in the newest mail.');
  if (tenant.status === 'deleted') throw unavailable();
  const member = await tx.findOneBy(Membership, { tenantId: tenant.id, userId: user.id });
  if (member) return member;
  const now = context.now();
  const move = moveInvitation('accept', invitation, now);
  if (!move.ok) throw gone(move.code, move.message);
  if (tenant.status === 'suspended')
    throw forbidden('The team that invited you is suspended just now. Ask whoever invited you.', 'tenant_suspended');
  await requireOwnSeat(tx, tenant, invitation, now);
  const membership = await addMember(tx, actor, tenant.id, {
    userId: user.id,
    role: invitation.role,
    invitationId: invitation.id,
  });
  const addressMismatch = user.email === null || emailKey(user.email) !== invitation.emailKey;
  await tx.update(
    Invitation,
    { id: invitation.id },
    { status: move.next, pending: null, acceptedAt: now, acceptedByUserId: user.id, addressMismatch },
  );
  await withdrawEmails(tx, invitation.id);
  const changes = {
    status: { from: statusAt(invitation, now), to: move.next },
    acceptedByUserId: { from: null, to: user.id },
    ...(addressMismatch ? { addressMismatch: { from: false, to: true } } : {}),
  };
  await recordAudit(tx, {
    actor,
    action: 'invitation.accept',
    resource: 'invitations',
    resourceId: invitation.id,
    tenantId: tenant.id,
    changes,
  });
  return membership;
}
