import Stripe from 'stripe';
import type { Config } from '../config';

type StripeConfig = Pick<Config, 'stripe'>;

/** The Stripe SDK, calling Stripe itself or, where `stripe.apiBase` is set, that address. */
export function makeStripe({ stripe }: StripeConfig): Stripe {
  const base = stripe.apiBase ? new URL(stripe.apiBase) : undefined;
  const protocol = base?.protocol === 'http:' ? 'http' : 'https';
  return new Stripe(stripe.secretKey, {
    maxNetworkRetries: 2,
    timeout: 20_000,
    telemetry: false,
    appInfo: { name: 'Tenantry' },
    ...(base ? { host: base.hostname, port: base.port || (protocol === 'http' ? 80 : 443), protocol } : {}),
  });
}

const clients = new WeakMap<object, Stripe>();

/** The process's one client for this configuration. */
export function stripeOf(config: StripeConfig): Stripe {
  const known = clients.get(config) ?? makeStripe(config);
  clients.set(config, known);
  return known;
}
