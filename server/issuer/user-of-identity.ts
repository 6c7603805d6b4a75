import { emailKey } from '../../domain/invitation';
import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import { newId } from '../db/id';
import { inTransaction, isDuplicate } from '../db/transaction';
import { forbidden } from '../errors';
import { Identity } from '../users/identity.entity';
import { User } from '../users/user.entity';

/** What a trusted token says of its bearer. */
export interface Bearer {
  issuer: string;
  subject: string;
  /** Null where the token names none, or one that its issuer has not verified. */
  email: string | null;
  name: string;
}

/** Where a request came from, for the audit trail. */
export interface Origin {
  requestId: string;
  ip: string | undefined;
}

export interface KnownUser {
  user: User;
  identity: Identity;
}

/** Both rows at once: every call of the customer API begins with this. */
async function find({ db }: Context, { issuer, subject }: Bearer): Promise<KnownUser | undefined> {
  const [row]: (User & { identityId: string; identityEmail: string | null; identityCreatedAt: Date })[] =
    await db.query(
      `SELECT i.id AS identityId, i.email AS identityEmail,
       i.createdAt AS identityCreatedAt, u.*
     FROM identities i JOIN users u ON u.id = i.userId WHERE i.issuer = ? AND i.subject = ?`,
      [issuer, subject],
    );
  if (!row) return undefined;
  const { identityId: id, identityEmail: email, identityCreatedAt: createdAt, ...user } = row;
  return { user, identity: { id, issuer, subject, email, userId: user.id, createdAt } };
}

async function make({ db }: Context, { issuer, subject, email, name }: Bearer, origin: Origin): Promise<void> {
  const id = newId('usr');
  await inTransaction(db, async (tx) => {
    await tx.insert(User, { id, email, emailKey: email && emailKey(email), name });
    await tx.insert(Identity, { id: newId('idn'), issuer, subject, email, userId: id });
    await recordAudit(tx, {
      actor: { type: 'user', id, name: name || email || subject, ...origin },
      action: 'user.create',
      resource: 'users',
      resourceId: id,
      changes: { email: { from: null, to: email }, name: { from: null, to: name } },
    });
  });
}

/**
 * The user behind a trusted identity; the first call makes the user, once, whatever comes at the same time. Users are
 * never joined because addresses match. Throws 403 `user_suspended`.
 */
export async function userOfIdentity(context: Context, bearer: Bearer, origin: Origin): Promise<KnownUser> {
  let known = await find(context, bearer);
  if (!known) {
    try {
      await make(context, bearer, origin);
    } catch (error) {
      if (!isDuplicate(error)) throw error;
    }
    known = await find(context, bearer);
  }
  if (!known) throw new Error('The user that was just made is not there.');
  if (known.user.status === 'suspended')
    throw forbidden('Your account is suspended. Contact support.', 'user_suspended');
  return known;
}
