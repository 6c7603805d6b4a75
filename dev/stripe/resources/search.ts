import type Stripe from 'stripe';
import { subscriptionIdOf } from '../billing/invoicing';
import { type Endpoint, endpoint } from '../http/endpoint';
import { expand, integer, text } from '../params/fields';
import { parseQuery, type SearchFields } from '../params/search';
import type { Collection, Stored } from '../store/collection';
import { idOf } from '../store/json';
import type { State } from '../store/state';

/**
 * `GET /v1/<name>/search`. As in Stripe, what was made lately is not found yet.
 * @param fields what Stripe can search these objects by: https://docs.stripe.com/search#query-fields-for-customers
 */
function search<T extends Stored & { metadata: Stripe.Metadata | null }>(
  name: string,
  collectionOf: (state: State) => Collection<T>,
  fields: SearchFields<T>,
): Endpoint {
  const path = `/${name}/search`;
  const params = {
    ...expand,
    query: text,
    limit: integer.refine((value) => value >= 1 && value <= 100, { error: 'limit' }).default(10),
    page: text.optional(),
  };
  return endpoint('get', path, params, ({ world, params: { query, limit, page } }): Stripe.ApiSearchResult<T> => {
    const matches = parseQuery<T>(query, { created: (one) => one.created, ...fields });
    const latest = world.now() - world.options.searchLagSeconds;
    const found = collectionOf(world.state)
      .all()
      .filter((one) => one.created <= latest && matches(one))
      .reverse();
    const from = Number(page ?? 0);
    const hasMore = found.length > from + limit;
    return {
      object: 'search_result',
      data: found.slice(from, from + limit),
      has_more: hasMore,
      next_page: hasMore ? String(from + limit) : null,
      url: `/v1${path}`,
    };
  });
}

/** The search of each kind of object. They come before `/:id`, which would take `search` for an id. */
export const searches = [
  search('customers', (state) => state.customers, {
    email: (one) => one.email,
    name: (one) => one.name,
    phone: (one) => one.phone,
  }),
  search('subscriptions', (state) => state.subscriptions, {
    canceled_at: (one) => one.canceled_at,
    status: (one) => one.status,
  }),
  search('prices', (state) => state.prices, {
    active: (one) => one.active,
    currency: (one) => one.currency,
    lookup_key: (one) => one.lookup_key,
    product: (one) => idOf(one.product),
    type: (one) => one.type,
  }),
  search('products', (state) => state.products, {
    active: (one) => one.active,
    description: (one) => one.description,
    name: (one) => one.name,
    url: (one) => one.url,
  }),
  search('invoices', (state) => state.invoices, {
    currency: (one) => one.currency,
    customer: (one) => idOf(one.customer),
    number: (one) => one.number,
    status: (one) => one.status,
    subscription: subscriptionIdOf,
    total: (one) => one.total,
  }),
];
