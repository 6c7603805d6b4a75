import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface OidcProvider {
  /** Settings of a server whose customers may sign in there. */
  env: NodeJS.ProcessEnv;
  issuer: string;
  /** Says who is at the provider's screen from now on; `error` has them say no. */
  person: (
    claims: { sub: string; email?: string; email_verified?: boolean; name?: string } | { error: string },
  ) => Promise<void>;
  stop: () => void;
}

const CLIENT = 'portal';

/** An OpenID provider in a process of its own, which sends browsers back to `publicUrl`. */
export async function oidcProvider(publicUrl: string): Promise<OidcProvider> {
  const args = [`${publicUrl}/auth/oidc/callback`, CLIENT];
  const child = fork(join(__dirname, 'oidc-provider.mjs'), args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
  });
  const [{ issuer }] = (await once(child, 'message')) as [{ issuer: string }];
  return {
    issuer,
    env: { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: CLIENT, OIDC_NAME: 'Acme ID' },
    async person(claims) {
      await fetch(`${issuer}/account`, { method: 'POST', body: JSON.stringify(claims) });
    },
    stop: () => void child.kill(),
  };
}
