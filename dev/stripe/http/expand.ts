import { invalidRequest } from '../errors';
import type { World } from '../world';

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

const DEEPEST = 4;

/** Where the object behind an id of this field is kept. */
function resolve(world: World, field: string, id: string): object | undefined {
  const { state } = world;
  switch (field) {
    case 'customer':
      return (
        state.customers.get(id) ??
        (state.deletedCustomers.has(id) ? { id, object: 'customer', deleted: true } : undefined)
      );
    case 'product':
      return state.products.get(id);
    case 'price':
    case 'default_price':
      return state.prices.get(id);
    case 'schedule':
      return state.schedules.get(id);
    case 'subscription':
    case 'released_subscription':
      return state.subscriptions.get(id);
    case 'invoice':
    case 'latest_invoice':
      return state.invoices.get(id);
    case 'payment_method':
    case 'default_payment_method':
      return state.paymentMethods.get(id);
    default:
      return undefined;
  }
}

const EXPANDABLE = new Set([
  'customer',
  'product',
  'price',
  'default_price',
  'subscription',
  'released_subscription',
  'invoice',
  'latest_invoice',
  'payment_method',
  'default_payment_method',
  'pending_setup_intent',
  'schedule',
  'test_clock',
  'payment_intent',
]);

/** Parts that an object shows only when asked: answered here, since they are no ids. */
function included(world: World, holder: { [key: string]: Json }, field: string): object | undefined {
  const id = holder.id;
  if (typeof id !== 'string') return undefined;
  if (holder.object === 'checkout.session' && field === 'line_items') {
    const data = world.state.checkoutPlans.get(id)?.lineItems ?? [];
    return { object: 'list', data, has_more: false, url: `/v1/checkout/sessions/${id}/line_items` };
  }
  if (holder.object === 'customer' && field === 'subscriptions') {
    const page = world.state.subscriptions.page({ limit: 10, group: id, where: (one) => one.status !== 'canceled' });
    return { object: 'list', data: page.data, has_more: page.hasMore, url: `/v1/subscriptions?customer=${id}` };
  }
  return undefined;
}

/**
 * Replaces ids by their objects along each path of `expand[]`.
 * @returns the answer as it goes out
 * @throws StripeApiError for a property that can't be expanded, or too long a path
 */
export function expandAnswer(world: World, answer: object, paths: readonly string[] = []): object {
  if (paths.length === 0) return answer;
  const root = toJson(answer);
  for (const path of paths) {
    const fields = path.split('.');
    if (fields.length > DEEPEST) {
      throw invalidRequest(`You cannot expand more than ${DEEPEST} levels of a property (${path}).`, {
        param: 'expand',
      });
    }
    expandAlong(world, root, fields, path);
  }
  return root as object;
}

function expandAlong(world: World, node: Json, fields: string[], path: string): void {
  const [field, ...rest] = fields;
  if (field === undefined || node === null || typeof node !== 'object') return;
  if (Array.isArray(node)) {
    for (const element of node) expandAlong(world, element, fields, path);
    return;
  }
  const value = node[field];
  if (value === undefined) {
    const part = included(world, node, field);
    if (!part) throw invalidRequest(`This property cannot be expanded (${path}).`, { param: 'expand' });
    node[field] = toJson(part);
  } else if (typeof value === 'string') {
    if (!EXPANDABLE.has(field))
      throw invalidRequest(`This property cannot be expanded (${path}).`, { param: 'expand' });
    const object = resolve(world, field, value);
    if (object) node[field] = toJson(object);
  }
  expandAlong(world, node[field] ?? null, rest, path);
}

const toJson = (value: object): Json => JSON.parse(JSON.stringify(value)) as Json;
