import { randomBytes } from 'node:crypto';
import { In } from 'typeorm';
import { buildCustomer } from '../../dev/stripe';
import { systemActor } from '../../server/audit/actor';
import { AuditEntry } from '../../server/audit/audit.entity';
import { takeLease } from '../../server/billing/lease';
import { oweForgottenEvents } from '../../server/billing/owe-forgotten';
import { purge } from '../../server/billing/purge';
import { receiveEvents } from '../../server/billing/receive-event';
import { replayEvent } from '../../server/billing/replay-event';
import { StripeEvent } from '../../server/billing/stripe-event.entity';
import { readState } from '../../server/billing/stripe-state';
import { failCustomerEvents } from '../../server/billing/sync-customer';
import type { Context } from '../../server/context';
import { newId } from '../../server/db/id';
import { inTransaction } from '../../server/db/transaction';
import { OutboxRow } from '../../server/jobs/outbox.entity';
import { DAY, MINUTE } from '../support/clock';
import { startServer, type TestServer } from '../support/server';
import { type BillingWorld, billingWorld, until } from './billing-world';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const unique = () => randomBytes(6).toString('hex');

/** Events in the inbox, each of a customer of its own; gives their ids. */
async function received(context: Context, count: number, object: object = {}): Promise<string[]> {
  const incoming = Array.from({ length: count }, () => {
    const id = `evt_${unique()}`;
    const customer = { object: 'customer', id: `cus_${unique()}`, ...object };
    const created = Math.floor(Date.now() / 1000);
    const event = { id, type: 'customer.updated', created, livemode: false, data: { object: customer } };
    return { event, payload: JSON.stringify(event) };
  });
  await receiveEvents(context, incoming, 'webhook');
  return incoming.map(({ event }) => event.id);
}

const eventsOf = ({ db }: Context, ids: readonly string[]) => db.getRepository(StripeEvent).findBy({ id: In(ids) });
const eventOf = ({ db }: Context, id: string) => db.getRepository(StripeEvent).findOneByOrFail({ id });
const open = ({ db }: Context, subject: string) =>
  db.getRepository(OutboxRow).countBy({ kind: 'sync-customer', subject, status: 'open' });

describe('POST /api/stripe-events/bulk/replay', () => {
  it('replays each by itself: one that is not there, and one without a customer, leave the others done', async () => {
    const { context } = server;
    const ids = await received(context, 3);
    await context.db.getRepository(StripeEvent).update(ids[0]!, { status: 'failed', attempts: 7, error: 'Gave up.' });
    await context.db.getRepository(StripeEvent).update(ids[1]!, { status: 'processed', attempts: 1 });
    const [nobody] = await received(context, 1, { object: 'invoice', customer: null });
    const { agent, id: operatorId } = await server.signIn('support');
    const asked = [ids[0], 'evt_nowhere', ids[1], nobody, ids[2], ids[0]];
    const { body } = await agent.post('/api/stripe-events/bulk/replay').send({ ids: asked }).expect(200);
    expect(body.results).toEqual([
      { id: ids[0], ok: true },
      { id: 'evt_nowhere', ok: false, error: expect.stringContaining('evt_nowhere') },
      { id: ids[1], ok: true },
      { id: nobody, ok: false, error: expect.stringContaining('names no customer') },
      { id: ids[2], ok: true },
    ]);
    for (const event of await eventsOf(context, ids)) {
      expect(event).toMatchObject({ status: 'received', source: 'replay', attempts: 0, error: null });
      expect(await open(context, event.customerId!)).toBe(2);
    }
    const entries = await context.db.getRepository(AuditEntry).findBy({ action: 'stripe-event.replay' });
    expect(entries.map(({ resourceId }) => resourceId).sort()).toEqual([...ids].sort());
    expect(new Set(entries.map(({ actorId }) => actorId))).toEqual(new Set([operatorId]));
  });

  it('is for those who are signed in and may replay', async () => {
    const ids = await received(server.context, 1);
    await server.anonymous().post('/api/stripe-events/bulk/replay').send({ ids }).expect(401);
    const { agent } = await server.signIn('viewer');
    await agent.post('/api/stripe-events/bulk/replay').send({ ids }).expect(403);
    expect(await eventOf(server.context, ids[0]!)).toMatchObject({ source: 'webhook' });
  });

  it.each([
    ['no list', {}],
    ['an empty list', { ids: [] }],
    ['what are no ids', { ids: [1] }],
    ['too many', { ids: Array.from({ length: 1001 }, (_, i) => `evt_${i}`) }],
  ])('refuses %s', async (_name, body) => {
    const { agent } = await server.signIn('support');
    const answer = await agent.post('/api/stripe-events/bulk/replay').send(body).expect(400);
    expect(answer.body.errors).toBeDefined();
  });
});

describe('events that failed for good', () => {
  it('are counted on the home page and listed, until they are replayed', async () => {
    const { context } = server;
    const ids = await received(context, 2);
    const { agent } = await server.signIn('support');
    const failed = async () => (await agent.get('/api/overview').expect(200)).body.failedEvents;
    const before = await failed();
    for (const { customerId } of await eventsOf(context, ids))
      await failCustomerEvents(context, customerId!, 'Broken.');
    expect(await failed()).toBe(before + 2);
    const { body } = await agent
      .get('/api/stripe-events')
      .query({ filter: JSON.stringify({ id: ids }) })
      .expect(200);
    for (const event of body) expect(event).toMatchObject({ status: 'failed', attempts: 1, error: 'Broken.' });
    await agent.post('/api/stripe-events/bulk/replay').send({ ids }).expect(200);
    expect(await failed()).toBe(before);
  });

  describe('with workers', () => {
    let world: BillingWorld;
    beforeAll(async () => {
      world = await billingWorld();
      world.work();
    });
    afterAll(() => world.close());

    it('are mended by a replay once the reason is gone, and replayed after success too, by reading Stripe again', async () => {
      const { context, standIn } = world;
      const [id] = await received(context, 1);
      const { customerId } = await eventOf(context, id!);
      const became = (status: string) =>
        until(async () => {
          const event = await eventOf(context, id!);
          return event.status === status && event;
        });
      expect(await became('failed')).toMatchObject({ attempts: 1, error: expect.stringContaining(customerId!) });
      const template = buildCustomer({ id: customerId!, created: Math.floor(Date.now() / 1000) });
      standIn.state.load({ customers: [template] });
      const replay = () => inTransaction(context.db, (tx) => replayEvent(tx, context, systemActor, id!));
      await replay();
      expect(await became('processed')).toMatchObject({ attempts: 1, error: null, source: 'replay' });
      const reads = () => standIn.world.requestCounts.get('GET /customers/:id') ?? 0;
      const before = reads();
      await replay();
      await became('processed');
      expect(reads()).toBe(before + 1);
    });
  });
});

describe('many events of one customer', () => {
  let world: BillingWorld;
  beforeAll(async () => {
    world = await billingWorld();
  });
  afterAll(() => world.close());

  it('cost a handful of readings, though they come while it is read', async () => {
    const { context, standIn } = world;
    const customerId = `cus_${unique()}`;
    standIn.state.load({ customers: [buildCustomer({ id: customerId, created: Math.floor(Date.now() / 1000) })] });
    standIn.world.faults.apiDelayMs = 50;
    world.work();
    const ids: string[] = [];
    for (let n = 0; n < 20; n += 1) {
      ids.push(...(await received(context, 10, { id: customerId })));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await until(async () => (await eventsOf(context, ids)).every(({ status }) => status === 'processed'));
    expect(standIn.world.requestCounts.get('GET /customers/:id')).toBeLessThanOrEqual(10);
    await until(async () => (await open(context, customerId)) === 0);
  });
});

describe('an event whose job was lost', () => {
  it('is owed a job again, once, and only where it waits for none', async () => {
    const { context, clock } = server;
    const [lost, waiting, failed] = await received(context, 3);
    const customer = async (id: string) => (await eventOf(context, id)).customerId!;
    const gone = { subject: In([await customer(lost!), await customer(failed!)]) };
    await context.db.getRepository(OutboxRow).update(gone, { status: 'failed' });
    await context.db.getRepository(StripeEvent).update(failed!, { status: 'failed' });
    expect(await oweForgottenEvents(context)).toBe(0);
    clock.advance(6 * MINUTE);
    expect(await oweForgottenEvents(context)).toBe(1);
    expect(await oweForgottenEvents(context)).toBe(0);
    const owed = await Promise.all([lost, waiting, failed].map(async (id) => open(context, await customer(id!))));
    expect(owed).toEqual([1, 1, 0]);
  });
});

describe('purging', () => {
  const aged = async (context: Context, days: number, count: number) => {
    const ids = await received(context, count);
    const receivedAt = new Date(context.now().getTime() - days * DAY);
    await context.db.getRepository(StripeEvent).update({ id: In(ids) }, { receivedAt });
    return ids;
  };
  const withPayload = async (context: Context, ids: readonly string[]) =>
    (await eventsOf(context, ids)).filter(({ payload }) => payload !== null).length;

  it('erases the payloads of events older than 90 days, in batches, and keeps the events', async () => {
    const { context } = server;
    const old = await aged(context, 91, 1203);
    const young = await aged(context, 89, 3);
    expect(await purge(context)).toMatchObject({ payloads: 1203 });
    expect([await withPayload(context, old), await withPayload(context, young)]).toEqual([0, 3]);
    expect(await eventsOf(context, old)).toHaveLength(1203);
  });

  it('looks through nothing twice, and goes on as days pass', async () => {
    const { context, clock } = server;
    await purge(context);
    const { upTo } = (await readState(context.db, 'purge'))!;
    expect(context.now().getTime() - new Date(upTo).getTime()).toBeLessThan(90 * DAY + 5000);
    const behind = await aged(context, 95, 1);
    expect(await purge(context)).toMatchObject({ payloads: 0 });
    expect(await withPayload(context, behind)).toBe(1);
    const ahead = await aged(context, 89, 1);
    clock.advance(2 * DAY);
    expect(await purge(context)).toMatchObject({ payloads: 1 + 3 });
    expect(await withPayload(context, ahead)).toBe(0);
  });

  it('deletes done jobs after 7 days, and none that is open or failed', async () => {
    const { context } = server;
    const job = (status: 'open' | 'done' | 'failed', days: number) => {
      const at = new Date(context.now().getTime() - days * DAY);
      const doneAt = status === 'done' ? at : null;
      return { id: newId('obx'), kind: 'sync-customer', subject: 'cus_old', status, dueAt: at, doneAt };
    };
    const gone = Array.from({ length: 700 }, () => job('done', 8));
    const kept = [job('done', 6), job('open', 8), job('failed', 8)];
    const outbox = context.db.getRepository(OutboxRow);
    await outbox.insert([...gone, ...kept]);
    expect(await purge(context)).toMatchObject({ jobs: 700 });
    expect((await outbox.findBy({ subject: 'cus_old' })).map(({ id }) => id).sort()).toEqual(
      kept.map(({ id }) => id).sort(),
    );
  });

  it('does nothing while another process is at it', async () => {
    const { context } = server;
    await takeLease(context.db, 'purge');
    const [id] = await aged(context, 93, 1);
    expect(await purge(context)).toEqual({ payloads: 0, jobs: 0 });
    expect(await withPayload(context, [id!])).toBe(1);
  });
});
