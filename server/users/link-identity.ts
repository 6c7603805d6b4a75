import { In } from 'typeorm';
import type { Actor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import { newId } from '../db/id';
import { inTransaction, isDuplicate, LostRace } from '../db/transaction';
import { conflict, forbidden, notFound } from '../errors';
import { UserSession } from '../issuer/issuer.entities';
import { Membership } from '../memberships/membership.entity';
import { Identity } from './identity.entity';
import { User } from './user.entity';

type Named = Pick<Identity, 'issuer' | 'subject'>;

const changed = (from: Named | null, to: Named | null) => ({
  identity: { from: from && `${from.issuer} ${from.subject}`, to: to && `${to.issuer} ${to.subject}` },
});

/**
 * Ties an identity to a user who has shown that both are theirs. One that has a user of its own already comes over,
 * where that user is in no tenant: two users are never joined.
 * @throws ProblemError 409 `identity_in_use` where its user is in tenants, 403 `user_suspended` where it is suspended
 */
export async function linkIdentity(
  { db }: Context,
  actor: Actor,
  userId: string,
  { issuer, subject, email }: Named & Pick<Identity, 'email'>,
): Promise<void> {
  await inTransaction(db, async (tx) => {
    const found = await tx.findOneBy(Identity, { issuer, subject });
    if (found?.userId === userId) return;
    const ids = [userId, ...(found ? [found.userId] : [])];
    // In the order of their ids, so that two who link each other's identities don't wait in a ring.
    const users = await tx.find(User, {
      where: { id: In(ids) },
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
    if (found) {
      const other = users.find(({ id }) => id === found.userId)!;
      if (other.status === 'suspended')
        throw forbidden('The account of that identity is suspended. Contact support.', 'user_suspended');
      if (await tx.existsBy(Membership, { userId: other.id }))
        throw conflict(
          'identity_in_use',
          'That identity has an account of its own, which is in a team. Leave its teams with it, then link it.',
        );
      const moved = await tx.update(Identity, { id: found.id, userId: other.id }, { userId });
      if (moved.affected !== 1) throw new LostRace('The identity was moved meanwhile.');
      await tx.delete(UserSession, { identityId: found.id });
      const changes = changed(found, null);
      await recordAudit(tx, {
        actor,
        action: 'user.unlink-identity',
        resource: 'users',
        resourceId: other.id,
        changes,
      });
    } else
      await tx.insert(Identity, { id: newId('idn'), issuer, subject, email, userId }).catch((error: unknown) => {
        throw isDuplicate(error) ? new LostRace('The identity was made meanwhile.') : error;
      });
    const changes = changed(null, { issuer, subject });
    await recordAudit(tx, { actor, action: 'user.link-identity', resource: 'users', resourceId: userId, changes });
  });
}

/** Unties an identity, and ends its sessions. Throws 404, and 409 `last_identity`. */
export async function unlinkIdentity({ db }: Context, actor: Actor, userId: string, id: string): Promise<void> {
  await inTransaction(db, async (tx) => {
    await tx.findOneOrFail(User, { where: { id: userId }, lock: { mode: 'pessimistic_write' } });
    const all = await tx.findBy(Identity, { userId });
    const identity = all.find((one) => one.id === id);
    if (!identity) throw notFound('identity', id);
    if (all.length === 1)
      throw conflict('last_identity', 'This is the only way to sign in to this account. Link another one first.');
    await tx.delete(UserSession, { identityId: id });
    await tx.delete(Identity, { id });
    const changes = changed(identity, null);
    await recordAudit(tx, { actor, action: 'user.unlink-identity', resource: 'users', resourceId: userId, changes });
  });
}
