import { type EntityManager, In } from 'typeorm';
import { emailKey } from '../../domain/invitation';
import { typoHint } from '../../domain/typo-hint';
import type { Actor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { conflict, notFound } from '../errors';
import type { Email } from './email.entity';
import { Suppression } from './suppression.entity';

const WHY: Record<Suppression['reason'], string> = {
  bounced: 'Mail to this address came back',
  complained: 'Whoever reads this address reported our mail as spam',
};

/** Why nothing is mailed to an address, and what to do about it. */
export function suppressedBecause({ email, reason }: Pick<Suppression, 'email' | 'reason'>): string {
  const hint = reason === 'bounced' ? typoHint(email) : null;
  const meant = hint ? ` Did you mean ${hint}?` : '';
  return `${WHY[reason]}, so that nothing is sent to it until support clears it.${meant}`;
}

/** Throws 409 `address_bounced` where nothing may be mailed to the address. */
export async function requireMailable(tx: EntityManager, email: string): Promise<void> {
  const found = await tx.findOneBy(Suppression, { emailKey: emailKey(email) });
  if (!found) return;
  const message = suppressedBecause({ email, reason: found.reason });
  throw conflict('address_bounced', message, { email: message });
}

/** Those of these addresses that must not be mailed, by their key. */
export async function suppressedAmong(tx: EntityManager, keys: string[]): Promise<Map<string, Suppression>> {
  if (keys.length === 0) return new Map();
  const rows = await tx.findBy(Suppression, { emailKey: In(keys) });
  return new Map(rows.map((row) => [row.emailKey, row]));
}

/** Why this very message must not go out, or null. Who complained may still ask for a code to sign in by. */
export async function whySuppressed({ db }: Context, { to, kind }: Pick<Email, 'to' | 'kind'>): Promise<string | null> {
  const found = await db.getRepository(Suppression).findOneBy({ emailKey: emailKey(to) });
  if (!found || (found.reason === 'complained' && kind === 'sign-in-code')) return null;
  return suppressedBecause({ email: to, reason: found.reason });
}

/** Lets an address be mailed again. Throws 404. */
export async function clearSuppression({ db }: Context, actor: Actor, id: string): Promise<Suppression> {
  return inTransaction(db, async (tx) => {
    const found = await tx.findOne(Suppression, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!found) throw notFound('suppression', id);
    await tx.delete(Suppression, { id });
    const changes = { email: { from: found.email, to: null }, reason: { from: found.reason, to: null } };
    await recordAudit(tx, { actor, action: 'suppression.clear', resource: 'emails', resourceId: id, changes });
    return found;
  });
}
