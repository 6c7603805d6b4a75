import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import express from 'express';
import { systemActor } from '../../server/audit/actor';
import { stripeCause } from '../../server/billing/cause';
import { receiveEvents } from '../../server/billing/receive-event';
import { replayEvent } from '../../server/billing/replay-event';
import { StripeEvent } from '../../server/billing/stripe-event.entity';
import { syncCustomer } from '../../server/billing/sync-customer';
import { stripeWebhook } from '../../server/billing/webhook.routes';
import { openDatabase } from '../../server/db/data-source';
import { inTransaction } from '../../server/db/transaction';
import { problemHandler } from '../../server/http/problem';
import { OutboxRow } from '../../server/jobs/outbox.entity';
import { connectRedis } from '../../server/redis';
import { type BillingWorld, billingWorld } from './billing-world';

let world: BillingWorld;
beforeAll(async () => {
  world = await billingWorld();
});
afterAll(() => world.close());

const unique = () => randomBytes(6).toString('hex');

function anEvent(given: Record<string, unknown> = {}) {
  const id = `evt_${unique()}`;
  const object = { object: 'subscription', id: `sub_${unique()}`, customer: `cus_${unique()}` };
  return {
    id,
    object: 'event',
    api_version: '2026-10-28.endive',
    created: Math.floor(Date.now() / 1000),
    livemode: false,
    type: 'customer.subscription.updated',
    data: { object },
    ...given,
  };
}

async function send(payload: string, secret = 'whsec_tenantry', url = world.webhookUrl) {
  const signature = world.stripe.webhooks.generateTestHeaderString({ payload, secret });
  return fetch(url, {
    method: 'POST',
    body: payload,
    headers: { 'content-type': 'application/json', 'stripe-signature': signature },
  });
}

const codeOf = async (answer: Response) => ((await answer.json()) as { code?: string }).code;
/** A way to the database that can be shut: what was connected is cut, and nothing new is let in. */
async function databaseGate(databaseUrl: string) {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const gate = createServer((socket) => {
    const onward = connect(Number(target.port), target.hostname);
    for (const one of [socket, onward]) sockets.add(one.on('error', () => undefined));
    socket.pipe(onward).pipe(socket);
  });
  gate.listen(0, '127.0.0.1');
  await once(gate, 'listening');
  const { port } = gate.address() as AddressInfo;
  const url = new URL(databaseUrl);
  url.port = String(port);
  return {
    url: url.href,
    async shut() {
      const closed = new Promise((resolve) => gate.close(resolve));
      for (const socket of sockets) socket.destroy();
      sockets.clear();
      await closed;
    },
    async open() {
      gate.listen(port, '127.0.0.1');
      await once(gate, 'listening');
    },
  };
}

const stored = (id: string) => world.context.db.getRepository(StripeEvent).findOneBy({ id });
const owed = (subject: string) =>
  world.context.db.getRepository(OutboxRow).countBy({ kind: 'sync-customer', subject, status: 'open' });

describe('POST /webhooks/stripe', () => {
  it('stores a signed event and owes the sync of its customer', async () => {
    const event = anEvent();
    const answer = await send(JSON.stringify(event));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ received: true });
    expect(await stored(event.id)).toMatchObject({
      status: 'received',
      source: 'webhook',
      customerId: event.data.object.customer,
    });
    expect(await owed(event.data.object.customer)).toBe(1);
  });

  it('has the customer read after a change of its schedule, which no other event may tell of', async () => {
    const customer = `cus_${unique()}`;
    const object = { object: 'subscription_schedule', id: `sub_sched_${unique()}`, customer };
    const event = anEvent({ type: 'subscription_schedule.updated', data: { object } });
    await send(JSON.stringify(event));
    expect(await owed(customer)).toBe(1);
  });

  it('takes the same event twice, at once too, and owes one sync', async () => {
    const event = anEvent();
    const body = JSON.stringify(event);
    const answers = await Promise.all([send(body), send(body), send(body)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await owed(event.data.object.customer)).toBe(1);
  });

  it.each([
    ['of a type that changes no plan', { type: 'product.updated' }],
    ['without a customer', { data: { object: { object: 'invoice', id: 'in_1', customer: null } } }],
    ['of the other mode', { livemode: true }],
  ])('keeps an event %s, and does nothing', async (_name, given) => {
    const event = anEvent(given);
    expect((await send(JSON.stringify(event))).status).toBe(200);
    expect(await stored(event.id)).toMatchObject({ status: 'ignored', error: expect.any(String) });
  });

  it('refuses a wrong signature, and a missing one, and stores nothing', async () => {
    const event = anEvent();
    expect((await send(JSON.stringify(event), 'whsec_other')).status).toBe(400);
    const bare = await fetch(world.webhookUrl, { method: 'POST', body: JSON.stringify(event) });
    expect(bare.status).toBe(400);
    expect(bare.headers.get('content-type')).toContain('application/problem+json');
    expect(await stored(event.id)).toBeNull();
  });
});

describe('bad input', () => {
  const post = (body: string | Blob, headers: Record<string, string> = {}) =>
    fetch(world.webhookUrl, { method: 'POST', body, headers });
  const signed = (payload: string, timestamp?: number) => ({
    'stripe-signature': world.stripe.webhooks.generateTestHeaderString({
      payload,
      secret: 'whsec_tenantry',
      ...(timestamp === undefined ? {} : { timestamp }),
    }),
  });
  const count = () => world.context.db.getRepository(StripeEvent).count();

  it('refuses a stale signature, and one that is none, with 400, and stores nothing', async () => {
    const before = await count();
    const body = JSON.stringify(anEvent());
    const old = await post(body, signed(body, Math.floor(Date.now() / 1000) - 301));
    expect([old.status, await codeOf(old)]).toEqual([400, 'bad_signature']);
    expect((await post(body, { 'stripe-signature': 't=now,v1=me' })).status).toBe(400);
    expect((await post('', signed(body))).status).toBe(400);
    expect(await count()).toBe(before);
  });

  it('takes a signed event whatever content type is named, or none', async () => {
    const event = anEvent();
    const body = JSON.stringify(event);
    expect((await post(new Blob([body]), signed(body))).status).toBe(200);
    expect(await stored(event.id)).not.toBeNull();
  });

  it.each([
    ['no JSON', '{"id": "evt_1"'],
    ['no object', '"evt_1"'],
    ['null', 'null'],
    ['without an id', JSON.stringify({ ...anEvent(), id: undefined })],
    ['with an id too long to keep', JSON.stringify(anEvent({ id: `evt_${'x'.repeat(61)}` }))],
    ['with an id beyond ASCII', JSON.stringify(anEvent({ id: 'evt_ä' }))],
    ['without a time', JSON.stringify(anEvent({ created: null }))],
    ['without data', JSON.stringify(anEvent({ data: undefined }))],
    ['a thin event', JSON.stringify({ id: 'evt_2', object: 'v2.core.event', type: 'v1.billing.meter.no_meter_found' })],
  ])('refuses a signed body that is %s with 400, and stores nothing', async (_name, body) => {
    const before = await count();
    const answer = await post(body, signed(body));
    expect([answer.status, await codeOf(answer)]).toEqual([400, 'bad_event']);
    expect(await count()).toBe(before);
  });

  it('refuses a body over 1 MB with 413, and takes one just below', async () => {
    const filled = (size: number) => {
      const event = anEvent();
      const empty = JSON.stringify({ ...event, pad: '' }).length;
      return { event, body: JSON.stringify({ ...event, pad: 'x'.repeat(size - empty) }) };
    };
    const over = filled((1 << 20) + 1);
    expect((await send(over.body)).status).toBe(413);
    expect(await stored(over.event.id)).toBeNull();
    const below = filled(1 << 20);
    expect((await send(below.body)).status).toBe(200);
    expect((await stored(below.event.id))!.payload).toEqual(JSON.parse(below.body));
  });

  it('keeps what people can read in it as it came, and a customer that can be none as no customer', async () => {
    const event = anEvent({ note: 'Zoë’s 🧾 \u0007 "quoted" \\' });
    await send(JSON.stringify(event, null, 2));
    expect((await stored(event.id))!.payload).toEqual(event);
    const odd = anEvent({ data: { object: { object: 'invoice', customer: 'cus_ö' } } });
    expect((await send(JSON.stringify(odd))).status).toBe(200);
    expect(await stored(odd.id)).toMatchObject({ status: 'ignored', customerId: null });
  });
});

describe('events that come together', () => {
  it('are all kept, each with its job, doubles once, while they share commits', async () => {
    const events = Array.from({ length: 60 }, () => anEvent());
    const again = events.slice(0, 20);
    const transactions = jest.spyOn(world.context.db, 'transaction');
    const answers = await Promise.all([...events, ...again].map((event) => send(JSON.stringify(event))));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(transactions.mock.calls.length).toBeLessThan(60);
    transactions.mockRestore();
    for (const event of events) {
      expect(await stored(event.id)).toMatchObject({ status: 'received' });
      expect(await owed(event.data.object.customer)).toBe(1);
    }
  });

  it('do not fail for one among them that is there already, or that the database refuses', async () => {
    const { context } = world;
    const there = anEvent();
    await send(JSON.stringify(there));
    const good = [anEvent(), anEvent()];
    // MariaDB and MySQL keep no JSON that is nested so deep.
    const deep = anEvent();
    const outcomes = await receiveEvents(
      context,
      [good[0]!, there, deep, good[1]!, good[1]!].map((event) => ({
        event,
        payload: event === deep ? '['.repeat(200) + ']'.repeat(200) : JSON.stringify(event),
      })),
      'webhook',
    );
    expect(outcomes).toEqual([true, false, expect.any(Error), true, false]);
    for (const event of good) expect(await owed(event.data.object.customer)).toBe(1);
    expect(await stored(deep.id)).toBeNull();
    expect(await owed(deep.data.object.customer)).toBe(0);
  });
});

describe('while the database is away', () => {
  it('answers 503, so that Stripe sends the event again, and takes it once the database is back', async () => {
    const { context } = world;
    const gate = await databaseGate(context.config.databaseUrl);
    const db = await openDatabase(gate.url);
    const redis = connectRedis(context.config.redisUrl, context.log);
    const app = express().use(stripeWebhook({ ...context, db }, redis), problemHandler(context.log));
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/stripe`;
    const event = anEvent();
    try {
      await gate.shut();
      expect((await send(JSON.stringify(event), undefined, url)).status).toBe(503);
      expect(await stored(event.id)).toBeNull();
      await gate.open();
      expect((await send(JSON.stringify(event), undefined, url)).status).toBe(200);
      expect(await stored(event.id)).toMatchObject({ status: 'received' });
    } finally {
      server.closeAllConnections();
      server.close();
      redis.disconnect();
      await db.destroy();
      await gate.shut();
    }
  });
});

describe('a stored event', () => {
  it('is processed by the next reading of its customer, and can be replayed', async () => {
    const { context, stripe, standIn } = world;
    // Else the stand-in's own customer.created may come between the reading and the count of what is owed.
    standIn.world.faults.dropWebhooks = true;
    const customer = await stripe.customers.create({ name: 'Someone' });
    standIn.world.faults.dropWebhooks = false;
    const event = anEvent({ data: { object: { object: 'customer', id: customer.id } }, type: 'customer.updated' });
    await send(JSON.stringify(event));
    await syncCustomer(context, stripe, customer.id, stripeCause);
    expect(await stored(event.id)).toMatchObject({ status: 'processed', attempts: 1 });
    expect(await owed(customer.id)).toBe(0);
    await inTransaction(context.db, (tx) => replayEvent(tx, context, systemActor, event.id));
    expect(await stored(event.id)).toMatchObject({ status: 'received', source: 'replay' });
    expect(await owed(customer.id)).toBe(1);
  });
});
