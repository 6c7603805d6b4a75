import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import { IssuerKey, SignInCode, UserSession } from '../../server/issuer/issuer.entities';
import { SigningKeys } from '../../server/issuer/signing-key';
import { Identity } from '../../server/users/identity.entity';
import { User } from '../../server/users/user.entity';
import { DAY, MINUTE } from '../support/clock';
import { startServer, type TestServer } from '../support/server';
import { aCode, aCustomer, anEmail, secretOf } from './people';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const cookieOf = (headers: Record<string, unknown>): string => String((headers['set-cookie'] as string[])?.[0]);
const pair = (cookie: string): string => cookie.split(';')[0]!;
const otherThan = (code: string): string => (code === '000000' ? '000001' : '000000');

describe('the signing key', () => {
  it('is made once, however many ask for the first time together', async () => {
    const copies = Array.from({ length: 6 }, () => new SigningKeys(server.context));
    const keys = await Promise.all(copies.map((copy) => copy.active()));
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(1);
    expect(await server.context.db.getRepository(IssuerKey).count()).toBe(1);
  });

  it('is published without its private half, and verifies the tokens', async () => {
    const { token, email } = await aCustomer(server);
    const { body } = await server.anonymous().get('/.well-known/jwks.json').expect(200);
    expect(body.keys).toHaveLength(1);
    expect(body.keys[0]).not.toHaveProperty('d');
    const { payload } = await jwtVerify(token, createLocalJWKSet(body), {
      issuer: 'http://localhost:4380',
      audience: 'tenantry',
    });
    expect(payload).toMatchObject({ email, sub: expect.stringMatching(/^email:[0-9a-f]{64}$/) });
    expect(payload.exp! - payload.iat!).toBe(900);
  });
});

describe('asking for a code', () => {
  it('answers alike for known and unknown addresses', async () => {
    const { email } = await aCustomer(server);
    const [known, unknown] = await Promise.all(
      [email, anEmail()].map((address) => server.anonymous().post('/auth/code').send({ email: address })),
    );
    expect([known!.status, known!.body]).toEqual([202, { sent: true, expiresInSeconds: 600 }]);
    expect([unknown!.status, unknown!.body]).toEqual([known!.status, known!.body]);
  });

  it('keeps the code as a hash alone', async () => {
    const email = anEmail();
    const code = await aCode(server, email);
    const [row] = await server.context.db.getRepository(SignInCode).findBy({ emailKey: email });
    expect(code).toMatch(/^\d{6}$/);
    expect(row!.codeHash).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(row)).not.toContain(`"${code}"`);
  });

  it('is refused after five in a quarter of an hour, with the time to wait', async () => {
    const email = anEmail();
    for (let n = 0; n < 5; n += 1) await server.anonymous().post('/auth/code').send({ email }).expect(202);
    const { status, headers } = await server.anonymous().post('/auth/code').send({ email: email.toUpperCase() });
    expect(status).toBe(429);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  });

  it('names a bad address, and refuses another site', async () => {
    const bad = await server.anonymous().post('/auth/code').send({ email: 'nobody' });
    expect([bad.status, Object.keys(bad.body.errors)]).toEqual([400, ['email']]);
    const cross = await server
      .anonymous()
      .post('/auth/code')
      .set('Origin', 'https://evil.example')
      .send({ email: 'a@b.co' });
    expect([cross.status, cross.body.code]).toEqual([403, 'cross_site']);
  });
});

describe('a code', () => {
  it('signs in once, even when sent twice at once', async () => {
    const email = anEmail();
    const code = await aCode(server, email);
    const send = () => server.anonymous().post('/auth/token').send({ email, code });
    const answers = await Promise.all([send(), send()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
    expect((await send()).body).toMatchObject({ code: 'code_expired', errors: { code: expect.any(String) } });
    expect(await server.context.db.getRepository(User).countBy({ email })).toBe(1);
  });

  it('leads the same address to the same user', async () => {
    const first = await aCustomer(server);
    const second = await aCustomer(server, first.email);
    expect(second.id).toBe(first.id);
  });

  it('is never joined to a user of another identity with the same address', async () => {
    const { context } = server;
    const email = anEmail();
    const stranger = { id: `usr_${email.length}stranger`, email, emailKey: email, name: 'Stranger' };
    await context.db.getRepository(User).insert(stranger);
    expect((await aCustomer(server, email)).id).not.toBe(stranger.id);
  });

  it('ends when a newer one is asked for', async () => {
    const email = anEmail();
    const old = await aCode(server, email);
    const code = await aCode(server, email);
    if (old !== code) {
      const { status, body } = await server.anonymous().post('/auth/token').send({ email, code: old });
      expect([status, body.code]).toEqual([400, 'code_invalid']);
    }
    await server.anonymous().post('/auth/token').send({ email, code }).expect(200);
  });

  it('is over after five wrong tries, though the sixth be right', async () => {
    const email = anEmail();
    const code = await aCode(server, email);
    for (let n = 0; n < 5; n += 1) {
      const { body } = await server
        .anonymous()
        .post('/auth/token')
        .send({ email, code: otherThan(code) });
      expect(body.code).toBe('code_invalid');
    }
    const { status, body } = await server.anonymous().post('/auth/token').send({ email, code });
    expect([status, body.code]).toEqual([400, 'code_expired']);
  });

  it('is over after ten minutes', async () => {
    const late = await startServer();
    try {
      const email = anEmail();
      const code = await aCode(late, email);
      late.clock.advance(10 * MINUTE);
      const { body } = await late.anonymous().post('/auth/token').send({ email, code });
      expect(body.code).toBe('code_expired');
    } finally {
      await late.close();
    }
  });

  it('signs no suspended user in', async () => {
    const { email, id } = await aCustomer(server);
    await server.context.db.getRepository(User).update({ id }, { status: 'suspended' });
    const code = await aCode(server, email);
    const { status, body } = await server.anonymous().post('/auth/token').send({ email, code });
    expect([status, body.code]).toEqual([403, 'user_suspended']);
  });
});

describe('a session', () => {
  async function signedIn() {
    const email = anEmail();
    const code = await aCode(server, email);
    const answer = await server.anonymous().post('/auth/token').send({ email, code }).expect(200);
    return { email, cookie: cookieOf(answer.headers) };
  }
  const refresh = (cookie: string) => server.anonymous().post('/auth/refresh').set('Cookie', pair(cookie));

  it('is a cookie that scripts and other sites cannot use, stored as a hash', async () => {
    const { cookie, email } = await signedIn();
    expect(cookie).toMatch(/^tenantry\.session\.4380=/);
    expect(cookie).toMatch(/; Path=\/auth; .*HttpOnly; SameSite=Lax/);
    const user = await server.context.db.getRepository(User).findOneByOrFail({ email });
    const [row] = await server.context.db.getRepository(UserSession).findBy({ userId: user.id });
    expect(row!.tokenHash).toMatch(/^[0-9a-f]{64}$/);
    expect(pair(cookie)).not.toContain(row!.tokenHash);
  });

  it('is rotated on refresh, to the same next cookie for two tabs at once', async () => {
    const { cookie, email } = await signedIn();
    const [one, two] = await Promise.all([refresh(cookie), refresh(cookie)]);
    expect([one!.status, two!.status]).toEqual([200, 200]);
    expect(decodeJwt(one!.body.accessToken)).toMatchObject({ email });
    expect(pair(cookieOf(one!.headers))).not.toBe(pair(cookie));
    expect(pair(cookieOf(two!.headers))).toBe(pair(cookieOf(one!.headers)));
    await refresh(cookieOf(one!.headers)).expect(200);
  });

  it('lets the older cookie go a minute after its rotation', async () => {
    const own = await startServer();
    try {
      const { agent } = await aCustomer(own);
      const first = await agent.post('/auth/refresh').expect(200);
      const old = pair(cookieOf(first.headers));
      await agent.post('/auth/refresh').expect(200);
      own.clock.advance(2 * MINUTE);
      await own.anonymous().post('/auth/refresh').set('Cookie', old).expect(401);
      await agent.post('/auth/refresh').expect(200);
      own.clock.advance(31 * DAY);
      await agent.post('/auth/refresh').expect(401);
    } finally {
      await own.close();
    }
  });

  it('ends at sign-out, also for the cookies before it', async () => {
    const { cookie } = await signedIn();
    const next = cookieOf((await refresh(cookie)).headers);
    await server.anonymous().post('/auth/sign-out').set('Cookie', pair(next)).expect(204);
    await refresh(next).expect(401);
    await refresh(cookie).expect(401);
  });

  it('is asked for where there is none', async () => {
    await server.anonymous().post('/auth/refresh').expect(401);
    await server.anonymous().post('/auth/sign-out').expect(204);
    const { status, body } = await server.anonymous().get('/auth/nothing-here');
    expect([status, body.code]).toEqual([404, 'not_found']);
  });
});

it('an identity is the issuer and the subject', async () => {
  const { id } = await aCustomer(server);
  const [identity] = await server.context.db.getRepository(Identity).findBy({ userId: id });
  expect(identity).toMatchObject({ issuer: 'http://localhost:4380' });
});

it('mails the code to the address that was typed', async () => {
  const email = anEmail();
  await server.anonymous().post('/auth/code').send({ email }).expect(202);
  expect(await secretOf(server, email, 'sign-in-code')).toMatch(/^\d{6}$/);
});
