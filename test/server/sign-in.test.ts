import { randomBytes } from 'node:crypto';
import { Operator } from '../../server/operators/operator.entity';
import { OperatorSession } from '../../server/operators/operator-session.entity';
import { sha256 } from '../../server/secrets';
import { PASSWORD, startServer, type TestServer } from '../support/server';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const cookieOf = (headers: Record<string, unknown>): string => String((headers['set-cookie'] as string[])?.[0]);
const withoutRequestId = ({ requestId: _id, ...problem }: Record<string, unknown>) => problem;

describe('signing in', () => {
  it('answers with the operator, without secrets, and a cookie that scripts and other sites cannot use', async () => {
    const { email } = await server.signIn('admin');
    const answer = await server
      .anonymous()
      .post('/api/session')
      .send({ email: email.toUpperCase(), password: PASSWORD });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ email, role: 'admin', status: 'active', totpEnabled: false });
    expect(JSON.stringify(answer.body)).not.toMatch(/argon2|passwordHash|emailKey/);
    const cookie = cookieOf(answer.headers);
    expect(cookie).toMatch(/^tenantry\.operator\.4380=/);
    expect(cookie).toMatch(/; HttpOnly/);
    expect(cookie).toMatch(/; SameSite=Lax/);
    expect(cookie).toMatch(/; Path=\/api/);
    expect(cookie).not.toMatch(/; Secure/);
  });

  it('sends the cookie over https alone where the product is reached so', async () => {
    const secure = await startServer({ PUBLIC_URL: 'https://back.example.com' });
    try {
      const { email } = await secure.signIn('viewer');
      const answer = await secure
        .anonymous()
        .post('/api/session')
        .set('X-Forwarded-Proto', 'https')
        .send({ email, password: PASSWORD });
      expect(cookieOf(answer.headers)).toMatch(/; Secure/);
    } finally {
      await secure.close();
    }
  });

  it('keeps the session as a hash, and tells who is signed in', async () => {
    const { agent, id, email } = await server.signIn('support');
    const me = await agent.get('/api/session').expect(200);
    expect(me.body).toMatchObject({ id, email, role: 'support' });
    const [row] = await server.context.db.getRepository(OperatorSession).findBy({ operatorId: id });
    expect(row?.idHash).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(row)).not.toContain(PASSWORD);
    expect(me.body.lastSignInAt).not.toBeNull();
  });

  it('lives on while it is used, and is written for that once a minute at most', async () => {
    const { agent, id } = await server.signIn('support');
    const sessions = server.context.db.getRepository(OperatorSession);
    const { expiresAt, data, ...row } = await sessions.findOneByOrFail({ operatorId: id });
    const older = async (ms: number) => {
      const at = new Date(+expiresAt - ms);
      await sessions.update({ idHash: row.idHash }, { expiresAt: at });
      await agent.get('/api/session').expect(200);
      const after = await sessions.findOneByOrFail({ idHash: row.idHash });
      expect(after.data).toEqual(data);
      return +after.expiresAt - +at;
    };
    expect(await older(30_000)).toBe(0);
    expect(await older(120_000)).toBeGreaterThanOrEqual(120_000);
    await sessions.update({ idHash: row.idHash }, { expiresAt: new Date(Date.now() - 1) });
    await agent.get('/api/session').expect(401);
  });

  it('gives each sign-in a new session id', async () => {
    const { agent, email } = await server.signIn('viewer');
    const first = await agent.post('/api/session').send({ email, password: PASSWORD });
    const second = await agent.post('/api/session').send({ email, password: PASSWORD });
    expect(sha256(cookieOf(first.headers))).not.toBe(sha256(cookieOf(second.headers)));
  });

  it('tells a wrong password, an unknown account and a suspended one apart in nothing', async () => {
    const { email } = await server.signIn('viewer');
    const suspended = await server.signIn('viewer');
    await server.context.db.getRepository(Operator).update({ id: suspended.id }, { status: 'suspended' });
    const tries = [
      { email, password: 'not the password' },
      { email: `nobody-${randomBytes(4).toString('hex')}@example.com`, password: PASSWORD },
      { email: suspended.email, password: PASSWORD },
    ];
    const answers = [];
    for (const given of tries) answers.push(await server.anonymous().post('/api/session').send(given));
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
    const [wrong, unknown, stopped] = answers.map(({ body }) => withoutRequestId(body));
    expect(unknown).toEqual(wrong);
    expect(stopped).toEqual(wrong);
    expect(wrong).toMatchObject({ code: 'wrong_login' });
    expect(answers.every(({ headers }) => headers['set-cookie'] === undefined)).toBe(true);
  });

  it('names the fields that are missing', async () => {
    const { status, body } = await server.anonymous().post('/api/session').send({});
    expect(status).toBe(400);
    expect(body.errors).toEqual({ email: 'is required.', password: 'is required.' });
  });

  it('is refused after ten wrong tries at one account, from wherever they come, with the time to wait', async () => {
    const { email } = await server.signIn('viewer');
    const attempt = (password: string) => server.anonymous().post('/api/session').send({ email, password });
    for (let n = 0; n < 10; n += 1) await attempt('not the password').expect(401);
    const { status, body, headers } = await attempt(PASSWORD);
    expect(status).toBe(429);
    expect(body).toMatchObject({ code: 'too_many_requests', status: 429 });
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  });

  it('is never refused for tries that were right', async () => {
    const { email } = await server.signIn('viewer');
    const agent = server.anonymous();
    for (let n = 0; n < 12; n += 1) await agent.post('/api/session').send({ email, password: PASSWORD }).expect(200);
  });
});

describe('signing out', () => {
  it('ends the session on the server, so that the old cookie is worth nothing', async () => {
    const { agent, email } = await server.signIn('viewer');
    const cookie = cookieOf((await agent.post('/api/session').send({ email, password: PASSWORD })).headers);
    await agent.delete('/api/session').expect(200);
    await agent.get('/api/session').expect(401);
    await server.anonymous().get('/api/session').set('Cookie', cookie.split(';')[0]!).expect(401);
  });

  it('lets an operator of any role end all of the own sessions at once', async () => {
    const here = await server.signIn('viewer');
    const elsewhere = server.anonymous();
    await elsewhere.post('/api/session').send({ email: here.email, password: PASSWORD }).expect(200);
    await here.agent.delete('/api/session?everywhere=true').expect(200);
    await here.agent.get('/api/session').expect(401);
    await elsewhere.get('/api/session').expect(401);
  });

  it('everywhere ends each session of the operator, and only theirs', async () => {
    const admin = await server.signIn('admin');
    const other = await server.signIn('viewer');
    const elsewhere = server.anonymous();
    await elsewhere.post('/api/session').send({ email: other.email, password: PASSWORD }).expect(200);
    await admin.agent.post(`/api/operators/${other.id}/sign-out`).send({}).expect(200);
    await other.agent.get('/api/session').expect(401);
    await elsewhere.get('/api/session').expect(401);
    await admin.agent.get('/api/session').expect(200);
  });
});

describe('a request that changes something', () => {
  const create = (headers: Record<string, string>) => {
    const call = signedIn.agent.post('/api/tenants');
    for (const [name, value] of Object.entries(headers)) call.set(name, value);
    return call.send(JSON.stringify({ name: 'From somewhere' }));
  };
  let signedIn: Awaited<ReturnType<TestServer['signIn']>>;
  beforeAll(async () => {
    signedIn = await server.signIn('admin');
  });

  it.each<[string, Record<string, string>]>([
    ['a cross-site fetch', { 'Sec-Fetch-Site': 'cross-site' }],
    ['another site of the same domain', { 'Sec-Fetch-Site': 'same-site' }],
    ['another origin', { Origin: 'https://evil.example' }],
    ['a page without an origin', { Origin: 'null' }],
  ])('from %s is refused', async (_what, headers) => {
    const { status, body } = await create({ 'Content-Type': 'application/json', ...headers });
    expect([status, body.code]).toEqual([403, 'cross_site']);
  });

  it.each<[string, Record<string, string>]>([
    ['our own page', { 'Sec-Fetch-Site': 'same-origin' }],
    ['our public address', { Origin: 'http://localhost:4380' }],
    ['a program', {}],
  ])('from %s is done', async (_what, headers) => {
    await create({ 'Content-Type': 'application/json', ...headers }).expect(201);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])(
    'with a body of %s, which a form can send, is refused',
    async (type) => {
      const { status, body } = await create({ 'Content-Type': type });
      expect([status, body.code]).toEqual([415, 'json_only']);
    },
  );

  it('with a body that is not JSON is told so', async () => {
    const { status, body } = await signedIn.agent
      .post('/api/tenants')
      .set('Content-Type', 'application/json')
      .send('{');
    expect([status, body.code]).toEqual([400, 'invalid_json']);
  });
});
