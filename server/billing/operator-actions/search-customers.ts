import type Stripe from 'stripe';
import { In } from 'typeorm';
import { stripeUrl } from '../../../domain/stripe-url';
import type { Context } from '../../context';
import { invalid } from '../../errors';
import { PlanPrice } from '../../plans/plan-price.entity';
import { Tenant } from '../../tenants/tenant.entity';
import { isLive } from '../live-subscriptions';
import { StripeCustomer } from '../stripe-customer.entity';
import { askToChange } from './change-at-stripe';

/** Stripe matches a part of a text only from three letters on: https://docs.stripe.com/search */
const SHORTEST_PART = 3;
const MOST = 20;

const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`;

function searchQuery(q: string): string {
  const operator = q.length < SHORTEST_PART ? ':' : '~';
  return [`name${operator}${quoted(q)}`, `email${operator}${quoted(q)}`, `metadata["tenantId"]:${quoted(q)}`].join(
    ' OR ',
  );
}

async function find(stripe: Stripe, q: string): Promise<Stripe.Customer[]> {
  if (!/^cus_\w+$/.test(q)) {
    const { data } = await askToChange(
      stripe.customers.search({ query: searchQuery(q), limit: MOST, expand: ['data.subscriptions'] }),
    );
    return data;
  }
  const one = await askToChange(
    stripe.customers.retrieve(q, { expand: ['subscriptions'] }).catch((error: Stripe.errors.StripeError) => {
      if (error.code === 'resource_missing') return null;
      throw error;
    }),
  );
  return one && !one.deleted ? [one] : [];
}

export interface CustomerSuggestion {
  id: string;
  name: string | null;
  email: string | null;
  livemode: boolean;
  createdAt: string;
  /** What it pays for; Stripe shows at most ten with a customer. */
  liveSubscriptions: { id: string; status: string; planId: string | null }[];
  /** What its metadata say, which is a hint only. */
  metadataTenantId: string | null;
  /** The tenant that it is linked to by now. */
  tenant: { id: string; name: string } | null;
  /** An operator unlinked it: only an operator links it again. */
  unlinked: boolean;
  stripeUrl: string | null;
}

const liveOf = ({ subscriptions }: Stripe.Customer) => (subscriptions?.data ?? []).filter(isLive);

/** The plan that each price earns. */
async function plansOf(db: Context['db'], customers: Stripe.Customer[]): Promise<Map<string, string>> {
  const priceIds = customers.flatMap((one) =>
    liveOf(one).flatMap(({ items }) => items.data.map(({ price }) => price.id)),
  );
  const known = priceIds.length > 0 ? await db.getRepository(PlanPrice).findBy({ priceId: In(priceIds) }) : [];
  return new Map(known.map(({ priceId, planId }) => [priceId, planId]));
}

/**
 * Stripe's customers whose id is `q`, whose name or address holds it, or whose metadata name it as their tenant; at
 * most twenty. A suggestion, no more: Stripe's search lags by a minute, and anyone may give themselves an address.
 * @throws ProblemError 400 for nothing to search for, 503 while Stripe is away
 */
export async function searchCustomers(
  { db }: Context,
  stripe: Stripe,
  given: string | undefined,
): Promise<CustomerSuggestion[]> {
  const q = given?.trim().slice(0, 200);
  if (!q) throw invalid({ q: 'Say what to search for: an id, a name, an address or a tenant id.' });
  const found = await find(stripe, q);
  const ids = found.map(({ id }) => id);
  const known = ids.length > 0 ? await db.getRepository(StripeCustomer).findBy({ id: In(ids) }) : [];
  const links = new Map(known.map((row) => [row.id, row]));
  const tenantIds = known.flatMap(({ tenantId }) => tenantId ?? []);
  const tenants = tenantIds.length > 0 ? await db.getRepository(Tenant).findBy({ id: In(tenantIds) }) : [];
  const plans = await plansOf(db, found);
  return found.map((customer) => {
    const { id, name, email, livemode, created, metadata } = customer;
    const link = links.get(id);
    const tenant = tenants.find((one) => one.id === link?.tenantId);
    return {
      id,
      name: name ?? null,
      email,
      livemode,
      createdAt: new Date(created * 1000).toISOString(),
      liveSubscriptions: liveOf(customer).map(({ id: subscriptionId, status, items }) => ({
        id: subscriptionId,
        status,
        planId: items.data.map(({ price }) => plans.get(price.id)).find((planId) => planId !== undefined) ?? null,
      })),
      metadataTenantId: metadata.tenantId ?? null,
      tenant: tenant ? { id: tenant.id, name: tenant.name } : null,
      unlinked: Boolean(link?.unlinkedAt),
      stripeUrl: stripeUrl(id, livemode),
    };
  });
}
