import type { Request } from 'express';
import { can, type OperatorRole, type Permission } from '../../domain/permissions';
import type { Actor } from '../audit/actor';
import type { Context } from '../context';
import { forbidden, unauthenticated } from '../errors';
import type { OperatorCaller } from '../http/operator-api';
import { sha256 } from '../secrets';
import { ApiKey } from './api-key.entity';
import { Operator } from './operator.entity';

const BEARER = /^Bearer +(\S+)$/i;
const MINUTE = 60_000;

/** Accounts and keys are people's: a program that could make more of them could not be stopped by ending its key. */
const FOR_PEOPLE = /^(operators|api-keys):/;

async function keyOf({ db, now }: Context, secret: string): Promise<ApiKey> {
  const keys = db.getRepository(ApiKey);
  const key = await keys.findOneBy({ secretHash: sha256(secret) });
  if (!key) throw unauthenticated('This API key is not known, or it was deleted.');
  if (key.expiresAt && key.expiresAt <= now()) throw unauthenticated('This API key has expired.');
  if (!key.lastUsedAt || +now() - +key.lastUsedAt >= MINUTE) await keys.update({ id: key.id }, { lastUsedAt: now() });
  return key;
}

function requireRight(role: OperatorRole, permission: Permission, { whose }: { whose: string }): void {
  if (!can(role, permission)) throw forbidden(`${whose} role, ${role}, may not do this. Ask an admin.`);
}

/**
 * Who calls the operator API, by API key or by session cookie, and whether the role may. A key that is shown counts
 * alone: the cookie beside it is not looked at. Throws 401 or 403.
 */
export const callerOf =
  (context: Context) =>
  async (req: Request, permission: Permission): Promise<OperatorCaller> => {
    const actorOf = (type: Actor['type'], { id, name }: { id: string; name: string }): Actor => {
      return { type, id, name, requestId: String(req.id), ip: req.ip };
    };
    const given = req.get('authorization');
    if (given !== undefined) {
      const secret = BEARER.exec(given)?.[1];
      if (!secret) throw unauthenticated('Send the API key as "Authorization: Bearer tk_…".');
      const key = await keyOf(context, secret);
      requireRight(key.role, permission, { whose: "The key's" });
      if (FOR_PEOPLE.test(permission)) throw forbidden('Operators and API keys are managed in the dashboard.');
      return { role: key.role, operator: null, actor: actorOf('api-key', key) };
    }
    const { operatorId } = req.session;
    const operator = operatorId ? await context.db.getRepository(Operator).findOneBy({ id: operatorId }) : null;
    if (operator?.status !== 'active') throw unauthenticated();
    requireRight(operator.role, permission, { whose: 'Your' });
    return { role: operator.role, operator, actor: actorOf('operator', operator) };
  };
