import { type EntityManager, In } from 'typeorm';
import { z } from 'zod';
import { EMAIL_ADDRESS, emailKey } from '../../domain/invitation';
import type { Actor } from '../audit/actor';
import { changesBetween, recordAudit } from '../audit/record';
import type { Context } from '../context';
import { newId } from '../db/id';
import { inTransaction } from '../db/transaction';
import { notFound } from '../errors';
import {
  type OperatorRoute,
  operatorRoute,
  presentOne,
  readRoutes,
  requireVersion,
  versionField,
} from '../http/operator-api';
import { type Listing, whereAnyOf } from '../http/simple-rest';
import { inviterSuspended } from '../invitations/inviter-gone';
import { Membership } from '../memberships/membership.entity';
import { lockTenant } from '../tenants/change-tenant';
import { Identity } from './identity.entity';
import { User } from './user.entity';

export const usersListing: Listing<User> & { name: 'users' } = {
  name: 'users',
  entity: User,
  sorts: ['name', 'createdAt', 'lastSeenAt'],
  defaultSort: ['createdAt', 'DESC'],
  filters: {
    status: 'word',
    createdAt: 'moment',
    lastSeenAt: 'moment',
    email: (query, value) => query.andWhere('r.emailKey = :mail', { mail: emailKey(String(value)) }),
    tenantId: (query, value) =>
      whereAnyOf(query, 'r.id IN (SELECT userId FROM memberships WHERE tenantId IN (:...tenantId))', 'tenantId', value),
  },
  search: ['email', 'name'],
  async present(rows, db) {
    const userId = In(rows.map(({ id }) => id));
    const [identities, memberships] =
      rows.length > 0
        ? await Promise.all([
            db.getRepository(Identity).findBy({ userId }),
            db.getRepository(Membership).find({ where: { userId }, select: { id: true, userId: true } }),
          ])
        : [[], []];
    return rows.map(({ emailKey: _key, ...user }) => ({
      ...user,
      identities: identities
        .filter((one) => one.userId === user.id)
        .map(({ issuer, subject }) => ({ issuer, subject })),
      tenantCount: memberships.filter((one) => one.userId === user.id).length,
    }));
  },
};

const fields = {
  name: z.string().trim().max(120),
  email: z.string().max(254).regex(EMAIL_ADDRESS, 'must be an email address.').nullable(),
};
const NewUserBody = z.object({
  email: z.string().max(254).regex(EMAIL_ADDRESS, 'must be an email address.'),
  name: fields.name.optional(),
});
const UserBody = z
  .object({ ...fields, status: z.enum(['active', 'suspended'], 'must be active or suspended.'), ...versionField })
  .partial();

/** What a suspended user invited ends in every tenant; tenants in the order of their ids, so that none wait in a ring. */
async function endInvitationsOf(tx: EntityManager, actor: Actor, userId: string): Promise<void> {
  const memberships = await tx.find(Membership, { where: { userId }, order: { tenantId: 'ASC' } });
  for (const { tenantId } of memberships) {
    await lockTenant(tx, tenantId);
    await inviterSuspended(tx, actor, tenantId, userId);
  }
}

export function userRoutes(context: Context): OperatorRoute[] {
  return [
    ...readRoutes(context, usersListing),
    operatorRoute({
      method: 'post',
      path: '/users',
      access: 'users:create',
      summary: 'Create a user; an identity is added when they first sign in with one',
      status: 201,
      body: NewUserBody,
      async handle({ body: { email, name = '' }, caller }) {
        const id = newId('usr');
        await inTransaction(context.db, async (tx) => {
          await tx.insert(User, { id, email, emailKey: emailKey(email), name });
          const changes = { email: { from: null, to: email }, name: { from: null, to: name } };
          await recordAudit(tx, {
            actor: caller.actor,
            action: 'user.create',
            resource: 'users',
            resourceId: id,
            changes,
          });
        });
        return presentOne(context, usersListing, id);
      },
    }),
    operatorRoute({
      method: 'put',
      path: '/users/:id',
      access: 'users:update',
      summary: 'Change or suspend a user',
      body: UserBody,
      async handle({ params, body: { version, ...given }, caller }) {
        await inTransaction(context.db, async (tx) => {
          const user = await tx.findOne(User, { where: { id: params.id! }, lock: { mode: 'pessimistic_write' } });
          if (!user) throw notFound('user', params.id!);
          await requireVersion(context, usersListing, user, version);
          const changes = changesBetween<User>(user, { ...user, ...given }, ['name', 'email', 'status']);
          if (Object.keys(changes).length === 0) return;
          await tx.update(
            User,
            { id: user.id },
            { ...given, ...(given.email === undefined ? {} : { emailKey: given.email && emailKey(given.email) }) },
          );
          if (changes.status && given.status === 'suspended') await endInvitationsOf(tx, caller.actor, user.id);
          await recordAudit(tx, {
            actor: caller.actor,
            action: 'user.update',
            resource: 'users',
            resourceId: user.id,
            changes,
          });
        });
        return presentOne(context, usersListing, params.id!);
      },
    }),
  ];
}
