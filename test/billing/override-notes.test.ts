import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import Redis from 'ioredis';
import { systemActor } from '../../server/audit/actor';
import { AuditEntry } from '../../server/audit/audit.entity';
import { Override } from '../../server/billing/override.entity';
import { endOverride, extendOverride } from '../../server/billing/overrides/change-override';
import { grantOverride } from '../../server/billing/overrides/grant-override';
import { noteEndings } from '../../server/billing/overrides/note-endings';
import { PlanChange } from '../../server/billing/plan-change.entity';
import { inTransaction } from '../../server/db/transaction';
import { Email } from '../../server/emails/email.entity';
import { sendEmail } from '../../server/emails/send-email';
import { openTransport } from '../../server/emails/transport';
import { createOperator } from '../../server/operators/create-operator';
import { Operator } from '../../server/operators/operator.entity';
import { Tenant } from '../../server/tenants/tenant.entity';
import { startWorkers } from '../../workers/start';
import { DAY, SECOND } from '../support/clock';
import { makeContext, type TestContext } from '../support/context';
import { serviceUrl } from '../support/database';
import { aPlan, aTenant } from '../support/factories';
import { type SmtpServer, smtpServer } from '../workers/fake-smtp';

let made: TestContext;
let smtp: SmtpServer;
const granter = {
  email: 'grace@example.com',
  name: 'Grace',
  role: 'admin' as const,
  password: 'a long enough password',
};
let granterId: string;
beforeAll(async () => {
  smtp = await smtpServer();
  made = await makeContext({ SMTP_URL: smtp.url, STRIPE_API_BASE: 'http://127.0.0.1:9' });
  granterId = await createOperator(made.context.db, systemActor, granter);
  await createOperator(made.context.db, systemActor, { ...granter, email: 'other@example.com', name: 'Other' });
  await aPlan(made.context, { id: 'business', name: 'Business', rank: 20 });
});
afterAll(async () => {
  await smtp.close();
  await made.close();
});
beforeEach(() => {
  smtp.messages.length = 0;
});

const actor = () => ({ type: 'operator' as const, id: granterId, name: granter.name });
const inDays = (days: number) => new Date(+made.context.now() + days * DAY);
async function aGrant(days: number, more: object = {}) {
  const { id: tenantId } = await aTenant(made.context, { name: 'Acme' });
  const asked = {
    tenantId,
    planId: 'business',
    pin: false,
    reason: 'Agreed with sales.',
    endsAt: inDays(days),
    ...more,
  };
  const id = await inTransaction(made.context.db, (tx) => grantOverride(tx, made.context, actor(), asked));
  return { id, tenantId };
}
const notesOf = (tenantId: string) =>
  made.context.db.getRepository(Email).findBy({ kind: 'override-ending', tenantId });
const overrideNow = (id: string) => made.context.db.getRepository(Override).findOneByOrFail({ id });
const tenantNow = (id: string) => made.context.db.getRepository(Tenant).findOneByOrFail({ id });
const note = () => noteEndings(made.context);
const change = (work: Parameters<typeof inTransaction<void>>[1]) => inTransaction(made.context.db, work);

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 15_000; Date.now() < end; await sleep(25)) if (await holds()) return;
  throw new Error('What was waited for did not happen within 15 s.');
}

describe('before an override ends', () => {
  it('the operator who granted it is told, three days before, once', async () => {
    const { id, tenantId } = await aGrant(30);
    made.clock.advance(26.9 * DAY);
    await note();
    expect(await notesOf(tenantId)).toEqual([]);
    made.clock.advance(0.2 * DAY);
    const { version } = await overrideNow(id);
    await Promise.all([note(), note(), note()]);
    await note();
    expect(await notesOf(tenantId)).toMatchObject([{ to: granter.email, status: 'queued' }]);
    // An open form of an operator must not become stale by it.
    expect(await overrideNow(id)).toMatchObject({ noteDueAt: null, notedAt: expect.any(Date), version });
    const audits = made.context.db.getRepository(AuditEntry);
    expect(await audits.countBy({ resourceId: id, action: 'override.note' })).toBe(1);
  });

  it('the mail says what ends, when, why it was granted, and what the tenant falls to', async () => {
    const { id, tenantId } = await aGrant(4);
    made.clock.advance(3 * DAY);
    await note();
    const [email] = await notesOf(tenantId);
    const transport = openTransport(smtp.url);
    await sendEmail(made.context, transport, email!.id);
    transport.close();
    const mail = smtp.messages[0]!.replace(/=\r?\n/g, '').replace(/=3D/g, '=');
    expect(mail).toMatch(/Subject: Business for Acme ends on/);
    expect(mail).toContain('Acme falls back to Free at that moment, by itself.');
    expect(mail).toContain('Agreed with sales.');
    expect(mail).toContain(`/admin/overrides/${id}/show`);
  });

  it('every admin is told where the granter is gone', async () => {
    const operators = made.context.db.getRepository(Operator);
    await operators.update({ id: granterId }, { status: 'suspended' });
    const { tenantId } = await aGrant(2);
    made.clock.advance(1.1 * DAY);
    await note();
    expect((await notesOf(tenantId)).map(({ to }) => to)).toEqual(['other@example.com']);
    await operators.update({ id: granterId }, { status: 'active' });
  });

  it('nobody is told where it was ended meanwhile', async () => {
    const { id, tenantId } = await aGrant(4);
    await change((tx) => endOverride(tx, made.context, actor(), id, {}));
    made.clock.advance(3 * DAY);
    await note();
    expect(await notesOf(tenantId)).toEqual([]);
  });

  it('nobody is told where it was extended meanwhile, until its new end is near', async () => {
    const { id, tenantId } = await aGrant(4);
    const longer = { endsAt: inDays(40), reason: 'Longer.' };
    await change((tx) => extendOverride(tx, made.context, actor(), id, longer));
    made.clock.advance(3 * DAY);
    await note();
    expect(await notesOf(tenantId)).toEqual([]);
    made.clock.advance(35 * DAY);
    await note();
    expect(await notesOf(tenantId)).toHaveLength(1);
  });

  it('a note that waited while it was extended or ended is not sent', async () => {
    const transport = openTransport(smtp.url);
    for (const what of ['extended', 'ended'] as const) {
      const { id, tenantId } = await aGrant(4);
      made.clock.advance(3 * DAY);
      await note();
      const [email] = await notesOf(tenantId);
      const longer = { endsAt: inDays(40), reason: 'Longer.' };
      if (what === 'extended') await change((tx) => extendOverride(tx, made.context, actor(), id, longer));
      else await change((tx) => endOverride(tx, made.context, actor(), id, {}));
      await sendEmail(made.context, transport, email!.id);
      expect((await notesOf(tenantId))[0]).toMatchObject({ status: 'failed', lastError: 'withdrawn' });
    }
    transport.close();
    expect(smtp.messages).toEqual([]);
  });

  it('nobody is told any more of one that ended while no worker ran, nor of a deleted tenant', async () => {
    const over = await aGrant(4);
    const deleted = await aGrant(20);
    await made.context.db
      .getRepository(Tenant)
      .update({ id: deleted.tenantId }, { status: 'deleted', deletedAt: new Date() });
    made.clock.advance(18 * DAY);
    await note();
    for (const { id, tenantId } of [over, deleted]) {
      expect(await notesOf(tenantId)).toEqual([]);
      expect(await overrideNow(id)).toMatchObject({ noteDueAt: null, notedAt: null });
    }
  });
});

describe('the end of an override', () => {
  const options = () => ({ prefix: `{test-${randomBytes(4).toString('hex')}}`, sweepMs: 200 });
  const isFree = (tenantId: string) => async () => (await tenantNow(tenantId)).planId === 'free';

  it('takes effect by itself, without any event, though several workers run, once', async () => {
    const workers = [startWorkers(made.context, options()), startWorkers(made.context, options())];
    const { tenantId } = await aGrant(10 / 86_400);
    expect((await tenantNow(tenantId)).planId).toBe('business');
    made.clock.advance(11 * SECOND);
    await until(isFree(tenantId));
    await Promise.all(workers.map((one) => one.stop()));
    const changes = await made.context.db.getRepository(PlanChange).findBy({ tenantId, fromPlanId: 'business' });
    expect(changes).toMatchObject([{ toPlanId: 'free', actorType: 'worker' }]);
  });

  it('is made up for after the workers were down and Redis was emptied', async () => {
    const { id, tenantId } = await aGrant(30);
    made.clock.advance(45 * DAY);
    expect((await tenantNow(tenantId)).planId).toBe('business');
    const redis = new Redis(serviceUrl('TEST_REDIS_URL'));
    const { prefix, sweepMs } = options();
    const first = startWorkers(made.context, { prefix, sweepMs: 3_600_000 });
    await first.stop();
    const keys = await redis.keys(`${prefix}*`);
    if (keys.length > 0) await redis.del(keys);
    redis.disconnect();
    const workers = startWorkers(made.context, { prefix, sweepMs });
    await until(isFree(tenantId));
    await workers.stop();
    expect(await notesOf(tenantId)).toEqual([]);
    expect(await overrideNow(id)).toMatchObject({ endedAt: null, noteDueAt: null });
  });
});
