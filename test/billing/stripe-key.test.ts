import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createStandIn, type StandIn } from '../../dev/stripe';
import { readState, writeState } from '../../server/billing/stripe-state';
import { openTransport } from '../../server/emails/transport';
import { oweJob } from '../../server/jobs/outbox';
import { OutboxRow } from '../../server/jobs/outbox.entity';
import { Outage } from '../../server/jobs/settle';
import { ask } from '../../server/stripe/ask';
import { closeStripe, stripeOf } from '../../server/stripe/client';
import { readKeyRefusal, watchStripeKey } from '../../server/stripe/key-state';
import { Tenant } from '../../server/tenants/tenant.entity';
import { processJob } from '../../workers/processor';
import { syncCustomerProcessor } from '../../workers/sync-customer';
import { aCustomer, aPlan, aSubscription, aTenant } from '../support/factories';
import { startServer, type TestServer } from '../support/server';
import { until } from './billing-world';

const OLD_KEY = 'sk_test_revoked1234';
const HIDDEN = { at: expect.any(String), message: 'Invalid API Key provided: (hidden)' };
let standIn: StandIn;
let server: TestServer;

beforeAll(async () => {
  standIn = createStandIn({ secretKey: 'sk_test_new', webhookSecret: 'whsec_tenantry' });
  const { url } = await standIn.start();
  server = await startServer({ STRIPE_API_BASE: url, STRIPE_SECRET_KEY: OLD_KEY });
  watchStripeKey(server.context);
});

afterAll(async () => {
  await server?.close();
  await standIn?.stop();
});

const refusal = () => readKeyRefusal(server.context.db);
const overview = async () => (await (await server.signIn('viewer')).agent.get('/api/overview').expect(200)).body;

describe('a key that Stripe refuses', () => {
  it('is remembered without the key, told to people and shown on the home page, until Stripe takes it', async () => {
    const { config } = server.context;
    expect((await overview()).stripe).toEqual({ refused: null });
    await expect(ask(stripeOf(config).customers.list())).rejects.toMatchObject({
      problem: { status: 503, code: 'stripe_key_refused', detail: expect.stringContaining('STRIPE_SECRET_KEY') },
    });
    await until(refusal);
    expect((await overview()).stripe).toEqual({ refused: HIDDEN });

    standIn.world.options.secretKey = OLD_KEY;
    await stripeOf(config).customers.list();
    await until(async () => !(await refusal()));
    expect((await overview()).stripe).toEqual({ refused: null });
  });

  it('keeps jobs owed for as long as it takes, and takes no plan away', async () => {
    const { context } = server;
    const { db } = context;
    standIn.world.options.secretKey = 'sk_test_new';
    const plan = await aPlan(context);
    const tenant = await aTenant(context);
    await db.getRepository(Tenant).update(tenant.id, { planId: plan.id });
    const customer = await aCustomer(context, { tenantId: tenant.id });
    await aSubscription(context, { customerId: customer.id, tenantId: tenant.id, priceId: plan.stripePriceIds[0]! });
    const id = await db.transaction((tx) => oweJob(tx, { kind: 'sync-customer', subject: customer.id }));
    const tools = { context, stripe: stripeOf(context.config), transport: openTransport(context.config.smtpUrl) };
    const job = { name: 'sync-customer', data: { outboxId: id, subject: customer.id } };
    const outbox = db.getRepository(OutboxRow);

    for (const [before, after] of [
      [0, 1],
      [9, 10],
      [10, 10],
      [19, 19],
    ] as const) {
      await outbox.update(id, { attempts: before });
      await expect(processJob(tools, { 'sync-customer': syncCustomerProcessor }, job)).rejects.toThrow(Outage);
      expect(await outbox.findOneByOrFail({ id })).toMatchObject({ status: 'open', attempts: after });
    }
    tools.transport.close();
    expect((await db.getRepository(Tenant).findOneByOrFail({ id: tenant.id })).planId).toBe(plan.id);
  });
});

describe('a restricted key', () => {
  let url: string;
  const denied = createServer((req, res) => {
    const refuses = String(req.url).startsWith('/v1/events');
    res.writeHead(refuses ? 403 : 200, { 'content-type': 'application/json' });
    const error = { type: 'invalid_request_error', message: 'The key rk_test_abc***xyz lacks a permission.' };
    res.end(JSON.stringify(refuses ? { error } : { object: 'list', data: [], has_more: false, url: '/v1/customers' }));
  });

  beforeAll(async () => {
    denied.listen(0, '127.0.0.1');
    await once(denied, 'listening');
    url = `http://127.0.0.1:${(denied.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    denied.closeAllConnections();
    denied.close();
  });

  it('is told of by the endpoint that it lacks, whatever else it may do', async () => {
    const context = { ...server.context, config: { ...server.context.config } };
    context.config.stripe = { ...context.config.stripe, secretKey: 'rk_test_abc', apiBase: url };
    await writeState(context.db, 'key', { refused: null });
    watchStripeKey(context);
    const stripe = stripeOf(context.config);
    await expect(stripe.events.list()).rejects.toThrow('permission');
    await until(refusal);
    await stripe.customers.list();
    await sleep(100);
    closeStripe(context.config);
    expect((await readState(context.db, 'key'))?.refused).toEqual({
      at: expect.any(String),
      message: 'GET /v1/events: The key (hidden) lacks a permission.',
      endpoint: 'GET /v1/events',
    });
  });
});
