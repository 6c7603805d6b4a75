import { createHmac } from 'node:crypto';
import { type EntityManager, LessThanOrEqual, MoreThan } from 'typeorm';
import type { Context } from '../context';
import { inTransaction, isDuplicate } from '../db/transaction';
import { unauthenticated } from '../errors';
import { randomToken, sha256 } from '../secrets';
import { Identity } from '../users/identity.entity';
import { User } from '../users/user.entity';
import { UserSession } from './issuer.entities';
import type { KnownUser } from './user-of-identity';

export const SESSION_MS = 30 * 86_400_000;
/** How long a rotated token still leads to its successor: two tabs of one browser may refresh at the same time. */
export const OVERLAP_MS = 60_000;

const after = ({ now }: Context, ms: number): Date => new Date(now().getTime() + ms);
const signInAgain = () => unauthenticated('Your session has ended. Sign in again.');

/** The token that follows `token`: the same one whoever asks, so that two tabs end with the same cookie. */
const successorOf = ({ config }: Context, token: string): string =>
  createHmac('sha256', config.appSecret).update(`session successor ${token}`).digest('base64url');

/** What a session is called outside: of its secret's hash nothing is told. */
export const sessionId = ({ tokenHash }: Pick<UserSession, 'tokenHash'>): string => sha256(tokenHash).slice(0, 24);

const MOST_AGENT = 200;

/** Opens a session and gives its secret, which is stored hashed. Sessions of the user that ran out are cleared. */
export async function openSession(
  tx: EntityManager,
  context: Context,
  { user, identity }: KnownUser,
  agent: string | undefined,
): Promise<string> {
  const token = randomToken();
  const now = context.now();
  await tx.delete(UserSession, { userId: user.id, expiresAt: LessThanOrEqual(now) });
  await tx.insert(UserSession, {
    tokenHash: sha256(token),
    userId: user.id,
    identityId: identity.id,
    agent: agent?.slice(0, MOST_AGENT) ?? null,
    expiresAt: after(context, SESSION_MS),
    lastUsedAt: now,
  });
  return token;
}

/** Trades a session's token for the next one; the old one lives a minute more. Throws 401. */
export async function rotateSession(context: Context, token: string): Promise<KnownUser & { token: string }> {
  const { db, now } = context;
  const next = successorOf(context, token);
  const session = await inTransaction(db, async (tx) => {
    const where = { tokenHash: sha256(token), expiresAt: MoreThan(now()) };
    const found = await tx.findOne(UserSession, { where, lock: { mode: 'pessimistic_write' } });
    if (!found) throw signInAgain();
    const ends = after(context, OVERLAP_MS);
    if (found.expiresAt > ends) await tx.update(UserSession, { tokenHash: found.tokenHash }, { expiresAt: ends });
    const { userId, identityId, agent } = found;
    const row = { userId, identityId, agent, expiresAt: after(context, SESSION_MS), lastUsedAt: now() };
    await tx.insert(UserSession, { ...row, tokenHash: sha256(next) }).catch((error: unknown) => {
      if (!isDuplicate(error)) throw error;
    });
    return found;
  });
  const [user, identity] = await Promise.all([
    db.getRepository(User).findOneByOrFail({ id: session.userId }),
    db.getRepository(Identity).findOneByOrFail({ id: session.identityId }),
  ]);
  if (user.status !== 'active') throw signInAgain();
  return { user, identity, token: next };
}

/** The active user whose session's token this is; null where it has ended. */
export async function userOfSession({ db, now }: Context, token: string): Promise<User | null> {
  const where = { tokenHash: sha256(token), expiresAt: MoreThan(now()) };
  const session = await db.getRepository(UserSession).findOneBy(where);
  return session && db.getRepository(User).findOneBy({ id: session.userId, status: 'active' });
}

/** Ends a session, and with it the rotated tokens of the user that would lead to it again. */
export async function closeSession(context: Context, token: string): Promise<void> {
  await inTransaction(context.db, async (tx) => {
    const session = await tx.findOneBy(UserSession, { tokenHash: sha256(token) });
    if (!session) return;
    await tx.delete(UserSession, [
      { tokenHash: session.tokenHash },
      { tokenHash: sha256(successorOf(context, token)) },
      { userId: session.userId, expiresAt: LessThanOrEqual(after(context, OVERLAP_MS)) },
    ]);
  });
}
