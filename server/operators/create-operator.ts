import type { DataSource } from 'typeorm';
import { emailKey } from '../../domain/invitation';
import type { OperatorRole } from '../../domain/permissions';
import type { Actor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import { newId } from '../db/id';
import { inTransaction, isDuplicate } from '../db/transaction';
import { conflict } from '../errors';
import { Operator } from './operator.entity';
import { hashPassword } from './password';

export interface NewOperator {
  email: string;
  name: string;
  role: OperatorRole;
  password: string;
}

/** Adds an operator and gives the id. Throws 409 where the address is taken. */
export async function createOperator(
  db: DataSource,
  actor: Actor,
  { email, name, role, password }: NewOperator,
): Promise<string> {
  const id = newId('opr');
  const passwordHash = await hashPassword(password);
  try {
    await inTransaction(db, async (tx) => {
      await tx.insert(Operator, { id, email: email.trim(), emailKey: emailKey(email), name, role, passwordHash });
      const changes = {
        email: { from: null, to: email },
        name: { from: null, to: name },
        role: { from: null, to: role },
      };
      await recordAudit(tx, { actor, action: 'operator.create', resource: 'operators', resourceId: id, changes });
    });
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    throw conflict('email_taken', 'An operator with this address exists already.', {
      email: 'An operator with this address exists already.',
    });
  }
  return id;
}

/** Makes the admin of the settings where nobody bears its address. Gives whether one was made. */
export async function ensureFirstOperator(
  db: DataSource,
  actor: Actor,
  first: { email: string; password: string },
): Promise<boolean> {
  if (await db.getRepository(Operator).existsBy({ emailKey: emailKey(first.email) })) return false;
  try {
    await createOperator(db, actor, { ...first, name: first.email.split('@')[0]!, role: 'admin' });
    return true;
  } catch (error) {
    if (await db.getRepository(Operator).existsBy({ emailKey: emailKey(first.email) })) return false;
    throw error;
  }
}
