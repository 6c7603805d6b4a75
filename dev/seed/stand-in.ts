import type Stripe from 'stripe';
import type { Config } from '../../server/config';
import { contentHash, idOf, type SubscriptionFacts, subscriptionFacts } from '../../server/stripe/facts';
import {
  buildCustomer,
  buildInvoice,
  buildLine,
  buildPaymentMethod,
  buildPrice,
  buildProduct,
  buildSubscription,
  type LoadableWorld,
  loadStandIn as load,
} from '../stripe';
import type { SeedSubscription } from './billing';
import type { SeedPlan } from './plans';

const seconds = (date: Date) => Math.floor(date.getTime() / 1000);

/** Products and prices of the catalogue, and a legacy price that no plan knows. */
function catalogueOf(plans: SeedPlan[], created: number) {
  const products: Stripe.Product[] = [];
  const prices: Stripe.Price[] = [];
  const add = (productId: string, name: string, priceId: string, unitAmount: number, lookupKey: string | null) => {
    products.push(buildProduct({ id: productId, created, name }));
    prices.push(
      buildPrice({
        id: priceId,
        created,
        product: productId,
        currency: 'eur',
        unitAmount,
        lookupKey,
        recurring: { interval: 'month' },
      }),
    );
  };
  for (const { id, name, stripePriceIds, amount, stripeLookupKey } of plans) {
    if (amount !== null && stripePriceIds[0]) add(`prod_${id}`, name, stripePriceIds[0], amount, stripeLookupKey);
  }
  add('prod_legacy', 'Legacy', 'price_legacy_2024', 4900, null);
  return { products, prices };
}

const ENDED = new Set(['canceled', 'incomplete_expired']);

function addSubscription(world: Required<LoadableWorld>, seed: SeedSubscription, hostedAt: string): void {
  const created = seconds(seed.startedAt);
  const price = world.prices.find(({ id }) => id === seed.priceId)!;
  const period = { start: seconds(seed.periodStart), end: seconds(seed.periodEnd) };
  let customer = world.customers.find(({ id }) => id === seed.customerId);
  let card = world.payment_methods.find((method) => method.customer === seed.customerId);
  if (!customer || !card) {
    customer = buildCustomer({
      id: seed.customerId,
      created,
      name: seed.customerName,
      email: seed.customerEmail,
      metadata: seed.orphan ? {} : { tenantId: seed.tenantId },
    });
    card = buildPaymentMethod({
      created,
      customer: seed.customerId,
      card: seed.pastDueSince ? 'pm_card_chargeCustomerFail' : 'pm_card_visa',
      name: seed.customerName,
    });
    customer.invoice_settings.default_payment_method = card.id;
    world.customers.push(customer);
    world.payment_methods.push(card);
  }
  const subscription = buildSubscription({
    id: seed.id,
    created,
    customer: seed.customerId,
    status: seed.status as Stripe.Subscription.Status,
    items: [{ id: seed.itemId, price, quantity: 1 }],
    period,
    metadata: { tenantId: seed.tenantId },
    defaultPaymentMethod: card.id,
    trialStart: seed.trialEnd ? created : null,
    trialEnd: seed.trialEnd ? seconds(seed.trialEnd) : null,
    cancelAt: seed.cancelAtPeriodEnd ? period.end : null,
    cancelAtPeriodEnd: seed.cancelAtPeriodEnd,
    canceledAt: ENDED.has(seed.status) ? period.end : null,
    endedAt: ENDED.has(seed.status) ? period.end : null,
    pauseCollection: seed.pauseCollection ? { behavior: 'keep_as_draft', resumes_at: null } : null,
  });
  world.subscriptions.push(subscription);
  if (['trialing', 'incomplete', 'incomplete_expired'].includes(seed.status)) return;
  const due = seed.pastDueSince ?? seed.periodStart;
  const line = buildLine({
    amount: seed.amount,
    description: `1 × ${seed.customerName}`,
    period,
    price,
    quantity: 1,
    subscription: seed.id,
    subscriptionItem: seed.itemId,
  });
  const invoice = buildInvoice({
    created: seconds(due),
    customer,
    subscription,
    currency: 'eur',
    billingReason: 'subscription_cycle',
    status: seed.pastDueSince ? 'open' : 'paid',
    lines: [line],
    period,
    number: `DEMO-${world.invoices.length + 1}`,
    hostedAt,
  });
  subscription.latest_invoice = invoice.id;
  world.invoices.push(invoice);
}

/** What a sync would have kept of each subscription. */
function mirrored(world: Required<LoadableWorld>): Map<string, Mirrored> {
  const facts = world.subscriptions.map((subscription) => {
    const id = idOf(subscription.customer);
    const deleted = { id, object: 'customer' as const, deleted: true as const };
    const kept = world.deleted_customers.includes(id) ? deleted : world.customers.find((one) => one.id === id)!;
    const listed = { ...subscription, schedule: null };
    return [subscription.id, { ...subscriptionFacts(listed), contentHash: contentHash(listed, kept) }] as const;
  });
  return new Map(facts);
}

export type Mirrored = SubscriptionFacts & { contentHash: string };

/**
 * Gives the local Stripe stand-in the demo's world; a real Stripe account is never written to. Gives what our mirror
 * would know of its subscriptions, or nothing where there is no stand-in.
 */
export async function loadStandIn(
  { apiBase }: Config['stripe'],
  plans: SeedPlan[],
  subscriptions: SeedSubscription[],
): Promise<Map<string, Mirrored>> {
  if (!apiBase) return new Map();
  const health = await fetch(new URL('/_standin/health', apiBase)).catch(() => undefined);
  if (!health?.ok) return new Map();
  const first = Math.min(...subscriptions.map(({ startedAt }) => seconds(startedAt)));
  const world = {
    customers: [],
    payment_methods: [],
    subscriptions: [],
    invoices: [],
    events: [],
    subscription_schedules: [],
    ...catalogueOf(plans, first),
    deleted_customers: subscriptions
      .filter(({ customerDeleted }) => customerDeleted)
      .map(({ customerId }) => customerId),
  };
  for (const subscription of subscriptions) addSubscription(world, subscription, apiBase);
  await load(apiBase, world);
  return mirrored(world);
}
