import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import Redis from 'ioredis';
import { Email } from '../../server/emails/email.entity';
import { sha256 } from '../../server/secrets';
import { startWorkers } from '../../workers/start';
import { aCustomer } from '../customer-api/people';
import { startServer, type TestServer } from '../support/server';
import { type SmtpServer, smtpServer } from '../workers/fake-smtp';

const prefix = `{leak-${randomBytes(4).toString('hex')}}`;
const LINK = /\/join#token=([\w-]{43})/g;

let server: TestServer;
let smtp: SmtpServer;
const told: string[] = [];
/** Every token that was ever made. */
const tokens = new Set<string>();
const logged: string[] = [];

beforeAll(async () => {
  smtp = await smtpServer();
  server = await startServer(
    { SMTP_URL: smtp.url, LOG_LEVEL: 'trace', STRIPE_API_BASE: 'http://127.0.0.1:9' },
    {
      write: (line) => logged.push(line),
    },
  );
});
afterAll(async () => {
  await server.close();
  await smtp.close();
});

/** Whatever stands in any table, as text. */
async function dump(): Promise<string> {
  const { db } = server.context;
  const tables: { name: string }[] = await db.query(
    'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()',
  );
  const parts = [];
  for (const { name } of tables) parts.push(JSON.stringify(await db.query(`SELECT * FROM \`${name}\``)));
  return parts.join('\n');
}

/** Whatever stands in Redis under our prefix, as text. */
async function dumpRedis(): Promise<string> {
  const redis = new Redis(server.context.config.redisUrl);
  const parts: string[] = [];
  for (const key of await redis.keys(`${prefix}*`)) {
    const kind = await redis.type(key);
    const read = {
      string: () => redis.get(key),
      hash: () => redis.hgetall(key),
      list: () => redis.lrange(key, 0, -1),
      set: () => redis.smembers(key),
      zset: () => redis.zrange(key, '0', '-1'),
      stream: () => redis.xrange(key, '-', '+'),
    }[kind];
    parts.push(key, JSON.stringify(await read?.()));
  }
  redis.disconnect();
  return parts.join('\n');
}

/** Tokens that wait in sealed rows. */
async function collectSealed(): Promise<number> {
  const mails = await server.context.db.getRepository(Email).find();
  const sealed = mails.filter(({ sealedSecret }) => sealedSecret !== null);
  for (const { sealedSecret, kind } of sealed)
    if (kind === 'invitation') tokens.add(server.context.sealer.open(sealedSecret!));
  return sealed.length;
}

it('a token stands nowhere but sealed in the mail that waits, and nowhere at all once it is sent', async () => {
  const admin = (await server.signIn('admin')).agent;
  const ask = async (method: 'get' | 'post', path: string, body: object = {}) => {
    const answer = await (method === 'get' ? admin.get(path) : admin.post(path).send(body));
    if (!path.endsWith('/link')) told.push(JSON.stringify([answer.headers, answer.body]));
    return answer;
  };
  const ann = await aCustomer(server);
  const { body: tenant } = await ann.agent.post('/v1/tenants').send({ name: 'Leak' }).expect(201);
  const tenantId = tenant.id;
  const ids: string[] = [];
  for (const name of ['one', 'two', 'three', 'four']) {
    const { body } = await ask('post', '/api/invitations', {
      tenantId,
      email: `${name}@example.com`,
      role: 'member',
    });
    ids.push(body.id);
  }
  const csv = 'five@example.com\nsix@example.com';
  await ask('post', '/api/invitations/import', { tenantId, importId: 'import-leak', csv });
  const own = { email: 'seven@example.com', role: 'member' };
  told.push(JSON.stringify((await ann.agent.post(`/v1/tenants/${tenantId}/invitations`).send(own).expect(201)).body));
  await collectSealed();
  await ask('post', `/api/invitations/${ids[0]}/resend`);
  await ask('post', `/api/invitations/${ids[1]}/readdress`, { email: 'right@example.com' });
  const { body: link } = await ask('post', `/api/invitations/${ids[2]}/link`);
  tokens.add(/#token=(.+)$/.exec(link.url)![1]!);
  await collectSealed();
  expect(tokens.size).toBeGreaterThanOrEqual(10);

  const workers = startWorkers(server.context, { prefix, sweepMs: 60_000 });
  const waiting = () => server.context.db.getRepository(Email).countBy([{ status: 'queued' }, { status: 'sending' }]);
  for (const end = Date.now() + 15_000; Date.now() < end && (await waiting()) > 0; ) await sleep(50);
  const redis = await dumpRedis();
  await workers.stop();
  expect(await waiting()).toBe(0);
  const mailed = [...smtp.messages.join('\n').replace(/=\n/g, '').replace(/=3D/g, '=').matchAll(LINK)];
  expect(mailed.length).toBeGreaterThan(0);
  for (const [, token] of mailed) expect(tokens.has(token!)).toBe(true);

  for (const token of [...tokens].slice(0, 3)) {
    told.push(JSON.stringify((await server.anonymous().post('/v1/invitations/preview').send({ token })).body));
    const { body } = await ann.agent.post('/v1/invitations/accept').send({ token });
    told.push(JSON.stringify(body));
  }
  for (const path of ['invitations', 'emails', 'audit-log', 'suppressions', 'memberships', 'users'])
    await ask('get', `/api/${path}?range=[0,99]`);
  for (const id of ids) await ask('get', `/api/invitations/${id}/trace`);
  told.push(JSON.stringify((await ann.agent.get(`/v1/tenants/${tenantId}/invitations`)).body));

  expect(await collectSealed()).toBe(0);
  const places = { database: await dump(), redis, log: logged.join(''), answers: told.join('\n') };
  expect(places.log.length).toBeGreaterThan(1000);
  expect(places.redis).toContain('outboxId');
  const found: string[] = [];
  for (const [place, text] of Object.entries(places))
    for (const token of tokens) {
      if (text.includes(token)) found.push(`a token in ${place}`);
      // Whoever has the hash can't come in by it, but nobody needs it outside of the database.
      if (place !== 'database' && text.includes(sha256(token))) found.push(`a hash in ${place}`);
    }
  expect(found).toEqual([]);
}, 60_000);
