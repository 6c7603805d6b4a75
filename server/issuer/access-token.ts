import { SignJWT } from 'jose';
import type { Context } from '../context';
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
