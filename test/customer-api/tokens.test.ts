import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { signAccessToken } from '../../server/issuer/access-token';
import { SigningKeys } from '../../server/issuer/signing-key';
import { Identity } from '../../server/users/identity.entity';
import { User } from '../../server/users/user.entity';
import { MINUTE } from '../support/clock';
import { startServer, type TestServer } from '../support/server';
import { aCustomer } from './people';

const ISSUER = 'https://idp.example.com';
let pair: Awaited<ReturnType<typeof generateKeyPair>>;
let issuer: Server;
let server: TestServer;

beforeAll(async () => {
  pair = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' };
  issuer = createServer((_req, res) => {
    res.setHeader('Content-Type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
  }).listen(0, '127.0.0.1');
  await once(issuer, 'listening');
  const jwksUrl = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/jwks`;
  const away = { issuer: 'https://away.example.com', jwksUrl: 'http://127.0.0.1:1/jwks', audience: 'our-api' };
  server = await startServer({
    TRUSTED_ISSUERS: JSON.stringify([{ issuer: ISSUER, jwksUrl, audience: 'our-api' }, away]),
  });
});
afterAll(async () => {
  await server.close();
  issuer.close();
});

const now = () => Math.floor(Date.now() / 1000);
const claims = (given: JWTPayload = {}): JWTPayload => ({
  iss: ISSUER,
  aud: 'our-api',
  sub: 'auth0|ann',
  exp: now() + 300,
  ...given,
});
const sign = (payload: JWTPayload, key = pair.privateKey, alg = 'RS256') =>
  new SignJWT(payload).setProtectedHeader({ alg, kid: 'one' }).sign(key);
const me = (token: string) =>
  server.anonymous().get('/v1/me?noTenantProvisioning').set('Authorization', `Bearer ${token}`);

describe('a token of a trusted issuer', () => {
  it('makes its user once, however many first calls come together', async () => {
    const token = await sign(claims({ sub: 'auth0|first', email: 'first@example.com', name: 'First' }));
    const answers = await Promise.all(Array.from({ length: 8 }, () => me(token)));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(new Set(answers.map(({ body }) => body.user.id)).size).toBe(1);
    expect(answers[0]!.body).toMatchObject({
      user: { email: 'first@example.com', name: 'First' },
      identities: [{ issuer: ISSUER, subject: 'auth0|first' }],
      tenants: [],
    });
    expect(await server.context.db.getRepository(Identity).countBy({ subject: 'auth0|first' })).toBe(1);
    expect(await server.context.db.getRepository(User).countBy({ email: 'first@example.com' })).toBe(1);
  });

  it('may be of a machine without an address, and names none that is not verified', async () => {
    expect((await me(await sign(claims({ sub: 'machine' })))).body.user.email).toBeNull();
    const unverified = claims({ sub: 'liar', email: 'boss@example.com', email_verified: false });
    expect((await me(await sign(unverified))).body.user.email).toBeNull();
  });

  it.each<[string, JWTPayload]>([
    ['another audience', { aud: 'other' }],
    ['no audience', { aud: undefined }],
    ['another issuer', { iss: 'https://evil.example.com' }],
    ['its end over', { exp: 1 }],
    ['no end', { exp: undefined }],
    ['a start to come', { nbf: 9_999_999_999 }],
    ['no subject', { sub: undefined }],
    ['an empty subject', { sub: ' ' }],
    ['a subject too long', { sub: 'x'.repeat(256) }],
  ])('with %s is refused', async (_what, given) => {
    const { status, body } = await me(await sign(claims(given)));
    expect([status, body.code]).toEqual([401, 'unauthenticated']);
  });

  it('signed by another key, by a shared secret or by nobody is refused', async () => {
    const other = await generateKeyPair('RS256');
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims())).toString('base64url')}.`;
    const secret = new TextEncoder().encode('a secret of thirty-two bytes or more');
    const shared = await new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(secret);
    for (const token of [await sign(claims(), other.privateKey), unsigned, shared, 'not-a-token'])
      expect((await me(token)).status).toBe(401);
  });

  it('is answered with 503 while its issuer is away', async () => {
    const { status, body } = await me(await sign(claims({ iss: 'https://away.example.com' })));
    expect([status, body.code]).toEqual([503, 'issuer_unavailable']);
  });
});

describe('a token of the built-in issuer', () => {
  it('is good for a quarter of an hour', async () => {
    const own = await startServer();
    try {
      const { agent } = await aCustomer(own);
      own.clock.advance(14 * MINUTE);
      await agent.get('/v1/me').expect(200);
      own.clock.advance(2 * MINUTE);
      await agent.get('/v1/me').expect(401);
    } finally {
      await own.close();
    }
  });

  it('can not be made with the key of another issuer', async () => {
    const keys = new SigningKeys(server.context);
    const { kid } = await keys.active();
    const forged = await new SignJWT(claims({ iss: 'http://localhost:4380', aud: 'tenantry' }))
      .setProtectedHeader({ alg: 'RS256', kid })
      .sign(pair.privateKey);
    expect((await me(forged)).status).toBe(401);
    const { accessToken } = await signAccessToken(server.context, keys, { subject: 'email:x', email: null });
    expect((await me(accessToken)).status).toBe(200);
  });
});

describe('a caller', () => {
  it('without a token is told to send one, and finds problem details at unknown addresses', async () => {
    const { status, body } = await server.anonymous().get('/v1/me');
    expect([status, body.code]).toEqual([401, 'unauthenticated']);
    const unknown = await server.anonymous().get('/v1/nothing-here');
    expect([unknown.status, unknown.body.code]).toEqual([404, 'not_found']);
    expect(unknown.headers['content-type']).toMatch(/^application\/problem\+json/);
  });

  it('who is suspended is refused', async () => {
    const { agent, id } = await aCustomer(server);
    await server.context.db.getRepository(User).update({ id }, { status: 'suspended' });
    const { status, body } = await agent.get('/v1/me');
    expect([status, body.code]).toEqual([403, 'user_suspended']);
  });

  it('is noted as seen, at most once a minute and as no change of the record', async () => {
    const { agent, id } = await aCustomer(server);
    const users = server.context.db.getRepository(User);
    const first = await users.findOneByOrFail({ id });
    expect(first.lastSeenAt).not.toBeNull();
    await agent.get('/v1/me?noTenantProvisioning').expect(200);
    expect(await users.findOneByOrFail({ id })).toEqual(first);
    await users.query('UPDATE users SET lastSeenAt = ? WHERE id = ?', [new Date(Date.now() - 2 * MINUTE), id]);
    await agent.get('/v1/me?noTenantProvisioning').expect(200);
    const later = await users.findOneByOrFail({ id });
    expect(later.lastSeenAt!.getTime()).toBeGreaterThan(Date.now() - MINUTE);
    expect(later.version).toBe(first.version);
  });
});
