import { SignJWT } from 'jose';
import type { Context } from '../context';
import type { Identity } from '../users/identity.entity';
import { PORTAL } from './issuer.entities';
import { issuerUrl, type SigningKeys } from './signing-key';

/** Whom the built-in issuer's tokens are for. */
export const AUDIENCE = 'tenantry';
/** Seconds that an access token is good for. */
export const ACCESS_TOKEN_SECONDS = 900;

export interface AccessToken {
  accessToken: string;
  /** Seconds. */
  expiresIn: number;
}

const FOREIGN = 'identity:';

/** The `sub` of our token for an identity: its own where it is ours, else one that names our row of it. */
export const subjectFor = ({ config }: Context, { id, issuer, subject }: Identity): string =>
  issuer === issuerUrl(config, PORTAL) ? subject : `${FOREIGN}${id}`;

/** The identity at another issuer that a token of ours stands for, by its id; null where it stands for one of ours. */
export const foreignIdentityId = (subject: string): string | null =>
  subject.startsWith(FOREIGN) ? subject.slice(FOREIGN.length) : null;

/** Signs an access token (a JWT, RFC 7519) of the built-in issuer for the identity `subject`. */
export async function signAccessToken(
  { config, now }: Context,
  keys: SigningKeys,
  { subject, email }: { subject: string; email: string | null },
): Promise<AccessToken> {
  const { kid, alg, key } = await keys.active();
  const issuedAt = Math.floor(now().getTime() / 1000);
  const accessToken = await new SignJWT(email === null ? {} : { email })
    .setProtectedHeader({ alg, kid, typ: 'JWT' })
    .setIssuer(issuerUrl(config, keys.issuer))
    .setAudience(AUDIENCE)
    .setSubject(subject)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + ACCESS_TOKEN_SECONDS)
    .sign(key);
  return { accessToken, expiresIn: ACCESS_TOKEN_SECONDS };
}
