import { type EntityManager, MoreThan } from 'typeorm';
import { emailKey, type InvitationAction, type InvitationStatus, moveInvitation } from '../../domain/invitation';
import type { Actor } from '../audit/actor';
import { changesBetween, recordAudit } from '../audit/record';
import type { Context } from '../context';
import { isDuplicate } from '../db/transaction';
import { withdrawEmails } from '../emails/queue-email';
import { requireMailable } from '../emails/suppressions';
import { conflict, invalid, notFound, tooMany } from '../errors';
import { randomToken, sha256 } from '../secrets';
import { lockTenant } from '../tenants/change-tenant';
import { requireSeat } from '../tenants/require-seat';
import type { Tenant } from '../tenants/tenant.entity';
import { inDays, keepToken, mailInvitation, requireOpenTenant } from './create-invitation';
import { Invitation, type RevokedReason } from './invitation.entity';
import { InvitationToken } from './invitation-token.entity';

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

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const A_DAY = 5;

/**
 * One fresh link a minute and five a day for each invitation, the first send apart; counted under the invitation's
 * lock, by the tokens that it had. Throws 429 with the seconds to wait.
 */
async function requireFreshLink(tx: EntityManager, { now }: Context, { id }: Invitation): Promise<void> {
  const tokens = await tx.find(InvitationToken, { where: { invitationId: id }, order: { createdAt: 'ASC' }, take: 1 });
  const lately = { invitationId: id, createdAt: MoreThan(new Date(+now() - DAY_MS)) };
  const recent = await tx.find(InvitationToken, { where: lately, order: { createdAt: 'DESC' } });
  const again = recent.filter(({ tokenHash }) => tokenHash !== tokens[0]?.tokenHash).map(({ createdAt }) => +createdAt);
  const wait = (from: number | undefined, term: number) => (from === undefined ? 0 : (from + term - +now()) / 1000);
  const soon = wait(again[0], MINUTE_MS);
  if (soon > 0) throw tooMany(`It was sent a moment ago. Wait ${Math.ceil(soon)} s, then try again.`, soon);
  const later = wait(again[A_DAY - 1], DAY_MS);
  if (later > 0)
    throw tooMany(
      `It was sent again ${A_DAY} times within a day. Try again in ${Math.ceil(later / 3600)} h, or withdraw it and invite anew.`,
      later,
    );
}

type Change = Partial<
  Pick<Invitation, 'status' | 'pending' | 'tokenHash' | 'expiresAt' | 'email' | 'emailKey' | 'deliveryStatus'>
>;
const TOLD = ['status', 'expiresAt', 'email'] as const satisfies (keyof Change)[];

/** Makes an invitation pending by `change`, with its audit entry. Throws 409 where its address has another. */
async function reopen(
  tx: EntityManager,
  actor: Actor,
  action: InvitationAction,
  invitation: Invitation,
  change: Change,
): Promise<Invitation> {
  const next = { ...invitation, ...change };
  try {
    await tx.update(Invitation, { id: invitation.id }, change);
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    const message = 'This address has another pending invitation. Resend that one.';
    throw conflict('already_invited', message, { email: message });
  }
  await recordAudit(tx, {
    actor,
    action: `invitation.${action}`,
    resource: 'invitations',
    resourceId: invitation.id,
    tenantId: invitation.tenantId,
    changes: changesBetween<Invitation>(invitation, next, TOLD),
  });
  return next;
}

/** A new token and a new term: older links end, and a mail that waits is given up. */
async function renew(
  tx: EntityManager,
  context: Context,
  actor: Actor,
  action: 'resend' | 'link' | 'readdress',
  { invitation, tenant }: { invitation: Invitation; tenant: Tenant },
  change: Change,
): Promise<{ invitation: Invitation; token: string }> {
  const now = context.now();
  requireOpenTenant(tenant);
  const status = requireMove(action, invitation, now);
  await requireSeat(tx, tenant, now, invitation.id);
  await requireFreshLink(tx, context, invitation);
  const token = randomToken();
  const renewed = { tokenHash: sha256(token), expiresAt: inDays(context, invitation.termDays) };
  const next = await reopen(tx, actor, action, invitation, { status, pending: 1, ...renewed, ...change });
  await withdrawEmails(tx, invitation.id);
  return { invitation: next, token };
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
  await requireMailable(tx, invitation.email);
  const change = { deliveryStatus: 'queued' as const };
  const renewed = await renew(tx, context, actor, 'resend', { invitation, tenant }, change);
  await mailInvitation(tx, context, tenant, renewed.invitation, renewed.token);
}

/** Corrects the address, and sends the invitation there as resendInvitation does. Throws 400 where it is the same. */
export async function readdressInvitation(
  tx: EntityManager,
  context: Context,
  actor: Actor,
  invitation: Invitation,
  tenant: Tenant,
  email: string,
): Promise<void> {
  const key = emailKey(email);
  if (key === invitation.emailKey) throw invalid({ email: 'is the address that it was sent to. Resend it instead.' });
  await requireMailable(tx, email);
  const change = { email: email.trim(), emailKey: key, deliveryStatus: 'queued' as const };
  const renewed = await renew(tx, context, actor, 'readdress', { invitation, tenant }, change);
  await mailInvitation(tx, context, tenant, renewed.invitation, renewed.token);
}

/** Gives a fresh link, to be handed over by hand: no mail is sent, and the link in the last one ends. */
export async function linkInvitation(
  tx: EntityManager,
  context: Context,
  actor: Actor,
  invitation: Invitation,
  tenant: Tenant,
): Promise<{ url: string; expiresAt: Date }> {
  // A mail that waits is given up: there is nothing more to tell of its delivery.
  const change = invitation.deliveryStatus === 'queued' ? { deliveryStatus: 'failed' as const } : {};
  const renewed = await renew(tx, context, actor, 'link', { invitation, tenant }, change);
  await keepToken(tx, context, invitation.id, renewed.invitation.tokenHash);
  return { url: joinUrl(context, renewed.token), expiresAt: renewed.invitation.expiresAt };
}

/** The link that makes its holder a member once they accept. The fragment keeps the token out of logs and referrers. */
export const joinUrl = ({ config }: Pick<Context, 'config'>, token: string): string =>
  `${config.publicUrl}/join#token=${token}`;

/** Lets an invitation end so many days from now; its link stays what it is, and works again where it had expired. */
export async function extendInvitation(
  tx: EntityManager,
  context: Context,
  actor: Actor,
  invitation: Invitation,
  tenant: Tenant,
  days: number,
): Promise<void> {
  const now = context.now();
  requireOpenTenant(tenant);
  const status = requireMove('extend', invitation, now);
  await requireSeat(tx, tenant, now, invitation.id);
  await reopen(tx, actor, 'extend', invitation, { status, pending: 1, expiresAt: inDays(context, days) });
}

/** Withdraws an invitation: its link ends, and a mail not yet sent is given up. */
export async function revokeInvitation(
  tx: EntityManager,
  { now }: Pick<Context, 'now'>,
  actor: Actor,
  invitation: Invitation,
  revokedReason: RevokedReason | null = null,
): Promise<void> {
  const status = requireMove('revoke', invitation, now());
  await tx.update(Invitation, { id: invitation.id }, { status, pending: null, revokedReason });
  await withdrawEmails(tx, invitation.id);
  await recordAudit(tx, {
    actor,
    action: 'invitation.revoke',
    resource: 'invitations',
    resourceId: invitation.id,
    tenantId: invitation.tenantId,
    changes: { status: { from: invitation.status, to: status } },
    reason: revokedReason,
  });
}
