import { randomInt, timingSafeEqual } from 'node:crypto';
import { type EntityManager, IsNull, LessThan } from 'typeorm';
import { emailKey } from '../../domain/invitation';
import type { Context } from '../context';
import { newId } from '../db/id';
import { inTransaction } from '../db/transaction';
import { queueEmail } from '../emails/queue-email';
import { ProblemError } from '../errors';
import { sha256 } from '../secrets';
import { SignInCode } from './issuer.entities';

/** Seconds that a code is good for. */
export const CODE_SECONDS = 600;
const MAX_TRIES = 5;

const refused = (code: 'code_invalid' | 'code_expired', detail: string) =>
  new ProblemError({ status: 400, code, title: 'Code refused', detail, errors: { code: detail } });
const wrong = () => refused('code_invalid', 'This code is not right. Look at the newest mail and try again.');
const over = () => refused('code_expired', 'This code is not good any more. Ask for a new one.');

/** The id goes in too, so that equal codes have different hashes. */
const hashOf = (id: string, code: string): string => sha256(`${id}:${code}`);

/** Mails a new code of six digits to an address; older ones of the address end. */
export async function sendSignInCode(context: Context, email: string): Promise<void> {
  const { db, now } = context;
  const id = newId('cod');
  const code = String(randomInt(1_000_000)).padStart(6, '0');
  const key = emailKey(email);
  await inTransaction(db, async (tx) => {
    await tx.delete(SignInCode, { emailKey: key });
    await tx.insert(SignInCode, {
      id,
      email,
      emailKey: key,
      codeHash: hashOf(id, code),
      expiresAt: new Date(now().getTime() + CODE_SECONDS * 1000),
    });
    await queueEmail(tx, context, { kind: 'sign-in-code', to: email, data: {}, secret: code });
  });
}

/**
 * The newest code of the address, found right: to be used up by `useCode`. Every look costs one of five tries.
 * Throws 400 `code_invalid` or `code_expired`.
 */
export async function checkCode({ db, now }: Context, email: string, code: string): Promise<SignInCode> {
  const codes = db.getRepository(SignInCode);
  const row = await codes.findOne({ where: { emailKey: emailKey(email) }, order: { createdAt: 'DESC', id: 'DESC' } });
  if (!row) throw wrong();
  if (row.usedAt || row.expiresAt <= now()) throw over();
  const open = { id: row.id, usedAt: IsNull(), attempts: LessThan(MAX_TRIES) };
  const counted = await codes.update(open, { attempts: () => 'attempts + 1' });
  if (counted.affected !== 1) throw over();
  if (!timingSafeEqual(Buffer.from(row.codeHash), Buffer.from(hashOf(row.id, code)))) throw wrong();
  return row;
}

/** Uses a code up, in the transaction that opens the session. Throws 400 `code_expired` for whoever comes second. */
export async function useCode(tx: EntityManager, { now }: Context, { id }: SignInCode): Promise<void> {
  const used = await tx.update(SignInCode, { id, usedAt: IsNull() }, { usedAt: now() });
  if (used.affected !== 1) throw over();
}
