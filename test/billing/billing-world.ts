import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import type Redis from 'ioredis';
import type Stripe from 'stripe';
import { createStandIn, type StandIn } from '../../dev/stripe';
import { stripeWebhook } from '../../server/billing/webhook.routes';
import { problemHandler } from '../../server/http/problem';
import { connectRedis } from '../../server/redis';
import { stripeOf } from '../../server/stripe/client';
import { startWorkers } from '../../workers/start';
import { makeContext, type TestContext } from '../support/context';
import { aPlan } from '../support/factories';

const SECRET_KEY = 'sk_test_tenantry';
const WEBHOOK_SECRET = 'whsec_tenantry';

export interface BillingWorld extends TestContext {
  standIn: StandIn;
  stripe: Stripe;
  webhookUrl: string;
  prices: { starter: string; business: string };
  /** Runs the workers from now on, until the world is closed. */
  work: () => void;
  /** Opens the hosted checkout page's form and pays. */
  pay: (checkoutUrl: string) => Promise<void>;
}

/** Waits until `holds` gives a value that is neither false nor null. */
export async function until<T>(holds: () => Promise<T | null | false | undefined>, ms = 10_000): Promise<T> {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(25)) {
    const value = await holds();
    if (value) return value;
  }
  throw new Error(`What was waited for did not happen within ${ms} ms.`);
}

/** The stand-in of Stripe, our webhook route listening for it, and two paid plans with prices in both. */
export async function billingWorld(): Promise<BillingWorld> {
  let standIn: StandIn | undefined;
  const app = express();
  const server: Server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const webhookUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/stripe`;
  standIn = createStandIn({ secretKey: SECRET_KEY, webhookSecret: WEBHOOK_SECRET, webhookUrl });
  const { url } = await standIn.start();
  const made = await makeContext({
    STRIPE_API_BASE: url,
    STRIPE_SECRET_KEY: SECRET_KEY,
    STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
  });
  const { context } = made;
  const redis: Redis = connectRedis(context.config.redisUrl, context.log);
  await once(redis, 'ready');
  app.use(stripeWebhook(context, redis), problemHandler(context.log));
  const stripe = stripeOf(context.config);
  const product = await stripe.products.create({ name: 'Product' });
  const price = async (unit_amount: number) =>
    (
      await stripe.prices.create({
        product: product.id,
        currency: 'eur',
        unit_amount,
        recurring: { interval: 'month' },
      })
    ).id;
  const prices = { starter: await price(1900), business: await price(4900) };
  await aPlan(context, { id: 'starter', rank: 10, stripePriceIds: [prices.starter] });
  await aPlan(context, { id: 'business', rank: 20, stripePriceIds: [prices.business] });
  const stops: (() => Promise<void>)[] = [];
  return {
    ...made,
    standIn,
    stripe,
    webhookUrl,
    prices,
    work() {
      const workers = startWorkers(context, { prefix: `{test-${randomBytes(4).toString('hex')}}` });
      stops.push(() => workers.stop());
    },
    async pay(checkoutUrl) {
      const answer = await fetch(`${checkoutUrl}/pay`, {
        method: 'POST',
        redirect: 'manual',
        headers: { origin: new URL(checkoutUrl).origin, 'content-type': 'application/x-www-form-urlencoded' },
      });
      if (answer.status >= 400) throw new Error(`The checkout page answered ${answer.status}: ${await answer.text()}`);
    },
    async close() {
      for (const stop of stops) await stop();
      await standIn?.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      redis.disconnect();
      await made.close();
    },
  };
}
