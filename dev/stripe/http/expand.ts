import { invalidRequest } from '../errors';
import type { World } from '../world';
import { present } from './present';

type Node = Record<string, unknown>;

const DEEPEST = 4;
/** So many lines of a checkout session are shown with it. */
const MOST_LINES = 10;

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
function included(world: World, holder: Node, field: string): object | undefined {
  const id = holder.id;
  if (typeof id !== 'string') return undefined;
  if (holder.object === 'checkout.session' && field === 'line_items') {
    const data = world.state.checkoutPlans.get(id)?.lineItems ?? [];
    const url = `/v1/checkout/sessions/${id}/line_items`;
    return { object: 'list', data: data.slice(0, MOST_LINES), has_more: data.length > MOST_LINES, url };
  }
  if (holder.object === 'customer' && field === 'subscriptions') {
    const page = world.state.subscriptions.page({ limit: 10, group: id, where: (one) => one.status !== 'canceled' });
    return { object: 'list', data: page.data, has_more: page.hasMore, url: `/v1/subscriptions?customer=${id}` };
  }
  return undefined;
}

/**
 * Replaces ids by their objects along each path of `expand[]`. Only what lies on a path is copied: the objects
 * themselves stay as they are.
 * @returns the answer as it goes out
 * @throws StripeApiError for a property that can't be expanded, or too long a path
 */
export function expandAnswer(world: World, answer: object, paths: readonly string[] = []): object {
  let expanded: unknown = answer;
  for (const path of paths) {
    const fields = path.split('.');
    if (fields.length > DEEPEST) {
      throw invalidRequest(`You cannot expand more than ${DEEPEST} levels of a property (${path}).`, {
        param: 'expand',
      });
    }
    expanded = expandAlong(world, expanded, fields, path);
  }
  return expanded as object;
}

function expandAlong(world: World, node: unknown, fields: readonly string[], path: string): unknown {
  const [field, ...rest] = fields;
  if (field === undefined || node === null || typeof node !== 'object') return node;
  if (Array.isArray(node)) return node.map((element) => expandAlong(world, element, fields, path));
  const holder = node as Node;
  return { ...holder, [field]: expandAlong(world, expandedValue(world, holder, field, path), rest, path) };
}

/** What a field holds once it is expanded. */
function expandedValue(world: World, holder: Node, field: string, path: string): unknown {
  const value = holder[field];
  const refused = () => invalidRequest(`This property cannot be expanded (${path}).`, { param: 'expand' });
  if (value === undefined) {
    const part = included(world, holder, field);
    if (!part) throw refused();
    return part;
  }
  if (typeof value !== 'string') return value;
  if (!EXPANDABLE.has(field)) throw refused();
  const object = resolve(world, field, value);
  return object ? present(object) : value;
}
