import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'bullmq';
import Redis from 'ioredis';
import { systemActor } from '../../server/audit/actor';
import { decideTenant } from '../../server/billing/decide-tenant';
import { Override } from '../../server/billing/override.entity';
import { receiveEvents } from '../../server/billing/receive-event';
import { StripeEvent } from '../../server/billing/stripe-event.entity';
import { newId } from '../../server/db/id';
import { inTransaction } from '../../server/db/transaction';
import { Email } from '../../server/emails/email.entity';
import { Invitation } from '../../server/invitations/invitation.entity';
import { oweJob } from '../../server/jobs/outbox';
import { OutboxRow } from '../../server/jobs/outbox.entity';
import type { JobPayload } from '../../server/jobs/queues';
import { OutboxRelay } from '../../server/jobs/relay';
import { pauseAfter } from '../../server/jobs/settle';
import { Tenant } from '../../server/tenants/tenant.entity';
import { type RunningWorkers, startWorkers } from '../../workers/start';
import { DAY } from '../support/clock';
import { makeContext, type TestContext } from '../support/context';
import { anInvitation, aPlan, aTenant } from '../support/factories';
import { type SmtpServer, smtpServer } from './fake-smtp';

let made: TestContext;
let smtp: SmtpServer;
let running: RunningWorkers[] = [];
const prefix = `{test-${randomBytes(4).toString('hex')}}`;
const start = () => {
  const workers = startWorkers(made.context, { prefix, sweepMs: 200 });
  running.push(workers);
  return workers;
};
beforeAll(async () => {
  smtp = await smtpServer();
  made = await makeContext({ SMTP_URL: smtp.url, STRIPE_API_BASE: 'http://127.0.0.1:9' });
});
afterEach(async () => {
  await Promise.all(running.map((one) => one.stop()));
  running = [];
});
afterAll(async () => {
  await smtp.close();
  await made.close();
});

async function until(holds: () => Promise<boolean>, ms = 10_000): Promise<void> {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(25)) if (await holds()) return;
  throw new Error(`What was waited for did not happen within ${ms} ms.`);
}

const outbox = () => made.context.db.getRepository(OutboxRow);
const openCount = () => outbox().countBy({ status: 'open' });
const invitationNow = (id: string) => made.context.db.getRepository(Invitation).findOneByOrFail({ id });
const tenantNow = (id: string) => made.context.db.getRepository(Tenant).findOneByOrFail({ id });

describe('the relay', () => {
  it('hands every owed mail to the workers, once, though several relays run', async () => {
    const before = smtp.messages.length;
    start();
    start();
    const invitations = await Promise.all(Array.from({ length: 12 }, () => anInvitation(made.context)));
    await until(async () => (await openCount()) === 0);
    expect(smtp.messages.length - before).toBe(12);
    for (const { id } of invitations) expect((await invitationNow(id)).sentCount).toBe(1);
  });

  it('hands again what a wiped Redis forgot', async () => {
    const { id } = await anInvitation(made.context);
    const email = await made.context.db.getRepository(Email).findOneByOrFail({ invitationId: id });
    // Handed once, then forgotten: the row is open, and its time has come again.
    await outbox().update({ subject: email.id }, { handedCount: 1, dueAt: new Date() });
    start();
    await until(async () => (await invitationNow(id)).deliveryStatus === 'sent');
    expect((await outbox().findOneByOrFail({ subject: email.id })).handedCount).toBe(2);
  });

  it('hands one job for all rows of a subject, however many there are', async () => {
    const { context } = made;
    const tenants = [await aTenant(context), await aTenant(context)];
    const rows = Array.from({ length: 700 }, (_, i) => ({
      id: newId('obx'),
      kind: 'decide-tenant',
      subject: tenants[i % 2]!.id,
      dueAt: new Date(),
    }));
    await outbox().insert(rows);
    const own = `{test-${randomBytes(4).toString('hex')}}`;
    running.push(startWorkers(context, { prefix: own, sweepMs: 60_000 }));
    await until(async () => (await openCount()) === 0);
    const redis = new Redis(context.config.redisUrl);
    const queue = new Queue('billing', { connection: redis, prefix: own });
    // A batch may be cut between two rows of a tenant; never is it a job for each row.
    await until(async () => (await queue.getActiveCount()) + (await queue.getWaitingCount()) === 0);
    expect(await queue.getCompletedCount()).toBeLessThanOrEqual(4);
    await queue.close();
    redis.disconnect();
  });

  it('hands what came later in a job of its own, while an earlier one still waits for its turn', async () => {
    const { context } = made;
    const owe = () => inTransaction(context.db, (tx) => oweJob(tx, { kind: 'decide-tenant', subject: 'ten_x' }));
    const own = `{test-${randomBytes(4).toString('hex')}}`;
    const [redis, subscriber] = [new Redis(context.config.redisUrl), new Redis(context.config.redisUrl)];
    const queues = {
      mail: new Queue<JobPayload>('mail', { connection: redis, prefix: own }),
      billing: new Queue<JobPayload>('billing', { connection: redis, prefix: own }),
    };
    const relay = new OutboxRelay(context, queues, redis, subscriber);
    const waiting = async () => (await queues.billing.getWaiting()).map(({ data }) => [data.outboxId, ...data.alsoIds]);
    const first = [await owe(), await owe()];
    relay.start();
    await until(async () => (await waiting()).length === 1);
    // Their time comes again, and nobody has worked on them yet.
    await outbox().update({ subject: 'ten_x' }, { dueAt: new Date() });
    const later = await owe();
    await until(async () => (await waiting()).length === 2);
    await relay.stop();
    expect((await waiting()).map((ids) => ids.sort()).sort()).toEqual([first.sort(), [later]].sort());
    expect((await outbox().findBy({ subject: 'ten_x' })).map(({ handedCount }) => handedCount)).toEqual([1, 1, 1]);
    await outbox().delete({ subject: 'ten_x' });
    for (const one of [queues.mail, queues.billing]) await one.close();
    for (const one of [redis, subscriber]) one.disconnect();
  });

  it('is woken at once by a message on its channel', async () => {
    start();
    await sleep(300);
    const tenant = await aTenant(made.context);
    const id = await inTransaction(made.context.db, (tx) => oweJob(tx, { kind: 'decide-tenant', subject: tenant.id }));
    const redis = new Redis(made.context.config.redisUrl);
    await redis.publish('tenantry:outbox', '1');
    await redis.quit();
    await until(async () => (await outbox().findOneByOrFail({ id })).status === 'done', 2000);
  });
});

describe('a job that fails', () => {
  it('is put off with growing pauses, and ends visibly where it never can be done', async () => {
    expect(pauseAfter(1)).toBeLessThan(pauseAfter(4));
    expect(pauseAfter(50)).toBeLessThanOrEqual(15 * 60_000 * 1.25);
    start();
    const id = await inTransaction(made.context.db, (tx) =>
      oweJob(tx, { kind: 'sync-customer', subject: 'cus_nowhere' }),
    );
    await until(async () => (await outbox().findOneByOrFail({ id })).attempts > 0, 20_000);
    const row = await outbox().findOneByOrFail({ id });
    expect(row.lastError).toBeTruthy();
    expect(row.dueAt.getTime()).toBeGreaterThan(Date.now());
    await outbox().update({ id }, { status: 'failed' });
  });
});

describe('a failed sync of a customer', () => {
  it('puts off all that waited for it, and shows on its events why they wait', async () => {
    const { context } = made;
    const customerId = `cus_${randomBytes(6).toString('hex')}`;
    const event = (n: number) => ({
      id: `evt_${n}_${customerId}`,
      type: 'customer.updated',
      created: Math.floor(Date.now() / 1000),
      livemode: false,
      data: { object: { object: 'customer', id: customerId } },
    });
    const events = [event(1), event(2)];
    await receiveEvents(
      context,
      events.map((one) => ({ event: one, payload: JSON.stringify(one) })),
      'webhook',
    );
    start();
    await until(async () => (await outbox().findBy({ subject: customerId })).every(({ attempts }) => attempts > 0));
    const rows = await outbox().findBy({ subject: customerId });
    expect(new Set(rows.map(({ dueAt }) => dueAt.getTime())).size).toBe(1);
    expect(rows[0]).toMatchObject({ status: 'open', attempts: 1, lastError: expect.stringContaining('Stripe') });
    const stored = () => context.db.getRepository(StripeEvent).findBy({ customerId });
    await until(async () => (await stored()).every(({ error }) => error !== null));
    for (const one of await stored())
      expect(one).toMatchObject({ status: 'received', attempts: 1, error: expect.stringContaining('Stripe') });
    await outbox().update({ subject: customerId }, { status: 'failed' });
  });
});

describe('mail', () => {
  it('waits while the server is away, and goes out when it is back', async () => {
    const { port } = smtp;
    await smtp.close();
    start();
    const { id } = await anInvitation(made.context);
    const email = () => made.context.db.getRepository(Email).findOneByOrFail({ invitationId: id });
    await until(async () => (await email()).lastError !== null);
    expect((await email()).status).toBe('queued');
    smtp = await smtpServer(port);
    await until(async () => (await email()).status === 'sent', 20_000);
    expect(smtp.messages).toHaveLength(1);
  });
});

describe('time', () => {
  it('ends an override and expires an invitation by itself', async () => {
    const { context, clock } = made;
    const plan = await aPlan(context, { kind: 'custom', rank: 40 });
    const tenant = await aTenant(context);
    await inTransaction(context.db, async (tx) => {
      await tx.insert(Override, {
        id: newId('ovr'),
        tenantId: tenant.id,
        planId: plan.id,
        reason: 'A pilot.',
        startsAt: new Date(+clock.now() - 1000),
        endsAt: new Date(+clock.now() + 9 * DAY),
        createdByType: 'system',
        createdByName: 'Tenantry',
      });
      await decideTenant(tx, context, tenant.id, { actor: systemActor });
    });
    expect((await tenantNow(tenant.id)).planId).toBe(plan.id);
    const invitation = await anInvitation(context, { tenantId: tenant.id });
    clock.advance(10 * DAY);
    start();
    await until(async () => (await tenantNow(tenant.id)).planId === 'free');
    await until(async () => (await invitationNow(invitation.id)).status === 'expired');
    expect((await invitationNow(invitation.id)).pending).toBeNull();
  });
});
