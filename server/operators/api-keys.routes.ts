import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { OPERATOR_ROLES } from '../../domain/permissions';
import { changesBetween, recordAudit } from '../audit/record';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { invalid, notFound } from '../errors';
import { type OperatorRoute, operatorRoute, presentOne, readRoutes } from '../http/operator-api';
import type { Listing } from '../http/simple-rest';
import { ApiKey } from './api-key.entity';
import { createApiKey } from './create-api-key';

export const apiKeysListing: Listing<ApiKey> & { name: 'api-keys' } = {
  name: 'api-keys',
  entity: ApiKey,
  sorts: ['createdAt'],
  defaultSort: ['createdAt', 'DESC'],
  filters: { role: 'word' },
  present: async (rows) =>
    rows.map(({ secretHash: _hash, createdByType: type, createdById: id, createdByName: name, ...key }) => ({
      ...key,
      createdBy: { type, id, name },
    })),
};

const fields = {
  name: z.string('is required.').trim().min(1, 'is required.').max(120),
  expiresAt: z.iso
    .datetime({ offset: true, error: 'must be an ISO 8601 time.' })
    .transform((value) => new Date(value))
    .nullish(),
};
const NewKeyBody = z.object({
  ...fields,
  role: z.enum(OPERATOR_ROLES, `must be one of ${OPERATOR_ROLES.join(', ')}.`),
});
const KeyBody = z.object(fields).partial();

async function locked(tx: EntityManager, id: string): Promise<ApiKey> {
  const key = await tx.findOne(ApiKey, { where: { id }, lock: { mode: 'pessimistic_write' } });
  if (!key) throw notFound('api-key', id);
  return key;
}

/** Keys for programs. The secret is in the answer that makes a key, and nowhere else. */
export function apiKeyRoutes(context: Context): OperatorRoute[] {
  const requireFuture = (expiresAt: Date | null | undefined) => {
    if (expiresAt && expiresAt <= context.now())
      throw invalid({ expiresAt: 'must be in the future; delete a key to end it now.' });
  };
  return [
    ...readRoutes(context, apiKeysListing),
    operatorRoute({
      method: 'post',
      path: '/api-keys',
      access: 'api-keys:create',
      summary: 'Make a key for a program; its secret is in this answer alone',
      status: 201,
      body: NewKeyBody,
      async handle({ body: { name, role, expiresAt = null }, caller: { actor } }) {
        requireFuture(expiresAt);
        const { id, secret } = await createApiKey(context.db, actor, { name, role, expiresAt });
        return { ...(await presentOne(context, apiKeysListing, id)), secret };
      },
    }),
    operatorRoute({
      method: 'put',
      path: '/api-keys/:id',
      access: 'api-keys:update',
      summary: 'Rename a key, or change when it ends; its role never changes',
      body: KeyBody,
      async handle({ params, body, caller: { actor } }) {
        await inTransaction(context.db, async (tx) => {
          const key = await locked(tx, params.id!);
          const changes = changesBetween<ApiKey>(key, { ...key, ...body }, ['name', 'expiresAt']);
          if (changes.expiresAt) requireFuture(body.expiresAt);
          if (Object.keys(changes).length === 0) return;
          await tx.update(ApiKey, { id: key.id }, body);
          await recordAudit(tx, { actor, action: 'api-key.update', resource: 'api-keys', resourceId: key.id, changes });
        });
        return presentOne(context, apiKeysListing, params.id!);
      },
    }),
    operatorRoute({
      method: 'delete',
      path: '/api-keys/:id',
      access: 'api-keys:delete',
      summary: 'End a key at once',
      async handle({ params, caller: { actor } }) {
        const record = await presentOne(context, apiKeysListing, params.id!);
        await inTransaction(context.db, async (tx) => {
          const { id, name, role, prefix } = await locked(tx, params.id!);
          await tx.delete(ApiKey, { id });
          const told = Object.entries({ name, role, prefix });
          const changes = Object.fromEntries(told.map(([field, from]) => [field, { from, to: null }]));
          await recordAudit(tx, { actor, action: 'api-key.delete', resource: 'api-keys', resourceId: id, changes });
        });
        return record;
      },
    }),
  ];
}
