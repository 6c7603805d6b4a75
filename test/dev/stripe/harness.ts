import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import { createStandIn, type StandIn, type StandInOptions } from '../../../dev/stripe';

export const KEY = 'sk_test_standin';
export const SECRET = 'whsec_standin';

export interface Running {
  standIn: StandIn;
  stripe: Stripe;
  url: string;
  /** The stand-in's clock; tests move it. */
  clock: { now: number };
}

/** Starts a stand-in on a free port and points the real SDK at it. */
export async function run(options: Partial<StandInOptions> = {}): Promise<Running> {
  const clock = { now: Math.floor(Date.now() / 1000) };
  const standIn = createStandIn({
    secretKey: KEY,
    webhookSecret: SECRET,
    now: () => clock.now,
    searchLagSeconds: 0,
    ...options,
  });
  const { url, port } = await standIn.start();
  return { standIn, stripe: sdk(port), url, clock };
}

export const sdk = (port: number, key = KEY): Stripe =>
  new Stripe(key, { host: '127.0.0.1', port, protocol: 'http', maxNetworkRetries: 0, telemetry: false });

/** Posts to `/_standin/<verb>`. */
export const control = (on: Pick<Running, 'url'>, verb: string, body: object = {}): Promise<Response> =>
  fetch(`${on.url}/_standin/${verb}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

/** What a promise is refused with. @throws Error where it was not refused by Stripe's own error */
export async function refusal(promise: Promise<unknown>): Promise<InstanceType<typeof Stripe.errors.StripeError>> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Stripe.errors.StripeError) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

export interface Catalogue {
  product: Stripe.Product;
  starter: Stripe.Price;
  business: Stripe.Price;
}

export async function makeCatalogue(stripe: Stripe): Promise<Catalogue> {
  const product = await stripe.products.create({ name: 'Tenantry' });
  const price = (lookup_key: string, unit_amount: number) =>
    stripe.prices.create({
      product: product.id,
      currency: 'usd',
      unit_amount,
      lookup_key,
      recurring: { interval: 'month' },
    });
  return { product, starter: await price('starter', 1900), business: await price('business', 9900) };
}

/** A customer with a test card that is charged by default. */
export const makePayer = (stripe: Stripe, card = 'pm_card_visa'): Promise<Stripe.Customer> =>
  stripe.customers.create({
    email: 'payer@example.com',
    payment_method: card,
    invoice_settings: { default_payment_method: card },
  });

/** Presses a button of a hosted page: posts, and answers where the browser would go. */
export async function press(url: string): Promise<string> {
  const answer = await fetch(url, { method: 'POST', redirect: 'manual' });
  if (answer.status !== 303) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return new URL(answer.headers.get('location') ?? '', url).href;
}

export interface Inbox {
  url: string;
  events: Stripe.Event[];
  /** The statuses to answer with, first come first served; then 200. */
  answers: number[];
  until(type: string): Promise<Stripe.Event>;
  close(): Promise<void>;
}

/** A webhook endpoint that verifies each delivery with the real SDK. */
export async function listen(): Promise<Inbox> {
  const events: Stripe.Event[] = [];
  const answers: number[] = [];
  const server: Server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const event = Stripe.webhooks.constructEvent(
        Buffer.concat(chunks),
        String(req.headers['stripe-signature']),
        SECRET,
      );
      const status = answers.shift() ?? 200;
      if (status < 300) events.push(event);
      res.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/webhooks`,
    events,
    answers,
    until: async (type) => {
      for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
        const found = events.find((event) => event.type === type);
        if (found) return found;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      throw new Error(`No ${type} came; only ${events.map((event) => event.type).join(', ')}`);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
