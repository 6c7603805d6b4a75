import type Stripe from 'stripe';
import { SUBSCRIPTION_EXPANDS } from './read-customer';

/** Stripe's largest page. */
export const PAGE = 100;

export type SubscriptionPage = Stripe.ApiList<Stripe.Subscription>;

interface Part {
  /** Seconds since 1970, both among them. */
  created: { gte: number; lte: number };
  /** The id of the subscription after which the page begins. */
  after?: string;
}

/**
 * A page of the account's subscriptions in any status, the newest first, each with its customer and schedule. By the
 * SDK's raw request: its typed one makes objects of every price's decimals, which nobody reads here and which takes a
 * tenth of the time. What is a decimal is text in this page.
 */
export function listPage(stripe: Stripe, { created, after }: Part): Promise<SubscriptionPage> {
  const query = new URLSearchParams({
    status: 'all',
    limit: String(PAGE),
    'created[gte]': String(created.gte),
    'created[lte]': String(created.lte),
    ...(after ? { starting_after: after } : {}),
  });
  for (const name of [...SUBSCRIPTION_EXPANDS, 'data.customer']) query.append('expand[]', name);
  return stripe.rawRequest('GET', `/v1/subscriptions?${query}`);
}
