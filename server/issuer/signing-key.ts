import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWTHeaderParameters,
} from 'jose';
import { type DataSource, type EntityManager, IsNull, MoreThan } from 'typeorm';
import { type Actor, systemActor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import { notFound } from '../errors';
import { IssuerKey, MachineToken, PORTAL } from './issuer.entities';

export const ALGORITHMS = ['ES256', 'RS256', 'EdDSA'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];
/** Of the portal's issuer, and of those that are made without naming another. */
export const DEFAULT_ALGORITHM: Algorithm = 'ES256';
/** A retired key verifies at least so long: until the last access token that it signed has run out. */
const RETIRED_KEPT_MS = 3_600_000;
/** How long a process goes by the keys that it read: so long it may take until a change is heeded everywhere. */
const KEPT_MS = 15_000;
/** Tokens may name any key: those that are not known are looked for so often a second, and no more. */
const MOST_LOOKS = 10;

export interface SigningKey {
  kid: string;
  alg: string;
  key: CryptoKey;
}

const asKey = async (jwk: JWK, alg: string): Promise<CryptoKey> => (await importJWK(jwk, alg)) as CryptoKey;

/** `iss` of a built-in issuer: the portal's own is PUBLIC_URL itself. */
export const issuerUrl = ({ publicUrl }: Context['config'], name: string): string =>
  name === PORTAL ? publicUrl : `${publicUrl}/issuers/${name}`;

/** Holds a lock of the database over all processes while `work` runs. */
async function underLock<T>(db: DataSource, work: (manager: EntityManager) => Promise<T>): Promise<T> {
  const runner = db.createQueryRunner();
  try {
    const lock = `CONCAT('issuer-key.', MD5(DATABASE()))`;
    const [{ taken }] = (await runner.query(`SELECT GET_LOCK(${lock}, 10) AS taken`)) as [{ taken: number | null }];
    if (Number(taken) !== 1) throw new Error('The lock of the signing key was not free for 10 s. Try again.');
    try {
      return await work(runner.manager);
    } finally {
      await runner.query(`SELECT RELEASE_LOCK(${lock})`);
    }
  } finally {
    await runner.release();
  }
}

/**
 * Makes a key pair that signs for an issuer from now on, in the caller's transaction; the private half is kept sealed.
 * What signed before must be retired by the caller.
 */
export async function makeKey(
  tx: EntityManager,
  { sealer }: Context,
  actor: Actor,
  issuer: string,
  alg: Algorithm,
): Promise<SigningKey> {
  const pair = await generateKeyPair(alg, { extractable: true });
  const [publicJwk, privateJwk] = await Promise.all([exportJWK(pair.publicKey), exportJWK(pair.privateKey)]);
  const kid = await calculateJwkThumbprint(publicJwk);
  await tx.insert(IssuerKey, {
    kid,
    issuer,
    alg,
    publicJwk: { ...publicJwk, kid, alg, use: 'sig' },
    sealedPrivateJwk: sealer.seal(JSON.stringify(privateJwk)),
  });
  const changes = { issuer: { from: null, to: issuer }, alg: { from: null, to: alg } };
  await recordAudit(tx, { actor, action: 'issuer-key.create', resource: 'issuer-keys', resourceId: kid, changes });
  return { kid, alg, key: pair.privateKey };
}

/** What was read lately, by when. */
interface Kept<Value> {
  at: number;
  value: Promise<Value>;
}

/** The keys of one built-in issuer. The portal's has one from its first need on; others are made by `npm run issuer`. */
export class SigningKeys {
  #active: Kept<SigningKey> | undefined;
  #public: Kept<Map<string, CryptoKey>> | undefined;
  #looks = { second: 0, count: 0 };

  constructor(
    private readonly context: Context,
    readonly issuer: string = PORTAL,
  ) {}

  /** The key that signs; the portal's is made once, however many processes ask for the first time together. */
  active(): Promise<SigningKey> {
    const now = Date.now();
    if (!this.#active || now - this.#active.at > KEPT_MS)
      this.#active = {
        at: now,
        value: this.#findOrMake().catch((error) => {
          this.#active = undefined;
          throw error;
        }),
      };
    return this.#active.value;
  }

  /** The public halves as a JWK Set (RFC 7517). */
  async jwks(): Promise<{ keys: object[] }> {
    if (this.issuer === PORTAL) await this.active();
    return { keys: (await this.#published()).map(({ publicJwk }) => publicJwk) };
  }

  /** The public key that a token's header names; throws where it is not ours. For jose's jwtVerify. */
  readonly verifying = async ({ kid }: JWTHeaderParameters): Promise<CryptoKey> => {
    const found = kid === undefined ? undefined : await this.#find(kid);
    if (!found) throw new UnknownKeyError();
    return found;
  };

  async #find(kid: string): Promise<CryptoKey | undefined> {
    const fresh = this.#public && Date.now() - this.#public.at <= KEPT_MS;
    const known = fresh ? (await this.#public!.value).get(kid) : undefined;
    if (known || (fresh && !this.#mayLook())) return known;
    const value = this.#publicKeys();
    this.#public = { at: Date.now(), value };
    value.catch(() => {
      this.#public = undefined;
    });
    return (await value).get(kid);
  }

  #mayLook(): boolean {
    const second = Math.floor(Date.now() / 1000);
    if (this.#looks.second !== second) this.#looks = { second, count: 0 };
    this.#looks.count += 1;
    return this.#looks.count <= MOST_LOOKS;
  }

  async #publicKeys(): Promise<Map<string, CryptoKey>> {
    const keys = new Map<string, CryptoKey>();
    for (const { kid, alg, publicJwk } of await this.#published()) keys.set(kid, await asKey(publicJwk as JWK, alg));
    return keys;
  }

  #published(): Promise<IssuerKey[]> {
    const { issuer } = this;
    return this.context.db.getRepository(IssuerKey).find({
      where: [
        { issuer, retiredAt: IsNull() },
        { issuer, verifiesUntil: MoreThan(this.context.now()) },
      ],
      order: { createdAt: 'DESC' },
    });
  }

  async #findOrMake(): Promise<SigningKey> {
    const { db } = this.context;
    const found = await this.#open(db.manager);
    if (found) return found;
    if (this.issuer !== PORTAL) throw notFound('issuer', this.issuer);
    return underLock(db, async (manager) => (await this.#open(manager)) ?? this.#make(manager));
  }

  /** The active key, or undefined where there is none that this APP_SECRET opens. */
  async #open(manager: EntityManager): Promise<SigningKey | undefined> {
    const where = { issuer: this.issuer, retiredAt: IsNull() };
    const row = await manager.findOne(IssuerKey, { where, order: { createdAt: 'DESC' } });
    if (!row) return undefined;
    let opened: string;
    try {
      opened = this.context.sealer.open(row.sealedPrivateJwk);
    } catch {
      this.context.log.warn({ kid: row.kid }, 'APP_SECRET was changed: the signing key must be replaced');
      return undefined;
    }
    return { kid: row.kid, alg: row.alg, key: await asKey(JSON.parse(opened) as JWK, row.alg) };
  }

  #make(manager: EntityManager): Promise<SigningKey> {
    return manager.transaction(async (tx) => {
      await retireKeys(tx, this.context, this.issuer);
      return makeKey(tx, this.context, systemActor, this.issuer, DEFAULT_ALGORITHM);
    });
  }
}

/** Ends the signing of an issuer's key; what it signed stays good until it runs out, or ends `at` once. */
export async function retireKeys(tx: EntityManager, { now }: Context, issuer: string, at?: Date): Promise<void> {
  const keys = await tx.find(IssuerKey, { where: { issuer }, lock: { mode: 'pessimistic_write' } });
  for (const { kid, retiredAt, verifiesUntil } of keys) {
    if (retiredAt && !at) continue;
    const [last] = await tx.find(MachineToken, {
      where: { kid, revokedAt: IsNull() },
      order: { expiresAt: 'DESC' },
      take: 1,
    });
    const until = at ?? new Date(Math.max(now().getTime() + RETIRED_KEPT_MS, +(last?.expiresAt ?? 0)));
    const ends = verifiesUntil && verifiesUntil < until ? verifiesUntil : until;
    await tx.update(IssuerKey, { kid }, { retiredAt: retiredAt ?? now(), verifiesUntil: ends });
  }
}

/** The token names a key that is not ours. */
export class UnknownKeyError extends Error {
  constructor() {
    super('The key of this token is not known.');
    this.name = 'UnknownKeyError';
  }
}
