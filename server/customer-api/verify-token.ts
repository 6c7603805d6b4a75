import { createRemoteJWKSet, decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { TrustedIssuer } from '../config';
import type { Context } from '../context';
import { ProblemError, unauthenticated } from '../errors';
import { AUDIENCE, foreignIdentityId } from '../issuer/access-token';
import { PORTAL } from '../issuer/issuer.entities';
import { ALGORITHMS, issuerUrl, SigningKeys, UnknownKeyError } from '../issuer/signing-key';
import type { Bearer } from '../issuer/user-of-identity';
import type { Logger } from '../log';
import { Identity } from '../users/identity.entity';

/** Names of issuers come from tokens that are not verified yet. */
const MOST_ISSUERS = 50;
/** Seconds that clocks may differ. */
const TOLERANCE = 5;
/** Lengths of our columns; OpenID Connect Core 1.0, section 2, allows a `sub` of 255. */
const MAX = { subject: 255, email: 254, name: 120 };

interface Trusted {
  issuer: string;
  audience: string;
  getKey: JWTVerifyGetKey;
  /** Its keys are ours. */
  builtIn: boolean;
}

const badToken = () =>
  unauthenticated('The access token is not valid here, or has run out. Get a new one from your issuer.');
const issuerAway = () =>
  new ProblemError({
    status: 503,
    code: 'issuer_unavailable',
    title: 'Unavailable',
    detail: "The keys of the token's issuer can't be fetched just now. Try again in a moment.",
    retryAfterSeconds: 5,
  });

const couldNotFetch = (error: unknown): boolean =>
  error instanceof errors.JWKSTimeout ||
  !(error instanceof errors.JOSEError) ||
  error.code === errors.JOSEError.code /* jose's own for "not a 200" and "not JSON" */;

/** The keys that an issuer publishes. Throws 503 while they can't be fetched. */
function remoteKeys({ issuer, jwksUrl }: TrustedIssuer, log: Logger): JWTVerifyGetKey {
  const getKey = createRemoteJWKSet(new URL(jwksUrl));
  return async (header, token) => {
    try {
      return await getKey(header, token);
    } catch (error) {
      if (!couldNotFetch(error)) throw error;
      log.warn({ err: error, issuer }, "the issuer's keys can't be fetched");
      throw issuerAway();
    }
  };
}

const text = (value: unknown, max: number): string | null =>
  typeof value === 'string' && value.trim() !== '' && value.length <= max ? value.trim() : null;

/** What a verified token says of its bearer. Throws 401 where it names nobody. */
export function bearerOf({ iss, sub, email, email_verified: verified, name }: JWTPayload): Bearer {
  const subject = text(sub, MAX.subject);
  if (!iss || subject === null) throw badToken();
  return {
    issuer: iss,
    subject: sub!,
    email: verified === false ? null : text(email, MAX.email),
    name: text(name, MAX.name) ?? '',
  };
}

/** The bearer; of a token of the portal for somebody who signed in elsewhere, the identity there. */
async function ownerOf({ config, db }: Context, payload: JWTPayload): Promise<Bearer> {
  const bearer = bearerOf(payload);
  const id = bearer.issuer === issuerUrl(config, PORTAL) ? foreignIdentityId(bearer.subject) : null;
  if (id === null) return bearer;
  const identity = await db.getRepository(Identity).findOneBy({ id });
  if (!identity) throw badToken();
  return { ...bearer, issuer: identity.issuer, subject: identity.subject };
}

/** What a token was found to say. */
export interface Verified {
  bearer: Bearer;
  /** Of a token that we made for a program: by what it can be looked up and revoked. */
  machineTokenId: string | null;
}

/** Issuers whose keys are ours, by `iss`; each is made at first sight of its name, and few names are kept. */
function builtInIssuers(context: Context, portal: SigningKeys) {
  const prefix = issuerUrl(context.config, '');
  const named = new Map<string, SigningKeys>();
  return (iss: string): SigningKeys | undefined => {
    if (iss === issuerUrl(context.config, PORTAL)) return portal;
    const name = iss.startsWith(prefix) ? iss.slice(prefix.length) : '';
    if (!/^[a-z][a-z0-9-]{1,31}$/.test(name) || name === PORTAL) return undefined;
    if (named.size >= MOST_ISSUERS) named.clear();
    const keys = named.get(name) ?? new SigningKeys(context, name);
    named.set(name, keys);
    return keys;
  };
}

/** Makes the check of access tokens: of the built-in issuers, and of each that TRUSTED_ISSUERS names. */
export function tokenVerifier(context: Context, portal: SigningKeys): (token: string) => Promise<Verified> {
  const { config, log, now } = context;
  const builtIn = builtInIssuers(context, portal);
  const remote: Trusted[] = config.trustedIssuers.map((one) => ({
    ...one,
    getKey: remoteKeys(one, log),
    builtIn: false,
  }));
  const trustedFor = ({ iss, aud }: JWTPayload): Trusted | undefined => {
    const audiences = [aud].flat();
    const ours = iss === undefined ? undefined : builtIn(iss);
    if (ours && audiences.includes(AUDIENCE))
      return { issuer: iss!, audience: AUDIENCE, getKey: ours.verifying, builtIn: true };
    return remote.find(({ issuer, audience }) => issuer === iss && audiences.includes(audience));
  };
  const claimed = (token: string): JWTPayload => {
    try {
      return decodeJwt(token);
    } catch {
      throw badToken();
    }
  };
  return async (token) => {
    const found = trustedFor(claimed(token));
    if (!found) throw badToken();
    const { issuer, audience, getKey } = found;
    try {
      const { payload } = await jwtVerify(token, getKey, {
        issuer,
        audience,
        algorithms: [...ALGORITHMS],
        clockTolerance: TOLERANCE,
        currentDate: now(),
        requiredClaims: ['sub', 'exp'],
      });
      return { bearer: await ownerOf(context, payload), machineTokenId: found.builtIn ? (payload.jti ?? null) : null };
    } catch (error) {
      // A TypeError tells of a key that does not fit the algorithm, or is too short for it.
      const notGood = error instanceof errors.JOSEError || error instanceof UnknownKeyError;
      if (notGood || (error as Error).name === 'TypeError') throw badToken();
      throw error;
    }
  };
}
