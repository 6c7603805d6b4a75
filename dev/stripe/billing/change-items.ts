import type Stripe from 'stripe';
import { invalidRequest, noSuch } from '../errors';
import { buildLine } from '../objects/invoice';
import { buildSubscriptionItem, type Period } from '../objects/subscription';
import type { World } from '../world';
import { nextAttempt } from './dunning';
import { issueInvoice, periodLines, settleInvoice, tryCharge } from './invoicing';
import { productName, recurringPrice } from './lookup';
import { currentPeriod, periodFrom } from './period';
import { chargeRefusal, type PaymentBehavior } from './subscribe';

/** One entry of the `items` parameter: with an id it changes that item, without one it adds an item. */
export interface ItemChange {
  id?: string | undefined;
  price?: string | undefined;
  quantity?: number | undefined;
  deleted?: boolean | undefined;
  metadata?: Stripe.Metadata | undefined;
}

export type ProrationBehavior = 'always_invoice' | 'create_prorations' | 'none';

export interface ItemPlan {
  items: Stripe.SubscriptionItem[];
  period: Period;
  /** The interval changed, so that a new period begins now. */
  restarts: boolean;
  /** Credits for what is not used any more, and charges for what takes its place. */
  prorations: Stripe.InvoiceLineItem[];
}

/**
 * Works out what a change of items leads to, without changing anything.
 * @throws StripeApiError for an unknown item or price, a price twice, another currency, or no item left
 */
export function planItems(
  world: World,
  subscription: Stripe.Subscription,
  changes: ItemChange[],
  at: number,
  proration: ProrationBehavior,
): ItemPlan {
  const before = currentPeriod(subscription);
  const items = nextItems(world, subscription, changes, before);
  const [oldFirst, newFirst] = [subscription.items.data[0], items[0]!];
  const restarts =
    subscription.status !== 'trialing' &&
    oldFirst !== undefined &&
    (oldFirst.price.recurring?.interval !== newFirst.price.recurring?.interval ||
      oldFirst.price.recurring?.interval_count !== newFirst.price.recurring?.interval_count);
  const period = restarts ? periodFrom(at, newFirst.price) : before;
  for (const item of items) {
    item.current_period_start = period.start;
    item.current_period_end = period.end;
  }
  const prorates = proration !== 'none' && subscription.status !== 'trialing';
  const prorations = prorates ? prorationLines(world, subscription, items, at, restarts) : [];
  return { items, period, restarts, prorations };
}

function nextItems(
  world: World,
  subscription: Stripe.Subscription,
  changes: ItemChange[],
  period: Period,
): Stripe.SubscriptionItem[] {
  const items = subscription.items.data.map((item) => ({ ...item }));
  for (const [index, change] of changes.entries()) {
    const param = `items[${index}]`;
    const price = change.price === undefined ? undefined : recurringPrice(world, change.price, `${param}[price]`);
    if (price && price.currency !== subscription.currency) {
      throw invalidRequest(
        `The price specified only supports \`${price.currency}\`. This doesn't match the expected currency: \`${subscription.currency}\`.`,
        { param: `${param}[price]` },
      );
    }
    if (change.id === undefined) {
      if (!price)
        throw invalidRequest(`Missing required param: ${param}[price].`, { code: 'parameter_missing', param });
      const { quantity, metadata } = change;
      const added = { price, ...(quantity === undefined ? {} : { quantity }), ...(metadata ? { metadata } : {}) };
      items.push(buildSubscriptionItem(subscription.id, added, period, world.now()));
      continue;
    }
    const place = items.findIndex((item) => item.id === change.id);
    const item = items[place];
    if (!item) throw noSuch('subscription_item', change.id, `${param}[id]`);
    if (change.deleted) items.splice(place, 1);
    else {
      const rebuilt = buildSubscriptionItem(
        subscription.id,
        {
          id: item.id,
          price: price ?? item.price,
          quantity: change.quantity ?? item.quantity ?? 1,
          metadata: change.metadata ?? item.metadata,
        },
        period,
        item.created,
      );
      items[place] = rebuilt;
    }
  }
  if (items.length === 0)
    throw invalidRequest('A subscription must have at least one active plan.', { param: 'items' });
  const prices = items.map((item) => item.price.id);
  const twice = prices.find((price, index) => prices.indexOf(price) !== index);
  if (twice) {
    throw invalidRequest(`Cannot add multiple subscription items with the same plan: ${twice}`, { param: 'items' });
  }
  return items;
}

/** Credits for the time that a subscription's items were paid for and will not be used. */
export function creditLines(world: World, subscription: Stripe.Subscription): Stripe.InvoiceLineItem[] {
  if (subscription.status === 'trialing') return [];
  return prorationLines(world, subscription, [], world.now(), true).filter((line) => line.amount !== 0);
}

function prorationLines(
  world: World,
  subscription: Stripe.Subscription,
  next: Stripe.SubscriptionItem[],
  at: number,
  restarts: boolean,
): Stripe.InvoiceLineItem[] {
  const { start, end } = currentPeriod(subscription);
  const left = Math.min(1, Math.max(0, (end - at) / Math.max(1, end - start)));
  const period = { start: Math.min(at, end), end };
  const lineFor = (item: Stripe.SubscriptionItem, sign: 1 | -1): Stripe.InvoiceLineItem =>
    buildLine({
      amount: sign * Math.round((item.price.unit_amount ?? 0) * (item.quantity ?? 1) * left),
      description: `${sign < 0 ? 'Unused' : 'Remaining'} time on ${productName(world, item.price)}`,
      period,
      price: item.price,
      quantity: item.quantity ?? 1,
      subscription: subscription.id,
      subscriptionItem: item.id,
      proration: true,
    });
  const same = (a: Stripe.SubscriptionItem, b: Stripe.SubscriptionItem): boolean =>
    a.id === b.id && a.price.id === b.price.id && a.quantity === b.quantity;
  const gone = subscription.items.data.filter((item) => restarts || !next.some((other) => same(item, other)));
  const come = restarts ? [] : next.filter((item) => !subscription.items.data.some((other) => same(item, other)));
  return [...gone.map((item) => lineFor(item, -1)), ...come.map((item) => lineFor(item, 1))];
}

export interface ItemOrder {
  changes: ItemChange[];
  proration: ProrationBehavior;
  prorationDate?: number | undefined;
  behavior: PaymentBehavior;
}

/**
 * Changes a subscription's items, with the prorations and the charge that this brings. `mutate` holds the request's
 * other changes, which are made together with it.
 * @throws StripeApiError where the charge fails and the caller asked for an error
 */
export function changeItems(
  world: World,
  subscription: Stripe.Subscription,
  order: ItemOrder,
  mutate: (subscription: Stripe.Subscription) => void,
): Stripe.Subscription {
  const plan = planItems(world, subscription, order.changes, order.prorationDate ?? world.now(), order.proration);
  const apply = (updated: Stripe.Subscription): void => {
    updated.items.data = plan.items;
    if (plan.restarts) updated.billing_cycle_anchor = plan.period.start;
    mutate(updated);
  };
  const invoicesNow = plan.restarts || (order.proration === 'always_invoice' && plan.prorations.length > 0);
  if (!invoicesNow) {
    if (plan.prorations.length > 0) {
      const waiting = world.state.pendingLines.get(subscription.id) ?? [];
      world.state.pendingLines.set(subscription.id, [...waiting, ...plan.prorations]);
    }
    return world.changeSubscription(subscription, apply);
  }
  const full = plan.restarts
    ? periodLines(world, { ...subscription, items: { ...subscription.items, data: plan.items } }, plan.period)
    : [];
  const lines = [...plan.prorations, ...full];
  const due = lines.reduce((sum, line) => sum + line.amount, 0);
  const sends = subscription.collection_method === 'send_invoice';
  const charge = due <= 0 ? 'paid' : tryCharge(world, subscription);
  const attempts = !sends && order.behavior !== 'default_incomplete';
  if (attempts && charge !== 'paid' && order.behavior === 'error_if_incomplete') throw chargeRefusal(charge);

  const invoice = issueInvoice(world, { subscription, reason: 'subscription_update', lines, period: plan.period });
  const paid = due <= 0 || (attempts && charge === 'paid');
  if (paid || sends) {
    world.changeSubscription(subscription, (updated) => {
      apply(updated);
      updated.latest_invoice = invoice.id;
    });
  } else if (order.behavior === 'pending_if_incomplete') {
    world.changeSubscription(subscription, (updated) => {
      updated.latest_invoice = invoice.id;
      updated.pending_update = {
        billing_cycle_anchor: plan.restarts ? plan.period.start : null,
        cancel_at_period_end: null,
        discount: null,
        discounts: null,
        expires_at: world.now() + 23 * 3600,
        metadata: null,
        subscription_items: plan.items,
        trial_end: null,
        trial_from_plan: null,
      };
    });
  } else {
    world.changeSubscription(subscription, (updated) => {
      apply(updated);
      updated.latest_invoice = invoice.id;
      if (updated.status === 'active') updated.status = 'past_due';
    });
  }
  if (due <= 0 || attempts) {
    settleInvoice(world, invoice, charge, subscription.status === 'past_due' ? nextAttempt(world, invoice) : null);
  }
  return subscription;
}
