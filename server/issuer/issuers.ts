import { IsNull } from 'typeorm';
import type { Actor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { conflict, invalid, notFound } from '../errors';
import { IssuerKey, MachineToken, PORTAL } from './issuer.entities';
import { type Algorithm, issuerUrl, makeKey, retireKeys, type SigningKey } from './signing-key';

const NAME = /^[a-z][a-z0-9-]{1,31}$/;

/** A built-in issuer as `npm run issuer -- list` tells it. */
export interface BuiltInIssuer {
  name: string;
  /** `iss` of its tokens. */
  url: string;
  alg: string;
  kid: string;
  since: Date;
  /** Keys that sign no more, while what they signed is good. */
  retiring: number;
}

/** The built-in issuers, by name. The portal's is there from its first need on. */
export async function listIssuers({ db, config, now }: Context): Promise<BuiltInIssuer[]> {
  const keys = await db.getRepository(IssuerKey).find({ order: { issuer: 'ASC', createdAt: 'DESC' } });
  const lasting = keys.filter(({ retiredAt, verifiesUntil }) => retiredAt && verifiesUntil && verifiesUntil > now());
  return keys.flatMap(({ issuer: name, alg, kid, createdAt: since, retiredAt }) =>
    retiredAt
      ? []
      : [
          {
            name,
            url: issuerUrl(config, name),
            alg,
            kid,
            since,
            retiring: lasting.filter(({ issuer }) => issuer === name).length,
          },
        ],
  );
}

/** Makes a built-in issuer. Throws 400 for a bad name, and 409 where there is one of that name. */
export async function addIssuer(context: Context, actor: Actor, name: string, alg: Algorithm): Promise<SigningKey> {
  if (!NAME.test(name))
    throw invalid({ name: 'must be 2 to 32 small letters, digits or hyphens, and begin with a letter.' });
  return inTransaction(context.db, async (tx) => {
    const there = await tx.find(IssuerKey, { where: { issuer: name }, lock: { mode: 'pessimistic_write' } });
    if (name === PORTAL || there.some(({ retiredAt }) => retiredAt === null))
      throw conflict('issuer_exists', `There is an issuer "${name}" already. Rotate its key instead.`);
    return makeKey(tx, context, actor, name, alg);
  });
}

interface Rotation {
  /** Ends what the old key signed at once, as after a leak. */
  atOnce?: boolean;
}

/** Gives an issuer a new key of the same kind; what the old one signed stays good until it runs out. Throws 404. */
export async function rotateIssuer(
  context: Context,
  actor: Actor,
  name: string,
  { atOnce = false }: Rotation = {},
): Promise<SigningKey> {
  return inTransaction(context.db, async (tx) => {
    const where = { issuer: name, retiredAt: IsNull() };
    const key = await tx.findOne(IssuerKey, { where, lock: { mode: 'pessimistic_write' } });
    if (!key) throw notFound('issuer', name);
    await retireKeys(tx, context, name, atOnce ? context.now() : undefined);
    if (atOnce) await tx.update(MachineToken, { issuer: name, revokedAt: IsNull() }, { revokedAt: context.now() });
    await recordAudit(tx, {
      actor,
      action: 'issuer-key.retire',
      resource: 'issuer-keys',
      resourceId: key.kid,
      changes: { issuer: { from: name, to: name }, atOnce: { from: null, to: atOnce } },
    });
    return makeKey(tx, context, actor, name, key.alg as Algorithm);
  });
}

/** Ends an issuer and all its tokens. Throws 404, and 409 for the portal's, which can only be rotated. */
export async function removeIssuer(context: Context, actor: Actor, name: string): Promise<void> {
  if (name === PORTAL)
    throw conflict('portal_issuer', "The portal's issuer can't be removed: people sign in by it. Rotate it instead.");
  await inTransaction(context.db, async (tx) => {
    const where = { issuer: name, retiredAt: IsNull() };
    const key = await tx.findOne(IssuerKey, { where, lock: { mode: 'pessimistic_write' } });
    if (!key) throw notFound('issuer', name);
    await retireKeys(tx, context, name, context.now());
    await tx.update(MachineToken, { issuer: name, revokedAt: IsNull() }, { revokedAt: context.now() });
    await recordAudit(tx, {
      actor,
      action: 'issuer.remove',
      resource: 'issuer-keys',
      resourceId: key.kid,
      changes: { issuer: { from: name, to: null } },
    });
  });
}
