import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Redis from 'ioredis';
import { createPool } from 'mysql2/promise';
import { systemActor } from '../../server/audit/actor';
import { Email } from '../../server/emails/email.entity';
import { importInvitations } from '../../server/invitations/import/import-invitations';
import { Invitation } from '../../server/invitations/invitation.entity';
import { OutboxRow } from '../../server/jobs/outbox.entity';
import { type RunningWorkers, startWorkers } from '../../workers/start';
import { makeContext, type TestContext, testEnv } from '../support/context';
import { anInvitation, aTenant } from '../support/factories';
import { type SmtpServer, smtpServer } from './fake-smtp';

const ROOT = join(__dirname, '../..');
const HUNDREDS = 1000;

let made: TestContext;
let smtp: SmtpServer;
let prefix: string;
let running: RunningWorkers[] = [];
const children: ChildProcess[] = [];
beforeAll(async () => {
  smtp = await smtpServer();
  made = await makeContext({ SMTP_URL: smtp.url, STRIPE_API_BASE: 'http://127.0.0.1:9' });
});
beforeEach(() => {
  prefix = `{mail-${randomBytes(4).toString('hex')}}`;
  Object.assign(smtp, { silent: undefined, drops: 0, refuseWith: undefined });
  smtp.messages.length = 0;
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(running.map((one) => one.stop()));
  running = [];
});
afterAll(async () => {
  await smtp.close();
  await made.close();
});

const rows = <Row extends object>(entity: new () => Row) => made.context.db.getRepository(entity);
async function until(what: string, holds: () => Promise<boolean> | boolean, ms = 20_000): Promise<void> {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(20)) if (await holds()) return;
  throw new Error(`Within ${ms} ms it did not come to this: ${what}.`);
}
const mailOf = (invitationId: string) => rows(Email).findOneByOrFail({ invitationId });
const work = () => running.push(startWorkers(made.context, { prefix, sweepMs: 500 }));

/** Workers in a process of their own. */
async function elsewhere(): Promise<ChildProcess> {
  const { databaseUrl, redisUrl } = made.context.config;
  const env = {
    ...testEnv(),
    PATH: process.env.PATH,
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    SMTP_URL: smtp.url,
    STRIPE_API_BASE: 'http://127.0.0.1:9',
    PREFIX: prefix,
  };
  const child = fork(join(__dirname, 'mail-process.ts'), {
    cwd: ROOT,
    env,
    execArgv: ['-r', join(ROOT, 'dev', 'launch', 'swc-register.cjs')],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  children.push(child);
  await once(child, 'message');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** All that Redis has of ours: other tests share the server. */
async function wipeRedis(): Promise<void> {
  const redis = new Redis(made.context.config.redisUrl);
  const keys = async () => redis.keys(`${prefix}*`);
  for (let left = await keys(); left.length > 0; left = await keys()) await redis.del(...left);
  redis.disconnect();
}

/** As if the minute had passed after which what was handed to the queue is handed again. */
const handAgain = () => made.context.db.query(`UPDATE outbox SET dueAt = NOW(3) WHERE status = 'open'`);

/** As if the minutes had passed after which a dead worker's claims, and its jobs in the queue, are given up. */
async function letTimePass(): Promise<void> {
  await wipeRedis();
  await made.context.db.query(`UPDATE emails SET claimedAt = claimedAt - INTERVAL 3 MINUTE WHERE status = 'sending'`);
  await handAgain();
}

const messageIdsOf = (messages: string[]) => messages.map((message) => /^Message-ID: (.+)$/im.exec(message)?.[1]);

describe('a worker killed with SIGKILL', () => {
  it('before it claimed a message: it goes out once', async () => {
    const child = await elsewhere();
    const holder = createPool({ uri: made.context.config.databaseUrl, connectionLimit: 1 });
    const connection = await holder.getConnection();
    const { id } = await anInvitation(made.context);
    const { id: emailId } = await mailOf(id);
    await connection.beginTransaction();
    await connection.query('SELECT id FROM emails WHERE id = ? FOR UPDATE', [emailId]);
    await until(
      'the job is handed',
      async () => (await rows(OutboxRow).findOneByOrFail({ subject: emailId })).handedCount > 0,
    );
    await sleep(300);
    await kill(child);
    await connection.rollback();
    connection.release();
    await holder.end();
    await letTimePass();
    work();
    await until('it is sent', async () => (await mailOf(id)).status === 'sent');
    expect(smtp.messages).toHaveLength(1);
  }, 40_000);

  it('after the claim, before the mail server took it: it goes out once', async () => {
    smtp.silent = 'greeting';
    const child = await elsewhere();
    const { id } = await anInvitation(made.context);
    await until('it is claimed', async () => (await mailOf(id)).status === 'sending');
    await kill(child);
    smtp.silent = undefined;
    await letTimePass();
    work();
    await until('it is sent', async () => (await mailOf(id)).status === 'sent');
    expect(smtp.messages).toHaveLength(1);
  }, 40_000);

  it('after the mail server took it, before it said so: twice at most, with one Message-ID', async () => {
    smtp.silent = 'taken';
    const child = await elsewhere();
    const { id } = await anInvitation(made.context);
    await until('it is taken', () => smtp.messages.length === 1);
    await kill(child);
    smtp.silent = undefined;
    await letTimePass();
    work();
    await until('it is sent', async () => (await mailOf(id)).status === 'sent');
    expect(smtp.messages).toHaveLength(2);
    expect(new Set(messageIdsOf(smtp.messages))).toEqual(new Set([(await mailOf(id)).messageId]));
    expect((await rows(Invitation).findOneByOrFail({ id })).sentCount).toBe(1);
  }, 40_000);

  it('after the mail server said so, before that was written: twice at most, with one Message-ID', async () => {
    smtp.silent = 'taken';
    const child = await elsewhere();
    const holder = createPool({ uri: made.context.config.databaseUrl, connectionLimit: 1 });
    const { id } = await anInvitation(made.context);
    await until('it is taken', () => smtp.messages.length === 1);
    // The row is held, so that what follows from the answer can't be written.
    const connection = await holder.getConnection();
    await connection.beginTransaction();
    await connection.query('SELECT id FROM invitations WHERE id = ? FOR UPDATE', [id]);
    smtp.answer();
    await sleep(500);
    await kill(child);
    await connection.rollback();
    connection.release();
    await holder.end();
    expect((await mailOf(id)).status).toBe('sending');
    smtp.silent = undefined;
    await letTimePass();
    work();
    await until('it is sent', async () => (await mailOf(id)).status === 'sent');
    expect(new Set(messageIdsOf(smtp.messages)).size).toBe(1);
    expect(smtp.messages.length).toBeLessThanOrEqual(2);
    expect((await rows(Invitation).findOneByOrFail({ id })).sentCount).toBe(1);
  }, 40_000);
});

it('a mail server that takes messages and drops the connection: each is sent in the end, under one Message-ID', async () => {
  smtp.drops = 3;
  work();
  const invitations = await Promise.all(Array.from({ length: 6 }, () => anInvitation(made.context)));
  const states = () => Promise.all(invitations.map(async ({ id }) => (await mailOf(id)).status));
  await until(
    'all are sent',
    async () => {
      await handAgain();
      return (await states()).every((status) => status === 'sent');
    },
    40_000,
  );
  expect(new Set(messageIdsOf(smtp.messages)).size).toBe(6);
  expect(smtp.messages.length).toBeLessThanOrEqual(9);
}, 60_000);

it('Redis wiped with a thousand queued, while the mail server is away: all are sent, once', async () => {
  const { port } = smtp;
  await smtp.close();
  const { id: tenantId } = await aTenant(made.context);
  const csv = Array.from({ length: HUNDREDS }, (_, n) => `crowd${n}@example.com`).join('\n');
  await importInvitations(made.context, systemActor, { tenantId, importId: `import-${prefix.slice(6, 14)}`, csv });
  work();
  const handed = () => rows(OutboxRow).countBy({ kind: 'send-email', status: 'open', handedCount: 0 });
  await until('all are handed to the queue', async () => (await handed()) === 0);
  const redis = new Redis(made.context.config.redisUrl);
  const keys = async () => redis.keys(`${prefix}*`);
  expect((await keys()).length).toBeGreaterThan(HUNDREDS / 2);
  await wipeRedis();
  smtp = await smtpServer(port);
  await handAgain();
  const sent = () => rows(Email).countBy({ tenantId, status: 'sent' });
  await until('all are sent', async () => (await sent()) === HUNDREDS, 90_000);
  expect(smtp.messages).toHaveLength(HUNDREDS);
  expect(new Set(messageIdsOf(smtp.messages)).size).toBe(HUNDREDS);
  redis.disconnect();
}, 120_000);
