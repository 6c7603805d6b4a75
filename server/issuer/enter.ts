import type { EntityManager } from 'typeorm';
import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import type { KnownUser, Origin } from './user-of-identity';
import { openSession } from './user-session';

/** Signs a user in to the portal: opens a session, whose secret it gives, and says so in the audit trail. */
export async function enter(
  tx: EntityManager,
  context: Context,
  known: KnownUser,
  origin: Origin,
  agent: string | undefined,
): Promise<string> {
  const { user, identity } = known;
  const token = await openSession(tx, context, known, agent);
  await recordAudit(tx, {
    actor: { type: 'user', id: user.id, name: user.name || identity.email || identity.subject, ...origin },
    action: 'user.sign-in',
    resource: 'users',
    resourceId: user.id,
  });
  return token;
}
