import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../dev/launch/ports';
import {
  buildCustomer,
  buildPrice,
  buildProduct,
  buildSubscription,
  type LoadableWorld,
  loadStandIn,
} from '../../dev/stripe';
import { StripeEvent } from '../../server/billing/stripe-event.entity';
import { OutboxRow } from '../../server/jobs/outbox.entity';
import { Tenant } from '../../server/tenants/tenant.entity';
import { startWorkers } from '../../workers/start';
import { aPlan } from '../support/factories';
import { startServer, type TestServer } from '../support/server';
import { sendBurst } from './burst-sender';
import { bench } from './support';

const CUSTOMERS = 2000;
const EVENTS_EACH = 5;
const CONNECTIONS = 20;
const LIMIT_SECONDS = 120;
const LIMIT_REQUESTS = 4;
const SECRET_KEY = 'sk_test_tenantry';
const PLANS = ['starter', 'business'] as const;

const number = (n: number) => String(n).padStart(6, '0');

/** The stand-in of Stripe in a process of its own. */
async function startStandIn(secret: string): Promise<{ url: string; stop: () => void }> {
  const port = await freePort();
  const child = fork(join(__dirname, '../../dev/stripe/main.js'), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      ...process.env,
      STRIPE_STANDIN_PORT: String(port),
      STRIPE_WEBHOOK_SECRET: secret,
      STRIPE_SECRET_KEY: SECRET_KEY,
    },
  });
  const [{ ready }] = (await once(child, 'message')) as [{ ready: string }];
  return { url: ready, stop: () => child.disconnect() };
}

/** Customers at Stripe who pay for one of two plans each, and have come by their subscriptions while nobody listened. */
function account(): LoadableWorld {
  const created = Math.floor(Date.now() / 1000) - 86_400;
  const product = buildProduct({ created, name: 'Product' });
  const prices = PLANS.map((plan) =>
    buildPrice({
      id: `price_${plan}`,
      created,
      product: product.id,
      currency: 'eur',
      unitAmount: 1900,
      recurring: { interval: 'month' },
    }),
  );
  const ns = Array.from({ length: CUSTOMERS }, (_, n) => n);
  return {
    products: [product],
    prices,
    customers: ns.map((n) =>
      buildCustomer({ id: `cus_${number(n)}`, created, metadata: { tenantId: `ten_${number(n)}` } }),
    ),
    subscriptions: ns.map((n) =>
      buildSubscription({
        id: `sub_${number(n)}`,
        created,
        customer: `cus_${number(n)}`,
        status: 'active',
        items: [{ price: prices[n % prices.length]! }],
        period: { start: created, end: created + 30 * 86_400 },
      }),
    ),
  };
}

async function fill({ context }: TestServer): Promise<void> {
  for (const [rank, plan] of PLANS.entries())
    await aPlan(context, { id: plan, rank: 10 + rank, stripePriceIds: [`price_${plan}`] });
  const rows = Array.from({ length: CUSTOMERS }, (_, n) => [
    `ten_${number(n)}`,
    `Tenant ${n}`,
    'free',
    'free',
    new Date(),
  ]);
  await context.db.query('INSERT INTO tenants (id, name, basePlanId, planId, planSince) VALUES ?', [rows]);
}

/** The customers of the events, each of them several times, in no order. */
function shuffled(): string[] {
  const ids = Array.from({ length: CUSTOMERS * EVENTS_EACH }, (_, n) => `cus_${number(n % CUSTOMERS)}`);
  for (let i = ids.length - 1; i > 0; i -= 1) {
    const j = Math.floor(Math.random() * (i + 1));
    [ids[i], ids[j]] = [ids[j]!, ids[i]!];
  }
  return ids;
}

async function waitFor(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 2 * LIMIT_SECONDS * 1000; !(await holds()); await sleep(100))
    if (Date.now() > end) throw new Error('The burst was not worked off in time.');
}

void bench(async (report) => {
  const secret = 'whsec_tenantry';
  const standIn = await startStandIn(secret);
  const server = await startServer({ STRIPE_API_BASE: standIn.url, STRIPE_SECRET_KEY: SECRET_KEY });
  const { context } = server;
  // Measured is what we ask of Stripe, not how long its limit makes us wait.
  Object.assign(context.config.stripe, { maxRps: 1_000_000, maxRpsTotal: 1_000_000 });
  await loadStandIn(standIn.url, account());
  await fill(server);
  const workers = startWorkers(context);
  await sleep(1000);
  const requests = async () => {
    const counts = (await (await fetch(`${standIn.url}/_standin/requests`)).json()) as Record<string, number>;
    return Object.values(counts).reduce((sum, n) => sum + n, 0);
  };
  const before = await requests();
  const begin = performance.now();
  const seconds = () => (performance.now() - begin) / 1000;
  await sendBurst({ url: `${server.url}/webhooks/stripe`, secret, customerIds: shuffled(), connections: CONNECTIONS });
  const taken = seconds();
  const tenants = context.db.getRepository(Tenant);
  const right = async (plan: string, n: number) => (await tenants.countBy({ planId: plan })) === n;
  await waitFor(async () => (await right('starter', CUSTOMERS / 2)) && (await right('business', CUSTOMERS / 2)));
  const applied = seconds();
  await waitFor(async () => (await context.db.getRepository(OutboxRow).countBy({ status: 'open' })) === 0);
  const asked = ((await requests()) - before) / CUSTOMERS;
  const processed = await context.db.getRepository(StripeEvent).countBy({ status: 'processed' });
  if (processed !== CUSTOMERS * EVENTS_EACH) throw new Error(`Only ${processed} events were processed.`);
  console.log(`10,000 events taken in ${taken.toFixed(1)} s, all worked off in ${seconds().toFixed(1)} s`);
  report.atMost('Burst of 10,000 events: all plans right', applied, LIMIT_SECONDS, 's');
  report.atMost('Requests to Stripe for a customer of 5 events', asked, LIMIT_REQUESTS, '');
  await workers.stop();
  await server.close();
  standIn.stop();
});
