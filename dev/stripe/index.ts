import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import { advanceClock, moveClock } from './billing/clock';
import { type Dunning, USUAL_DUNNING } from './billing/dunning';
import { controlRouter } from './control';
import { Deliveries } from './deliveries';
import { apiRouter } from './http/api';
import { pageRouter } from './pages';
import { prices, products } from './resources/catalogue';
import { customers } from './resources/customers';
import { invoices } from './resources/invoices';
import { events, paymentMethods, webhookEndpoints } from './resources/others';
import { subscriptionSchedules } from './resources/schedules';
import { searches } from './resources/search';
import { checkoutSessions, portalSessions } from './resources/sessions';
import { subscriptionItems, subscriptions } from './resources/subscriptions';
import { StateFile } from './store/file';
import type { LoadableWorld, State } from './store/state';
import { World } from './world';

export type { Dunning } from './billing/dunning';
export type { Faults } from './faults';
export { buildCustomer, buildPrice, buildProduct } from './objects/catalogue';
export { buildInvoice, buildLine } from './objects/invoice';
export { buildPaymentMethod } from './objects/payment-method';
export { buildPhase, buildSchedule } from './objects/schedule';
export { buildSubscription } from './objects/subscription';
export { newId } from './store/ids';
export type { LoadableWorld, State } from './store/state';

export interface StandInOptions {
  /** The one key that the API accepts. */
  secretKey: string;
  webhookSecret: string;
  /** Where events go; without it they are kept, and listed, but go nowhere. */
  webhookUrl?: string | undefined;
  host?: string;
  /** 0 takes any free port. */
  port?: number;
  /** Folder for the state; without it nothing outlives the process. */
  dataDirectory?: string;
  /** Seconds since 1970; the machine's clock unless told. */
  now?: () => number;
  /** How often, in seconds, the stand-in does what time brings (renewals, ends of trials); 0 for never. */
  advanceEverySeconds?: number;
  /** Search finds a customer only this many seconds after it was made, as Stripe's lags. */
  searchLagSeconds?: number;
  /** More requests a second than this to one endpoint get 429, as Stripe's 25 would; without it there is no limit. */
  maxRequestsPerSecond?: number;
  /** What becomes of a subscription whose renewals can't be paid; without it, it stays past due after four more tries. */
  dunning?: Dunning;
}

export interface StandIn {
  app: Express;
  state: State;
  /** Everything behind the state: faults, request counts, the clock. */
  world: World;
  /** Moves the clock on by so many seconds, and does step by step what time brings. */
  advance(seconds: number): void;
  /** Listens; answers the base address. */
  start(): Promise<{ url: string; host: string; port: number }>;
  /** Stops listening and delivering, and writes what is not written. */
  stop(): Promise<void>;
}

const ENDPOINTS = [
  ...searches,
  ...customers,
  ...products,
  ...prices,
  ...subscriptions,
  ...subscriptionItems,
  ...subscriptionSchedules,
  ...checkoutSessions,
  ...portalSessions,
  ...invoices,
  ...paymentMethods,
  ...events,
  ...webhookEndpoints,
];

/** A stand-in of Stripe: the API below /v1, the hosted pages, /_standin for programs. @throws Error if its file is broken */
export function createStandIn(options: StandInOptions): StandIn {
  const world = new World({
    secretKey: options.secretKey,
    webhookUrl: options.webhookUrl,
    webhookSecret: options.webhookSecret,
    now: options.now ?? (() => Math.floor(Date.now() / 1000)),
    searchLagSeconds: options.searchLagSeconds ?? 60,
    dunning: options.dunning ?? USUAL_DUNNING,
    maxRequestsPerSecond: options.maxRequestsPerSecond ?? 0,
  });
  const file = options.dataDirectory === undefined ? undefined : new StateFile(options.dataDirectory, world.state);
  file?.read();
  if (file) world.onChange = () => file.writeSoon();
  const deliveries = new Deliveries(world);
  const app = express();
  app.disable('x-powered-by');
  app.use('/v1', apiRouter(world, ENDPOINTS));
  app.use('/_standin', controlRouter(world));
  app.use(pageRouter(world, deliveries));
  const server = createServer(app);
  let clock: NodeJS.Timeout | undefined;

  return {
    app,
    state: world.state,
    world,
    advance: (seconds) => moveClock(world, seconds),
    start: () =>
      new Promise((resolve, reject) => {
        const host = options.host ?? '127.0.0.1';
        server.once('error', reject);
        server.listen(options.port ?? 0, host, () => {
          const { port } = server.address() as AddressInfo;
          world.hostedAt = `http://${host === '127.0.0.1' ? 'localhost' : host}:${port}`;
          deliveries.start();
          const every = options.advanceEverySeconds ?? 0;
          if (every > 0) clock = setInterval(() => advanceClock(world), every * 1000);
          resolve({ url: world.hostedAt, host, port });
        });
      }),
    stop: async () => {
      clearInterval(clock);
      deliveries.stop();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      file?.flush();
    },
  };
}

/**
 * Loads full objects into a running stand-in, for a seed program.
 * @param baseUrl where the stand-in listens
 * @throws Error with the stand-in's reason
 */
export async function loadStandIn(baseUrl: string, world: LoadableWorld): Promise<Record<string, number>> {
  return post(baseUrl, 'load', world);
}

/** Makes a running stand-in forget everything. */
export async function resetStandIn(baseUrl: string): Promise<Record<string, number>> {
  return post(baseUrl, 'reset', {});
}

async function post(baseUrl: string, verb: string, body: object): Promise<Record<string, number>> {
  const answer = await fetch(new URL(`/_standin/${verb}`, baseUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`The Stripe stand-in refused to ${verb}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Record<string, number>;
}
