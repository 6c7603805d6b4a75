import { createHash } from 'node:crypto';
import Stripe from 'stripe';
import type { Config } from '../config';
import { LimitedHttpClient, type OnAnswer } from './limited-http';
import { StripeLimit } from './rate-limit';

type StripeConfig = Pick<Config, 'stripe' | 'redisUrl'>;

/** What a process holds for one configuration. */
interface Holding {
  client: Stripe | null;
  limit: StripeLimit | null;
  observers: Set<OnAnswer>;
}

const holdings = new WeakMap<object, Holding>();

function holdingOf(config: StripeConfig): Holding {
  const known = holdings.get(config) ?? { client: null, limit: null, observers: new Set() };
  holdings.set(config, known);
  return known;
}

/** The limit of the configuration's account, shared with every process that has the same key at the same address. */
function limitOf(config: StripeConfig, holding: Holding): StripeLimit {
  const { secretKey, apiBase = 'stripe', maxRps, maxRpsTotal } = config.stripe;
  const account = createHash('sha256').update(`${apiBase}\n${secretKey}`).digest('hex').slice(0, 16);
  holding.limit ??= new StripeLimit(config.redisUrl, `{tenantry}:stripe-limit:${account}`, {
    endpoint: maxRps,
    total: maxRpsTotal,
  });
  return holding.limit;
}

/**
 * The Stripe SDK, calling Stripe itself or, where `stripe.apiBase` is set, that address. Every request keeps the
 * account's limit, unless `limit` is null: then nothing holds it back, which only measurements may want.
 */
export function makeStripe(config: StripeConfig, options: { limit?: null } = {}): Stripe {
  const { stripe } = config;
  const base = stripe.apiBase ? new URL(stripe.apiBase) : undefined;
  const protocol = base?.protocol === 'http:' ? 'http' : 'https';
  const holding = holdingOf(config);
  const limit = options.limit === null ? null : limitOf(config, holding);
  return new Stripe(stripe.secretKey, {
    httpClient: new LimitedHttpClient(limit, (answer) => {
      for (const observer of holding.observers) observer(answer);
    }),
    maxNetworkRetries: 2,
    timeout: 20_000,
    telemetry: false,
    appInfo: { name: 'Tenantry' },
    ...(base ? { host: base.hostname, port: base.port || (protocol === 'http' ? 80 : 443), protocol } : {}),
  });
}

/** The process's one client for this configuration. */
export function stripeOf(config: StripeConfig): Stripe {
  const holding = holdingOf(config);
  holding.client ??= makeStripe(config);
  return holding.client;
}

/** Tells `observer` of every answer that this configuration's clients get, those that were made before too. */
export function onStripeAnswer(config: StripeConfig, observer: OnAnswer): void {
  holdingOf(config).observers.add(observer);
}

/** Lets go of what the clients of this configuration hold open. They go on working, on the process's own share. */
export function closeStripe(config: StripeConfig): void {
  holdings.get(config)?.limit?.close();
  holdings.delete(config);
}
