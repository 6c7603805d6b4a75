import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type Stripe from 'stripe';
import { createStandIn, type StandIn } from '../../dev/stripe';
import { createApp } from '../../server/app';
import { systemActor } from '../../server/audit/actor';
import type { Context } from '../../server/context';
import { createOperator } from '../../server/operators/create-operator';
import { connectRedis } from '../../server/redis';
import { stripeOf } from '../../server/stripe/client';
import { startWorkers } from '../../workers/start';
import type { TestClock } from '../support/clock';
import { makeContext } from '../support/context';
import { serviceUrl } from '../support/database';
import { aPlan } from '../support/factories';
import { startChromium } from './chromium';

const KEYS = { STRIPE_SECRET_KEY: 'sk_test_tenantry', STRIPE_WEBHOOK_SECRET: 'whsec_tenantry' };
/** The admin of this world; the mailbox is shared with others, so the address is nobody else's. */
export const OPERATOR = {
  email: `ada-${randomBytes(4).toString('hex')}@example.com`,
  password: 'a long enough password',
};

export interface Mail {
  subject: string;
  text: string;
}

export interface BrowserWorld {
  url: string;
  browser: Browser;
  context: Context;
  clock: TestClock;
  /** Stripe as the world has it, and its faults. */
  standIn: StandIn;
  stripe: Stripe;
  /** Of the plan `starter`, €29 a month. */
  priceId: string;
  /** A browser of its own, as another person's. */
  person: (width?: number, colorScheme?: 'light' | 'dark') => Promise<Page>;
  /** Waits for the newest mail to `address`; `after` mails have come before. */
  mailTo: (address: string, after?: number) => Promise<Mail>;
  close: () => Promise<void>;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/**
 * The whole product in one process: pages, API, workers, the Stripe stand-in, and a real browser. `settings` gives what
 * is set otherwise, once the address is known.
 */
export async function browserWorld(
  settings: (url: string) => Promise<NodeJS.ProcessEnv> = async () => ({}),
): Promise<BrowserWorld> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const standIn = createStandIn({
    secretKey: KEYS.STRIPE_SECRET_KEY,
    webhookSecret: KEYS.STRIPE_WEBHOOK_SECRET,
    webhookUrl: `${url}/webhooks/stripe`,
  });
  const { url: apiBase } = await standIn.start();
  const made = await makeContext({ PUBLIC_URL: url, STRIPE_API_BASE: apiBase, ...KEYS, ...(await settings(url)) });
  const { context } = made;
  const redis = connectRedis(context.config.redisUrl, context.log);
  await once(redis, 'ready');
  const server: Server = createApp(context, redis).listen(port);
  await once(server, 'listening');
  const workers = startWorkers(context, { prefix: `{browser-${randomBytes(4).toString('hex')}}` });

  const stripe = stripeOf(context.config);
  const product = await stripe.products.create({ name: 'Starter' });
  const price = await stripe.prices.create({
    product: product.id,
    currency: 'eur',
    unit_amount: 2900,
    recurring: { interval: 'month' },
  });
  await aPlan(context, {
    id: 'starter',
    name: 'Starter',
    priceText: '€29 a month',
    rank: 10,
    stripePriceIds: [price.id],
  });
  await createOperator(context.db, systemActor, { ...OPERATOR, name: 'Ada', role: 'admin' });

  const browser = await startChromium();
  const people: BrowserContext[] = [];
  return {
    url,
    browser,
    context,
    clock: made.clock,
    standIn,
    stripe,
    priceId: price.id,
    async person(width = 1280, colorScheme = 'light') {
      const person = await browser.newContext({ viewport: { width, height: width > 600 ? 900 : 844 }, colorScheme });
      people.push(person);
      const page = await person.newPage();
      page.setDefaultTimeout(15_000);
      return page;
    },
    async mailTo(address, after = 0) {
      const inbox = `${serviceUrl('TEST_MAILBOX_URL')}/api/email?to.address=${encodeURIComponent(address)}`;
      for (
        const end = Date.now() + 15_000;
        Date.now() < end;
        await new Promise((resolve) => setTimeout(resolve, 200))
      ) {
        const mails = (await (await fetch(inbox)).json()) as (Mail & { date: string })[];
        if (mails.length > after) return mails.sort((a, b) => (a.date < b.date ? 1 : -1))[0]!;
      }
      throw new Error(`No mail number ${after + 1} came for ${address} within 15 s.`);
    },
    async close() {
      for (const person of people) await person.close();
      await browser.close();
      await workers.stop();
      await standIn.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      redis.disconnect();
      await made.close();
    },
  };
}

/** Waits until it has come to what is told. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 100)))
    if (await holds()) return;
  throw new Error(`Within 20 s it did not come to this: ${what}.`);
}

/** Signs an operator in to the dashboard, in a browser of their own. */
export async function signedIn(
  world: BrowserWorld,
  who: { email: string; password: string },
  ...screen: Parameters<BrowserWorld['person']>
): Promise<Page> {
  const page = await world.person(...screen);
  await page.goto(`${world.url}/admin/`);
  await page.fill('input[name=username]', who.email);
  await page.fill('input[name=password]', who.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Tenants by plan').waitFor();
  return page;
}

/** Keeps a picture of the page under test/.artifacts, to be looked at by a person. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = join(__dirname, '../.artifacts');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
