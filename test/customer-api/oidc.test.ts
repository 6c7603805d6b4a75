import { AuditEntry } from '../../server/audit/audit.entity';
import { Identity } from '../../server/users/identity.entity';
import { User } from '../../server/users/user.entity';
import { type OidcProvider, oidcProvider } from '../support/oidc';
import { type Agent, startServer, type TestServer } from '../support/server';
import { aCustomer, anEmail, foundedBy } from './people';

const PUBLIC_URL = 'http://localhost:4380';

let provider: OidcProvider;
let server: TestServer;
beforeAll(async () => {
  provider = await oidcProvider(PUBLIC_URL);
  server = await startServer(provider.env);
});
afterAll(async () => {
  await server.close();
  provider.stop();
});

/** Cookies of the provider, as a browser would keep them. */
const jar = (cookies = new Map<string, string>()) => ({
  header: () => [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
  keep(response: Response) {
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0]!.split(/=(.*)/) as [string, string];
      cookies.set(name, value);
    }
  },
});

/** Walks through the provider's screens; gives the path and query that it sends the browser back to us with. */
async function atProvider(url: string): Promise<string> {
  const cookies = jar();
  for (let next = url, step = 0; step < 10; step += 1) {
    const response = await fetch(next, { redirect: 'manual', headers: { cookie: cookies.header() } });
    cookies.keep(response);
    const location = response.headers.get('location');
    if (!location) throw new Error(`The provider answered ${response.status}: ${await response.text()}`);
    if (location.startsWith(PUBLIC_URL)) return location.slice(PUBLIC_URL.length);
    next = new URL(location, next).href;
  }
  throw new Error('The provider goes round in circles.');
}

const begin = async (agent: Agent, given: object = {}): Promise<string> =>
  (await agent.post('/auth/oidc').send(given).expect(200)).body.url;

/** From the button to where the portal is shown again. */
async function through(agent: Agent, given: object = {}): Promise<string> {
  const back = await agent.get(await atProvider(await begin(agent, given))).expect(303);
  return back.headers.location!;
}

async function tokenOf(agent: Agent): Promise<string> {
  return (await agent.post('/auth/refresh').send({}).expect(200)).body.accessToken;
}

const me = async (agent: Agent) => {
  const token = await tokenOf(agent);
  return (await agent.get('/v1/me?noTenantProvisioning').set('Authorization', `Bearer ${token}`).expect(200)).body;
};

const aSubject = () => `acme|${anEmail()}`;

describe('sign-in at a provider', () => {
  it('asks by the authorization code flow with PKCE, state and nonce', async () => {
    const url = new URL(await begin(server.anonymous()));
    expect(url.origin).toBe(provider.issuer);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: 'portal',
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      redirect_uri: `${PUBLIC_URL}/auth/oidc/callback`,
    });
  });

  it('makes the user at first sight and knows them again, with what the provider has verified', async () => {
    const [sub, email] = [aSubject(), anEmail()];
    await provider.person({ sub, email, email_verified: true, name: 'Olga Ohm' });
    const agent = server.anonymous();
    expect(await through(agent, { returnTo: '/join' })).toBe('/join');
    const first = await me(agent);
    expect(first.user).toMatchObject({ email, name: 'Olga Ohm' });
    expect(first.identities).toMatchObject([{ issuer: provider.issuer, subject: sub, email }]);
    const again = server.anonymous();
    await through(again);
    expect((await me(again)).user.id).toBe(first.user.id);
    const entries = await server.context.db.getRepository(AuditEntry).findBy({ resourceId: first.user.id });
    expect(entries.filter(({ action }) => action === 'user.sign-in')).toHaveLength(2);
  });

  it('takes no address that the provider has not verified, and never joins users by their address', async () => {
    const known = await aCustomer(server);
    await provider.person({ sub: aSubject(), email: known.email, email_verified: false });
    const one = server.anonymous();
    await through(one);
    expect((await me(one)).user).toMatchObject({ email: null });
    await provider.person({ sub: aSubject(), email: known.email, email_verified: true });
    const two = server.anonymous();
    await through(two);
    const { user } = await me(two);
    expect([user.email, user.id === known.id]).toEqual([known.email, false]);
  });

  it('tells when the person says no, and who is suspended', async () => {
    await provider.person({ error: 'access_denied' });
    expect(await through(server.anonymous(), { returnTo: '/join' })).toBe('/join?sign-in=refused');
    await provider.person({ error: 'temporarily_unavailable' });
    expect(await through(server.anonymous())).toBe('/?sign-in=failed');
    const sub = aSubject();
    await provider.person({ sub });
    const agent = server.anonymous();
    await through(agent);
    const { user } = await me(agent);
    await server.context.db.getRepository(User).update({ id: user.id }, { status: 'suspended' });
    expect(await through(server.anonymous())).toBe('/?sign-in=suspended');
  });

  it('counts only in the browser that began, once, and in time', async () => {
    await provider.person({ sub: aSubject(), email: anEmail() });
    const [mine, others] = [server.anonymous(), server.anonymous()];
    const back = await atProvider(await begin(mine));
    await begin(others);
    expect((await others.get(back).expect(303)).headers.location).toBe('/?sign-in=late');
    await others.post('/auth/refresh').send({}).expect(401);
    expect((await server.anonymous().get(back)).headers.location).toBe('/?sign-in=late');
    expect((await mine.get(back)).headers.location).toBe('/');
    expect((await mine.get(back)).headers.location).toBe('/?sign-in=late');
  });

  it('goes back to pages of the portal alone, and begins from them alone', async () => {
    for (const returnTo of ['//evil.example', 'https://evil.example', '/\\evil', '/t/x?y=z', '/a b'])
      await server.anonymous().post('/auth/oidc').send({ returnTo }).expect(400);
    await server.anonymous().post('/auth/oidc').set('Origin', 'https://evil.example').send({}).expect(403);
  });

  it('ends where the provider is away, and says so', async () => {
    const away = await startServer({ ...provider.env, OIDC_ISSUER: 'http://127.0.0.1:9' });
    const { body } = await away.anonymous().post('/auth/oidc').send({}).expect(503);
    expect([body.code, body.detail]).toEqual(['sign_in_provider_unavailable', expect.stringContaining('Acme ID')]);
    await away.close();
  });

  it('is not there where the settings name no provider', async () => {
    const plain = await startServer();
    await plain.anonymous().post('/auth/oidc').send({}).expect(404);
    await plain.close();
  });
});

describe('an identity at a provider', () => {
  it('is tied to the account that is signed in, and leads to it from then on', async () => {
    const ann = await aCustomer(server);
    const sub = aSubject();
    await provider.person({ sub });
    expect(await through(ann.agent, { returnTo: '/profile', link: true })).toBe('/profile?sign-in=linked');
    const agent = server.anonymous();
    await through(agent);
    expect((await me(agent)).user.id).toBe(ann.id);
  });

  it('is not tied where nobody is signed in, or where it has an account in a team', async () => {
    const sub = aSubject();
    await provider.person({ sub });
    expect(await through(server.anonymous(), { link: true })).toBe('/?sign-in=late');
    expect(await server.context.db.getRepository(Identity).countBy({ subject: sub })).toBe(0);
    const owner = server.anonymous();
    await through(owner);
    owner.set('Authorization', `Bearer ${await tokenOf(owner)}`);
    const { body } = await owner.get('/v1/me?noTenantProvisioning');
    await foundedBy({ agent: owner, id: body.user.id, email: '', token: '' });
    const ann = await aCustomer(server);
    expect(await through(ann.agent, { returnTo: '/profile', link: true })).toBe('/profile?sign-in=in-use');
  });

  it('once untied, leaves its tokens good for nothing', async () => {
    const ann = await aCustomer(server);
    const sub = aSubject();
    await provider.person({ sub });
    await through(ann.agent, { returnTo: '/profile', link: true });
    const agent = server.anonymous();
    await through(agent);
    const token = await tokenOf(agent);
    const { identities } = await me(agent);
    const { id } = identities.find(({ subject }: { subject: string }) => subject === sub);
    await ann.agent.delete(`/v1/me/identities/${id}`).expect(200);
    await server.anonymous().get('/v1/me').set('Authorization', `Bearer ${token}`).expect(401);
    await agent.post('/auth/refresh').send({}).expect(401);
  });
});
