import * as oidc from 'openid-client';
import type { Config, SignInProvider as Settings } from '../config';
import { ProblemError } from '../errors';
import type { Logger } from '../log';

/** So long the provider's own description is kept: it may move its addresses. */
const DESCRIPTION_MS = 3_600_000;
const TIMEOUT_SECONDS = 10;

/** What must be known again when the browser comes back; secret, for this browser alone. */
export interface Flow {
  state: string;
  nonce: string;
  verifier: string;
}

/** The claims of somebody who has signed in at the provider. */
export type Claims = oidc.IDToken & Pick<oidc.UserInfoResponse, 'email' | 'email_verified' | 'name'>;

const providerAway = (name: string) =>
  new ProblemError({
    status: 503,
    code: 'sign_in_provider_unavailable',
    title: 'Unavailable',
    detail: `${name} does not answer just now. Try again in a moment, or sign in by a code.`,
    retryAfterSeconds: 10,
  });

/**
 * An OpenID Connect provider by which customers sign in: authorization code flow with PKCE (RFC 7636, S256), `state`
 * and `nonce`. https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth
 */
export class SignInProvider {
  #known: { at: number; configuration: Promise<oidc.Configuration> } | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly config: Pick<Config, 'publicUrl'>,
    private readonly log: Logger,
  ) {}

  /** What the provider says of itself (OpenID Connect Discovery). Throws 503 while it does not answer. */
  async #configuration(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret, name } = this.settings;
    if (!this.#known || Date.now() - this.#known.at > DESCRIPTION_MS) {
      const execute = issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : [];
      const proof = clientSecret ? oidc.ClientSecretPost(clientSecret) : oidc.None();
      const options = { execute, timeout: TIMEOUT_SECONDS };
      const configuration = oidc.discovery(new URL(issuer), clientId, clientSecret, proof, options);
      this.#known = { at: Date.now(), configuration };
    }
    try {
      return await this.#known.configuration;
    } catch (error) {
      this.#known = undefined;
      this.log.warn({ err: error, issuer }, 'the sign-in provider does not describe itself');
      throw providerAway(name);
    }
  }

  get #callback(): string {
    return `${this.config.publicUrl}/auth/oidc/callback`;
  }

  /** Where to send the browser, and what to know again when it comes back. Throws 503. */
  async begin(): Promise<{ url: string; flow: Flow }> {
    const configuration = await this.#configuration();
    const flow = { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier: oidc.randomPKCECodeVerifier() };
    const url = oidc.buildAuthorizationUrl(configuration, {
      redirect_uri: this.#callback,
      scope: 'openid email profile',
      code_challenge: await oidc.calculatePKCECodeChallenge(flow.verifier),
      code_challenge_method: 'S256',
      state: flow.state,
      nonce: flow.nonce,
    });
    return { url: url.href, flow };
  }

  /**
   * Trades the answer of the provider (`search` of the address that the browser came back to) for its claims.
   * @throws the library's errors where the answer is not good, and AuthorizationResponseError for a refusal; 503
   */
  async finish(search: string, { state, nonce, verifier }: Flow): Promise<Claims> {
    const configuration = await this.#configuration();
    const tokens = await oidc.authorizationCodeGrant(configuration, new URL(`${this.#callback}${search}`), {
      pkceCodeVerifier: verifier,
      expectedState: state,
      expectedNonce: nonce,
      idTokenExpected: true,
    });
    const claims = tokens.claims()!;
    if (claims.email !== undefined || !configuration.serverMetadata().userinfo_endpoint) return claims as Claims;
    // Many providers keep the ID token small and tell the address at their user info alone.
    const { email, email_verified, name } = await oidc.fetchUserInfo(configuration, tokens.access_token, claims.sub);
    const told = Object.entries({ email, email_verified, name }).filter(([, value]) => value !== undefined);
    return { ...claims, ...Object.fromEntries(told) };
  }
}

/** Whether the person, or the provider on its own account, said no. */
export const isRefusal = (error: unknown): error is oidc.AuthorizationResponseError =>
  error instanceof oidc.AuthorizationResponseError;
