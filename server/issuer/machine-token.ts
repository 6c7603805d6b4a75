import { SignJWT } from 'jose';
import { type EntityManager, IsNull } from 'typeorm';
import type { Scope } from '../../domain/permissions';
import type { Actor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import { newId } from '../db/id';
import { inTransaction, LostRace } from '../db/transaction';
import { notFound } from '../errors';
import { Membership } from '../memberships/membership.entity';
import { User } from '../users/user.entity';
import { AUDIENCE } from './access-token';
import { IssuerKey, MachineToken } from './issuer.entities';
import { issuerUrl, SigningKeys } from './signing-key';

export interface NewMachineToken {
  name: string;
  userId: string;
  /** Only in this tenant; in all of the user's where left out. */
  tenantId?: string | null;
  /** All that the user may where left out. */
  scopes?: Scope[] | null;
  expiresAt: Date;
  /** A built-in issuer's name. */
  issuer: string;
}

async function requireMember(tx: EntityManager, { userId, tenantId }: NewMachineToken): Promise<void> {
  if (!(await tx.existsBy(User, { id: userId }))) throw notFound('user', userId);
  if (tenantId && !(await tx.existsBy(Membership, { userId, tenantId }))) throw notFound('tenant', tenantId);
}

/**
 * Signs a token by which a program acts as a user. Gives its id, by which it is revoked, and the token, which is not
 * kept. Throws 404 for a user, an issuer, or a tenant of which the user is no member.
 */
export async function makeMachineToken(
  context: Context,
  actor: Actor,
  given: NewMachineToken,
): Promise<{ id: string; token: string }> {
  const { name, userId, tenantId = null, scopes = null, expiresAt, issuer } = given;
  const id = newId('mtk');
  const { kid, alg, key } = await inTransaction(context.db, async (tx) => {
    await requireMember(tx, given);
    const signing = await new SigningKeys(context, issuer).active();
    const { kid } = signing;
    // A rotation asks what the key has signed: it must not come in between.
    const where = { kid, retiredAt: IsNull() };
    if (!(await tx.findOne(IssuerKey, { where, lock: { mode: 'pessimistic_read' } })))
      throw new LostRace('The key was rotated meanwhile.');
    await tx.insert(MachineToken, { id, name, issuer, kid, userId, tenantId, scopes, expiresAt });
    const told = Object.entries({ name, issuer, userId, scopes, expiresAt });
    const changes = Object.fromEntries(told.map(([field, to]) => [field, { from: null, to }]));
    const resource = 'machine-tokens';
    await recordAudit(tx, { actor, action: 'machine-token.create', resource, resourceId: id, tenantId, changes });
    return signing;
  });
  const token = await new SignJWT({
    ...(scopes ? { scope: scopes.join(' ') } : {}),
    ...(tenantId ? { tenant: tenantId } : {}),
  })
    .setProtectedHeader({ alg, kid, typ: 'JWT' })
    .setJti(id)
    .setIssuer(issuerUrl(context.config, issuer))
    .setAudience(AUDIENCE)
    .setSubject(userId)
    .setIssuedAt(Math.floor(context.now().getTime() / 1000))
    .setExpirationTime(expiresAt)
    .sign(key);
  return { id, token };
}

/** Ends a token at once; a second time changes nothing. Throws 404. */
export async function revokeMachineToken(context: Context, actor: Actor, id: string): Promise<void> {
  const { db, now } = context;
  await inTransaction(db, async (tx) => {
    const token = await tx.findOne(MachineToken, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!token) throw notFound('token', id);
    if (token.revokedAt) return;
    const revokedAt = now();
    await tx.update(MachineToken, { id }, { revokedAt });
    await recordAudit(tx, {
      actor,
      action: 'machine-token.revoke',
      resource: 'machine-tokens',
      resourceId: id,
      tenantId: token.tenantId,
      changes: { revokedAt: { from: null, to: revokedAt } },
    });
  });
}

const SEEN_EVERY_MS = 60_000;

/** The token with this `jti`, while it is good. Notes that it was used, to the minute. */
export async function liveMachineToken({ db, now }: Context, id: string): Promise<MachineToken | null> {
  const token = await db.getRepository(MachineToken).findOneBy({ id });
  if (!token || token.revokedAt || token.expiresAt <= now()) return null;
  if (!token.lastUsedAt || +now() - +token.lastUsedAt > SEEN_EVERY_MS)
    await db.getRepository(MachineToken).update({ id }, { lastUsedAt: now() });
  return token;
}
