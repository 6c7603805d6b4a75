import { createRemoteJWKSet, decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { TrustedIssuer } from '../config';
import type { Context } from '../context';
import { ProblemError, unauthenticated } from '../errors';
import { AUDIENCE } from '../issuer/access-token';
import { ALGORITHM, type SigningKeys, UnknownKeyError } from '../issuer/signing-key';
import type { Bearer } from '../issuer/user-of-identity';
import type { Logger } from '../log';

const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];
/** Seconds that clocks may differ. */
const TOLERANCE = 5;
/** Lengths of our columns; OpenID Connect Core 1.0, section 2, allows a `sub` of 255. */
const MAX = { subject: 255, email: 254, name: 120 };

interface Trusted {
  issuer: string;
  audience: string;
  algorithms: string[];
  getKey: JWTVerifyGetKey;
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

function bearerOf({ iss, sub, email, email_verified: verified, name }: JWTPayload): Bearer {
  const subject = text(sub, MAX.subject);
  if (!iss || subject === null) throw badToken();
  return {
    issuer: iss,
    subject: sub!,
    email: verified === false ? null : text(email, MAX.email),
    name: text(name, MAX.name) ?? '',
  };
}

/** Makes the check of access tokens: of the built-in issuer, and of each that TRUSTED_ISSUERS names. */
export function tokenVerifier({ config, log, now }: Context, keys: SigningKeys): (token: string) => Promise<Bearer> {
  const trusted: Trusted[] = [
    { issuer: config.publicUrl, audience: AUDIENCE, algorithms: [ALGORITHM], getKey: keys.verifying },
    ...config.trustedIssuers.map((one) => ({ ...one, algorithms: ALGORITHMS, getKey: remoteKeys(one, log) })),
  ];
  const claimed = (token: string): JWTPayload => {
    try {
      return decodeJwt(token);
    } catch {
      throw badToken();
    }
  };
  return async (token) => {
    const { iss, aud } = claimed(token);
    const audiences = [aud].flat();
    const found = trusted.find(({ issuer, audience }) => issuer === iss && audiences.includes(audience));
    if (!found) throw badToken();
    const { issuer, audience, algorithms, getKey } = found;
    try {
      const { payload } = await jwtVerify(token, getKey, {
        issuer,
        audience,
        algorithms,
        clockTolerance: TOLERANCE,
        currentDate: now(),
        requiredClaims: ['sub', 'exp'],
      });
      return bearerOf(payload);
    } catch (error) {
      // A TypeError tells of a key that does not fit the algorithm, or is too short for it.
      const notGood = error instanceof errors.JOSEError || error instanceof UnknownKeyError;
      if (notGood || (error as Error).name === 'TypeError') throw badToken();
      throw error;
    }
  };
}
