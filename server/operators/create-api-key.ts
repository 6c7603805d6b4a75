import type { DataSource } from 'typeorm';
import type { OperatorRole } from '../../domain/permissions';
import type { Actor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import { newId } from '../db/id';
import { inTransaction } from '../db/transaction';
import { randomToken, sha256 } from '../secrets';
import { ApiKey } from './api-key.entity';

export interface NewApiKey {
  name: string;
  role: OperatorRole;
  /** Null: never. */
  expiresAt: Date | null;
}

/** What the secret of every key begins with, so that scanners for leaked secrets can know it. */
const MARK = 'tk_';
const SHOWN = 8;

/** Makes a key for a program. Gives its id, and its secret, which can't be had again: only its hash is kept. */
export async function createApiKey(
  db: DataSource,
  actor: Actor,
  { name, role, expiresAt }: NewApiKey,
): Promise<{ id: string; secret: string }> {
  const id = newId('key');
  const secret = `${MARK}${randomToken()}`;
  const prefix = secret.slice(0, MARK.length + SHOWN);
  const by = { createdByType: actor.type, createdById: actor.id, createdByName: actor.name };
  await inTransaction(db, async (tx) => {
    await tx.insert(ApiKey, { id, name, role, prefix, secretHash: sha256(secret), expiresAt, ...by });
    const told = Object.entries({ name, role, prefix, expiresAt });
    const changes = Object.fromEntries(told.map(([field, to]) => [field, { from: null, to }]));
    await recordAudit(tx, { actor, action: 'api-key.create', resource: 'api-keys', resourceId: id, changes });
  });
  return { id, secret };
}
