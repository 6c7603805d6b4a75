/**
 * An OpenID provider for the tests: a certified one, which insists on PKCE. Whoever is named by `POST /account` signs in
 * there without a password. Prints its address, and ends with its parent.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [redirectUri, clientId] = process.argv.slice(2);
const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${server.address().port}`;

/** Claims of whoever is at the provider's screen; `error` where they say no. */
let account = { sub: 'nobody' };

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: clientId,
      token_endpoint_auth_method: 'none',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code'],
      response_types: ['code'],
    },
  ],
  pkce: { required: () => true },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  features: { devInteractions: { enabled: false } },
  cookies: { keys: ['of the tests alone'] },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ ...account, sub }) }),
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({ clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope('openid email profile');
    await grant.save();
    return grant;
  },
});
const callback = provider.callback();

server.on('request', async (req, res) => {
  if (req.method === 'POST' && req.url === '/account') {
    const chunks = [];
    for await (const chunk of req) chunks.push(chunk);
    account = JSON.parse(Buffer.concat(chunks).toString());
    res.writeHead(204).end();
  } else if (req.url.startsWith('/interaction/')) {
    const result = account.error
      ? { error: account.error, error_description: 'The person said no.' }
      : { login: { accountId: account.sub, remember: false } };
    await provider.interactionFinished(req, res, result);
  } else callback(req, res);
});
process.on('disconnect', () => process.exit());
process.send({ issuer });
