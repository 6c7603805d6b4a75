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
import { systemActor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import { IssuerKey } from './issuer.entities';

export const ALGORITHM = 'ES256';
/** A retired key verifies until the last token that it signed has run out. */
const RETIRED_KEPT_MS = 3_600_000;

export interface SigningKey {
  kid: string;
  key: CryptoKey;
}

const asKey = async (jwk: JWK): Promise<CryptoKey> => (await importJWK(jwk, ALGORITHM)) as CryptoKey;

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

/** The signing keys of the built-in issuer: one active key, made at first need; the private half is kept sealed. */
export class SigningKeys {
  #active: Promise<SigningKey> | undefined;
  readonly #publicKeys = new Map<string, CryptoKey>();

  constructor(private readonly context: Context) {}

  /** The key that signs; made once, however many processes ask for the first time together. */
  active(): Promise<SigningKey> {
    this.#active ??= this.#findOrMake().catch((error) => {
      this.#active = undefined;
      throw error;
    });
    return this.#active;
  }

  /** The public halves as a JWK Set (RFC 7517). */
  async jwks(): Promise<{ keys: object[] }> {
    await this.active();
    return { keys: (await this.#published()).map(({ publicJwk }) => publicJwk) };
  }

  /** The public key that a token's header names; throws where it is not ours. For jose's jwtVerify. */
  readonly verifying = async ({ kid }: JWTHeaderParameters): Promise<CryptoKey> => {
    const known = kid === undefined ? undefined : this.#publicKeys.get(kid);
    if (known) return known;
    const row = (await this.#published()).find((one) => one.kid === kid);
    if (!row) throw new UnknownKeyError();
    const key = await asKey(row.publicJwk as JWK);
    this.#publicKeys.set(row.kid, key);
    return key;
  };

  #published(): Promise<IssuerKey[]> {
    const lately = new Date(this.context.now().getTime() - RETIRED_KEPT_MS);
    return this.context.db
      .getRepository(IssuerKey)
      .find({ where: [{ retiredAt: IsNull() }, { retiredAt: MoreThan(lately) }], order: { createdAt: 'DESC' } });
  }

  async #findOrMake(): Promise<SigningKey> {
    const { db } = this.context;
    return (await this.#open(db.manager)) ?? underLock(db, async (tx) => (await this.#open(tx)) ?? this.#make(tx));
  }

  /** The active key, or undefined where there is none that this APP_SECRET opens. */
  async #open(manager: EntityManager): Promise<SigningKey | undefined> {
    const row = await manager.findOne(IssuerKey, { where: { retiredAt: IsNull() }, order: { createdAt: 'DESC' } });
    if (!row) return undefined;
    let opened: string;
    try {
      opened = this.context.sealer.open(row.sealedPrivateJwk);
    } catch {
      this.context.log.warn({ kid: row.kid }, 'APP_SECRET was changed: the signing key is replaced');
      return undefined;
    }
    return { kid: row.kid, key: await asKey(JSON.parse(opened) as JWK) };
  }

  async #make(manager: EntityManager): Promise<SigningKey> {
    const { sealer, now } = this.context;
    const pair = await generateKeyPair(ALGORITHM, { extractable: true });
    const [publicJwk, privateJwk] = await Promise.all([exportJWK(pair.publicKey), exportJWK(pair.privateKey)]);
    const kid = await calculateJwkThumbprint(publicJwk);
    await manager.transaction(async (tx) => {
      await tx.update(IssuerKey, { retiredAt: IsNull() }, { retiredAt: now() });
      await tx.insert(IssuerKey, {
        kid,
        alg: ALGORITHM,
        publicJwk: { ...publicJwk, kid, alg: ALGORITHM, use: 'sig' },
        sealedPrivateJwk: sealer.seal(JSON.stringify(privateJwk)),
      });
      const changes = { alg: { from: null, to: ALGORITHM } };
      await recordAudit(tx, {
        actor: systemActor,
        action: 'issuer-key.create',
        resource: 'issuer-keys',
        resourceId: kid,
        changes,
      });
    });
    return { kid, key: pair.privateKey };
  }
}

/** The token names a key that is not ours. */
export class UnknownKeyError extends Error {
  constructor() {
    super('The key of this token is not known.');
    this.name = 'UnknownKeyError';
  }
}
