import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type Stripe from 'stripe';
import {
  buildCustomer,
  buildInvoice,
  buildLine,
  buildPaymentMethod,
  buildPhase,
  buildPrice,
  buildProduct,
  buildSchedule,
  buildSubscription,
} from '../../../dev/stripe';
import { KEY, makeCatalogue, makePayer, type Running, run } from './harness';

const TYPES = join(dirname(require.resolve('stripe')), 'resources');

/** The fields of an interface in the SDK's declarations, and which of them may be absent. */
function declared(file: string, name: string): { required: string[]; known: Set<string> } {
  const lines = readFileSync(join(TYPES, `${file}.d.ts`), 'utf8').split('\n');
  const start = lines.findIndex((line) => new RegExp(`^\\s*(export )?interface ${name}( extends .*)? \\{$`).test(line));
  if (start < 0) throw new Error(`${file}.d.ts declares no interface ${name}.`);
  const indent = lines[start]!.search(/\S/);
  const end = lines.findIndex((line, index) => index > start && line === `${' '.repeat(indent)}}`);
  const field = new RegExp(`^ {${indent + 4}}(\\w+)(\\?)?: `);
  const fields = lines.slice(start + 1, end).flatMap((line) => {
    const match = field.exec(line);
    return match ? [{ name: match[1]!, isOptional: match[2] === '?' }] : [];
  });
  return {
    required: fields.filter(({ isOptional }) => !isOptional).map((one) => one.name),
    known: new Set(fields.map((one) => one.name)),
  };
}

/** What an object lacks of its declaration, and what it has beyond it. */
function differences(object: object, file: string, name: string): { lacks: string[]; beyond: string[] } {
  const { required, known } = declared(file, name);
  const has = Object.keys(object);
  return {
    lacks: required.filter((field) => !has.includes(field)),
    beyond: has.filter((field) => !known.has(field)),
  };
}

describe("the objects that a seed builds are the SDK's", () => {
  const price = buildPrice({
    created: 1,
    product: 'prod_1',
    currency: 'eur',
    unitAmount: 100,
    recurring: { interval: 'month' },
  });
  const period = { start: 1, end: 2 };
  const customer = buildCustomer({ created: 1 });
  const subscription = buildSubscription({
    created: 1,
    customer: customer.id,
    status: 'active',
    items: [{ price }],
    period,
  });
  const phase = buildPhase({ start: 1, end: 2, currency: 'eur', items: [{ price: price.id, quantity: 1 }] });
  const line = buildLine({
    amount: 100,
    description: 'One',
    period,
    price,
    quantity: 1,
    subscription: subscription.id,
    subscriptionItem: subscription.items.data[0]!.id,
  });
  // The compiler proves these: a field of a wrong type, or one that the SDK does not know, does not pass `npm run check`.
  const built = {
    customer: customer satisfies Stripe.Customer,
    product: buildProduct({ created: 1, name: 'P' }) satisfies Stripe.Product,
    price: price satisfies Stripe.Price,
    payment_method: buildPaymentMethod({ created: 1, customer: null }) satisfies Stripe.PaymentMethod,
    subscription: subscription satisfies Stripe.Subscription,
    subscription_schedule: buildSchedule({
      created: 1,
      customer: customer.id,
      subscription: subscription.id,
      phases: [phase satisfies Stripe.SubscriptionSchedule.Phase],
    }) satisfies Stripe.SubscriptionSchedule,
    line_item: line satisfies Stripe.InvoiceLineItem,
    invoice: buildInvoice({
      created: 1,
      customer,
      subscription,
      currency: 'eur',
      billingReason: 'manual',
      status: 'open',
      lines: [line],
      period,
      number: null,
      hostedAt: 'http://localhost',
    }) satisfies Stripe.Invoice,
  };

  test.each(Object.entries(built))('%s', (name, object) => {
    expect(object.object).toBe(name);
  });
});

describe('what the API answers has the fields that the SDK declares, and no others', () => {
  let on: Running;
  const ids: Record<string, string> = {};
  beforeAll(async () => {
    on = await run({ webhookUrl: 'http://127.0.0.1:9/' });
    const { stripe } = on;
    const { product, starter } = await makeCatalogue(stripe);
    const customer = await makePayer(stripe);
    const subscription = await stripe.subscriptions.create({
      customer: customer.id,
      items: [{ price: starter.id }],
      trial_period_days: 3,
    });
    const schedule = await stripe.subscriptionSchedules.create({ from_subscription: subscription.id });
    const session = await stripe.checkout.sessions.create({
      mode: 'subscription',
      customer: customer.id,
      line_items: [{ price: starter.id, quantity: 1 }],
      success_url: 'http://localhost/done',
    });
    on.standIn.advance(10 * 86_400);
    const [event] = (await stripe.events.list()).data;
    const [card] = (await stripe.paymentMethods.list({ customer: customer.id })).data;
    Object.assign(ids, {
      product: product.id,
      price: starter.id,
      customer: customer.id,
      subscription: subscription.id,
      schedule: schedule.id,
      session: session.id,
      event: event!.id,
      card: card!.id,
      invoice: String((await stripe.subscriptions.retrieve(subscription.id)).latest_invoice),
    });
  });
  afterAll(() => on.standIn.stop());

  interface Shown {
    path: string;
    file: string;
    name: string;
    /** Where in the answer it stands. */
    part?: (answer: never) => object;
  }
  test.each<Shown>([
    { path: 'customers/:customer', file: 'Customers', name: 'Customer' },
    { path: 'products/:product', file: 'Products', name: 'Product' },
    { path: 'prices/:price', file: 'Prices', name: 'Price' },
    { path: 'payment_methods/:card', file: 'PaymentMethods', name: 'PaymentMethod' },
    { path: 'subscriptions/:subscription', file: 'Subscriptions', name: 'Subscription' },
    {
      path: 'subscriptions/:subscription',
      file: 'SubscriptionItems',
      name: 'SubscriptionItem',
      part: (answer: Stripe.Subscription) => answer.items.data[0]!,
    },
    { path: 'subscription_schedules/:schedule', file: 'SubscriptionSchedules', name: 'SubscriptionSchedule' },
    {
      path: 'subscription_schedules/:schedule',
      file: 'SubscriptionSchedules',
      name: 'Phase',
      part: (answer: Stripe.SubscriptionSchedule) => answer.phases[0]!,
    },
    { path: 'invoices/:invoice', file: 'Invoices', name: 'Invoice' },
    {
      path: 'invoices/:invoice',
      file: 'InvoiceLineItems',
      name: 'InvoiceLineItem',
      part: (answer: Stripe.Invoice) => answer.lines.data[0]!,
    },
    { path: 'checkout/sessions/:session', file: join('Checkout', 'Sessions'), name: 'Session' },
    { path: 'events/:event', file: 'Events', name: 'EventBase' },
    { path: 'webhook_endpoints/we_standin', file: 'WebhookEndpoints', name: 'WebhookEndpoint' },
  ])('$name at $path', async ({ path, file, name, part }) => {
    const address = path.replace(/:(\w+)/, (_all, kind: string) => ids[kind] ?? '');
    const answer = await fetch(`${on.url}/v1/${address}`, { headers: { authorization: `Bearer ${KEY}` } });
    expect(answer.status).toBe(200);
    const object = (await answer.json()) as never;
    expect(differences(part ? part(object) : object, file, name)).toEqual({ lacks: [], beyond: [] });
  });

  test('every status that the SDK knows of a subscription can be listed', async () => {
    const [, union = ''] = /type Status = ([^;]+);/.exec(readFileSync(join(TYPES, 'Subscriptions.d.ts'), 'utf8')) ?? [];
    const statuses = [...union.matchAll(/'(\w+)'/g)].map(([, status]) => status!);
    expect(statuses).toContain('past_due');
    for (const status of statuses as Stripe.Subscription.Status[]) {
      expect(
        (await on.stripe.subscriptions.list({ status: status as Stripe.SubscriptionListParams.Status })).object,
      ).toBe('list');
    }
  });
});
