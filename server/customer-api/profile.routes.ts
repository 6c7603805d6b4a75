import { MoreThan } from 'typeorm';
import { z } from 'zod';
import { changesBetween, recordAudit } from '../audit/record';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { invalid } from '../errors';
import { UserSession } from '../issuer/issuer.entities';
import { OVERLAP_MS, sessionId } from '../issuer/user-session';
import { linkIdentity, unlinkIdentity } from '../users/link-identity';
import { User } from '../users/user.entity';
import { type UserRoute, userRoute } from './callers';
import { presentIdentities } from './own-tenants';
import type { tokenVerifier } from './verify-token';

const LinkBody = z.object({ token: z.string('is required.').trim().min(1, 'is required.').max(16_384) });
const ProfileBody = z.object({ name: z.string('is required.').trim().max(120) });

async function identitiesOf(context: Context, userId: string) {
  return { identities: await presentIdentities(context.db.manager, userId) };
}

/** The caller's own name, identities and sessions. */
export const profileRoutes = (context: Context, verify: ReturnType<typeof tokenVerifier>): UserRoute[] => [
  userRoute({
    method: 'patch',
    path: '/me',
    access: 'user',
    summary: "Change the caller's name",
    body: ProfileBody,
    handle: ({ caller: { user, actor }, body }) =>
      inTransaction(context.db, async (tx) => {
        const before = await tx.findOneOrFail(User, { where: { id: user.id }, lock: { mode: 'pessimistic_write' } });
        const changes = changesBetween<User>(before, { ...before, ...body }, ['name']);
        if (Object.keys(changes).length > 0) {
          await tx.update(User, { id: user.id }, body);
          await recordAudit(tx, { actor, action: 'user.update', resource: 'users', resourceId: user.id, changes });
        }
        return { id: user.id, email: before.email, name: body.name };
      }),
  }),
  userRoute({
    method: 'post',
    path: '/me/identities',
    access: 'user',
    summary: 'Tie another identity to the caller: its access token in the body is the proof',
    body: LinkBody,
    async handle({ caller, body }) {
      const { bearer, machineTokenId } = await verify(body.token).catch(() => {
        throw invalid({ token: 'is no access token that is good here. Sign in with the other identity once more.' });
      });
      if (machineTokenId !== null) throw invalid({ token: "is a program's, and no identity of a person." });
      await linkIdentity(context, caller.actor, caller.user.id, bearer);
      return identitiesOf(context, caller.user.id);
    },
  }),
  userRoute({
    method: 'delete',
    path: '/me/identities/:identity',
    access: 'user',
    summary: 'Untie an identity from the caller; not the last one',
    async handle({ caller, params }) {
      await unlinkIdentity(context, caller.actor, caller.user.id, params.identity!);
      return identitiesOf(context, caller.user.id);
    },
  }),
  userRoute({
    method: 'get',
    path: '/me/sessions',
    access: 'user',
    summary: 'Where the caller is signed in to the portal',
    async handle({ caller }) {
      const lasting = new Date(context.now().getTime() + OVERLAP_MS);
      const rows = await context.db.getRepository(UserSession).find({
        where: { userId: caller.user.id, expiresAt: MoreThan(lasting) },
        order: { lastUsedAt: 'DESC' },
      });
      return {
        items: rows.map((row) => ({
          id: sessionId(row),
          agent: row.agent,
          lastUsedAt: row.lastUsedAt,
          expiresAt: row.expiresAt,
        })),
        next: null,
      };
    },
  }),
  userRoute({
    method: 'delete',
    path: '/me/sessions',
    access: 'user',
    summary: 'Sign the caller out everywhere; access tokens that are out run out within a quarter of an hour',
    handle: ({ caller: { user, actor } }) =>
      inTransaction(context.db, async (tx) => {
        const { affected } = await tx.delete(UserSession, { userId: user.id });
        await recordAudit(tx, {
          actor,
          action: 'user.sign-out-everywhere',
          resource: 'users',
          resourceId: user.id,
          changes: { sessions: { from: affected ?? 0, to: 0 } },
        });
      }),
  }),
];
