import type Stripe from 'stripe';
import { buildInvoice, buildLine, buildSubscription, loadStandIn } from '../../../dev/stripe';
import { type Catalogue, listen, makeCatalogue, makePayer, type Running, refusal, run } from './harness';

const DAY = 86_400;

let on: Running;
let catalogue: Catalogue;
let customer: Stripe.Customer;
beforeEach(async () => {
  on = await run();
  catalogue = await makeCatalogue(on.stripe);
  customer = await makePayer(on.stripe);
});
afterEach(() => on.standIn.stop());

const subscribe = (params: Partial<Stripe.SubscriptionCreateParams> = {}) =>
  on.stripe.subscriptions.create({ customer: customer.id, items: [{ price: catalogue.starter.id }], ...params });
const ids = (list: { data: { id: string }[] }): string[] => list.data.map(({ id }) => id);

describe('subscriptions', () => {
  const START = 1_700_000_000;
  const load = (count: number) =>
    loadStandIn(on.url, {
      subscriptions: Array.from({ length: count }, (_, index) =>
        buildSubscription({
          id: `sub_${index}`,
          created: START + index * 10,
          customer: index % 2 === 0 ? customer.id : 'cus_other',
          status: index % 3 === 0 ? 'canceled' : 'active',
          items: [{ price: index % 5 === 0 ? catalogue.business : catalogue.starter }],
          period: { start: START, end: on.clock.now + DAY },
        }),
      ),
    });
  /** What a list should hold, worked out the slow way. */
  const expected = (count: number, wanted: (index: number) => boolean) =>
    Array.from({ length: count }, (_, index) => index)
      .filter(wanted)
      .reverse()
      .map((index) => `sub_${index}`);

  test.each<[string, Stripe.SubscriptionListParams, (index: number) => boolean]>([
    ['all', { status: 'all' }, () => true],
    ['a status', { status: 'canceled' }, (index) => index % 3 === 0],
    ['a price', { status: 'all', price: 'business' }, (index) => index % 5 === 0],
    ['half a range', { status: 'all', created: { gte: START + 100, lt: START + 200 } }, (i) => i >= 10 && i < 20],
    ['the other half', { status: 'all', created: { gt: START + 100, lte: START + 200 } }, (i) => i > 10 && i <= 20],
    ['one second', { status: 'all', created: START + 120 }, (index) => index === 12],
    ['a range without any', { status: 'all', created: { gt: START + 120, lt: START + 130 } }, () => false],
    [
      'all at once',
      { status: 'active', created: { gte: START + 50, lte: START + 350 } },
      (i) => i >= 5 && i <= 35 && i % 3 !== 0,
    ],
  ])('are found by %s, over pages in both directions', async (_what, params, wanted) => {
    await load(40);
    const price = params.price && catalogue.business.id;
    const filter = { ...params, ...(price ? { price } : {}), limit: 7 };
    const all = expected(40, wanted);
    const forwards: string[] = [];
    for await (const one of on.stripe.subscriptions.list(filter)) forwards.push(one.id);
    expect(forwards).toEqual(all);
    if (all.length < 2) return;
    const backwards: string[] = [];
    for await (const one of on.stripe.subscriptions.list({ ...filter, ending_before: all.at(-1)! })) {
      backwards.push(one.id);
    }
    expect(backwards).toEqual(all.slice(0, -1).reverse());
  });

  test('of one customer are cut by the same range', async () => {
    await load(40);
    const list = await on.stripe.subscriptions.list({
      customer: customer.id,
      status: 'all',
      created: { gte: START + 100, lt: START + 150 },
    });
    expect(ids(list)).toEqual(['sub_14', 'sub_12', 'sub_10']);
  });

  test('a range in 200,000 is cut out at once', () => {
    const { subscriptions } = on.standIn.state;
    const model = buildSubscription({
      created: START,
      customer: 'cus_many',
      status: 'active',
      items: [{ price: catalogue.starter }],
      period: { start: START, end: START + DAY },
    });
    for (let index = 0; index < 200_000; index++) {
      subscriptions.put({ ...model, id: `sub_${index}`, created: START + index, customer: `cus_${index}` });
    }
    let looked = 0;
    const page = subscriptions.page({
      limit: 100,
      created: { from: START + 100_000, to: START + 100_049 },
      where: () => {
        looked += 1;
        return true;
      },
    });
    expect([page.data.length, page.hasMore, looked]).toEqual([50, false, 50]);
  });

  test("show their first 20 items, and the rest on the items' own list", async () => {
    const prices = Array.from({ length: 25 }, (_, index) => ({ ...catalogue.starter, id: `price_${index}` }));
    await loadStandIn(on.url, {
      prices,
      subscriptions: [
        buildSubscription({
          id: 'sub_wide',
          created: START,
          customer: customer.id,
          status: 'active',
          items: prices.map((price) => ({ price })),
          period: { start: START, end: on.clock.now + DAY },
        }),
      ],
    });
    const read = await on.stripe.subscriptions.retrieve('sub_wide');
    expect([read.items.data.length, read.items.has_more]).toEqual([20, true]);
    const [listed] = (await on.stripe.subscriptions.list({ status: 'all' })).data;
    expect(listed?.items.has_more).toBe(true);
    const last = read.items.data.at(-1)!.id;
    const rest = await on.stripe.subscriptionItems.list({ subscription: 'sub_wide', starting_after: last });
    expect(rest.data.map(({ price }) => price.id)).toEqual([20, 21, 22, 23, 24].map((index) => `price_${index}`));
    expect((await on.stripe.subscriptionItems.retrieve(last)).id).toBe(last);
    expect(on.standIn.state.subscriptions.get('sub_wide')?.items.data).toHaveLength(25);
  });
});

describe('invoices', () => {
  test('are found by customer, subscription, status and time', async () => {
    const first = await subscribe();
    on.standIn.advance(40 * DAY);
    const second = await subscribe();
    const list = async (params: Stripe.InvoiceListParams) => (await on.stripe.invoices.list(params)).data.length;
    expect(await list({ customer: customer.id })).toBe(3);
    expect(await list({ subscription: first.id, status: 'paid' })).toBe(2);
    expect(await list({ subscription: second.id })).toBe(1);
    expect(await list({ status: 'open' })).toBe(0);
    expect(await list({ created: { gt: on.clock.now } })).toBe(2);
    expect(await list({ subscription: 'sub_none' })).toBe(0);
  });

  test('show their first 10 lines', async () => {
    const { id, items } = await subscribe();
    const line = () =>
      buildLine({
        amount: 1,
        description: 'One',
        period: { start: 1, end: 2 },
        price: catalogue.starter,
        quantity: 1,
        subscription: id,
        subscriptionItem: items.data[0]!.id,
      });
    const invoice = buildInvoice({
      id: 'in_long',
      created: on.clock.now,
      customer,
      subscription: { id, metadata: {}, collection_method: 'charge_automatically', days_until_due: null },
      currency: 'usd',
      billingReason: 'manual',
      status: 'open',
      lines: Array.from({ length: 12 }, line),
      period: { start: 1, end: 2 },
      number: 'LONG-1',
      hostedAt: on.url,
    });
    await loadStandIn(on.url, { invoices: [invoice] });
    const read = await on.stripe.invoices.retrieve('in_long');
    expect([read.lines.data.length, read.lines.has_more, read.total]).toEqual([10, true, 12]);
    const lines: string[] = [];
    for await (const { id } of on.stripe.invoices.listLineItems('in_long')) lines.push(id);
    expect(lines).toEqual(invoice.lines.data.map(({ id }) => id));
  });

  test('are paid once; voided or given up only while they are open', async () => {
    const made = await subscribe({ payment_behavior: 'default_incomplete' });
    const id = String(made.latest_invoice);
    expect(await on.stripe.invoices.pay(id)).toMatchObject({ status: 'paid', amount_remaining: 0 });
    expect(await refusal(on.stripe.invoices.pay(id))).toMatchObject({ code: 'invoice_already_paid' });
    await expect(on.stripe.invoices.voidInvoice(id)).rejects.toThrow('cannot be voided');
    const other = String((await subscribe({ payment_behavior: 'default_incomplete' })).latest_invoice);
    expect((await on.stripe.invoices.markUncollectible(other)).status).toBe('uncollectible');
    expect((await on.stripe.invoices.voidInvoice(other)).status).toBe('void');
  });

  test('of a new subscription are previewed without making one', async () => {
    const preview = await on.stripe.invoices.createPreview({
      customer: customer.id,
      subscription_details: { items: [{ price: catalogue.business.id, quantity: 2 }] },
    });
    expect(preview).toMatchObject({ status: 'draft', total: 19_800, billing_reason: 'upcoming' });
    expect((await on.stripe.invoices.list()).data).toEqual([]);
  });
});

describe('prices', () => {
  test('are found by product, activity and up to ten lookup keys', async () => {
    const { product, starter, business } = catalogue;
    const other = await on.stripe.products.create({ name: 'Other' });
    await on.stripe.prices.update(starter.id, { active: false });
    expect(ids(await on.stripe.prices.list({ product: product.id }))).toEqual([business.id, starter.id]);
    expect(ids(await on.stripe.prices.list({ product: product.id, active: true }))).toEqual([business.id]);
    expect(ids(await on.stripe.prices.list({ product: other.id }))).toEqual([]);
    expect(ids(await on.stripe.prices.list({ lookup_keys: ['starter', 'none'] }))).toEqual([starter.id]);
    const many = Array.from({ length: 11 }, (_, index) => `key_${index}`);
    expect(await refusal(on.stripe.prices.list({ lookup_keys: many }))).toMatchObject({ statusCode: 400 });
  });
});

describe('payment methods', () => {
  test('are listed by customer, and taken away', async () => {
    const list = () => on.stripe.paymentMethods.list({ customer: customer.id, type: 'card' });
    const [card] = (await list()).data;
    expect((await on.stripe.customers.listPaymentMethods(customer.id)).data).toHaveLength(1);
    await on.stripe.paymentMethods.detach(card!.id);
    expect((await list()).data).toEqual([]);
    await expect(subscribe()).rejects.toThrow('no attached payment source');
  });
});

describe('checkout sessions', () => {
  test('are found by customer and status', async () => {
    const make = () =>
      on.stripe.checkout.sessions.create({
        mode: 'subscription',
        customer: customer.id,
        line_items: [{ price: catalogue.starter.id, quantity: 1 }],
        success_url: 'http://localhost/done',
      });
    const [first, second] = [await make(), await make()];
    await on.stripe.checkout.sessions.expire(first.id);
    const list = async (status: 'expired' | 'open') =>
      ids(await on.stripe.checkout.sessions.list({ customer: customer.id, status }));
    expect([await list('open'), await list('expired')]).toEqual([[second.id], [first.id]]);
  });
});

describe('search', () => {
  test.each<[string, () => Promise<{ data: { id: string }[] }>, () => string[]]>([
    [
      'prices',
      () => on.stripe.prices.search({ query: 'lookup_key:"starter" AND active:"true"' }),
      () => [catalogue.starter.id],
    ],
    ['products', () => on.stripe.products.search({ query: 'name~"tenant"' }), () => [catalogue.product.id]],
    [
      'customers',
      () => on.stripe.customers.search({ query: 'email:"payer@example.com" AND -name:"X"' }),
      () => [customer.id],
    ],
    ['subscriptions', () => on.stripe.subscriptions.search({ query: 'status:"canceled"' }), () => []],
    ['invoices', () => on.stripe.invoices.search({ query: 'total>100' }), () => []],
  ])('finds %s', async (_what, find, wanted) => {
    expect(ids(await find())).toEqual(wanted());
  });

  test('refuses a field that it does not know', async () => {
    const error = await refusal(on.stripe.subscriptions.search({ query: 'colour:"red"' }));
    expect(error).toMatchObject({ statusCode: 400, param: 'query' });
  });
});

describe('events and webhook endpoints', () => {
  test('events are found by families of types, time and delivery', async () => {
    const inbox = await listen();
    const heard = await run({ webhookUrl: inbox.url });
    const { id } = await heard.stripe.customers.create({ name: 'Heard' });
    await inbox.until('customer.created');
    heard.standIn.world.faults.dropWebhooks = true;
    await heard.stripe.customers.update(id, { name: 'Unheard' });
    await heard.stripe.products.create({ name: 'P' });
    const types = async (params: Stripe.EventListParams) =>
      (await heard.stripe.events.list(params)).data.map(({ type }) => type);
    expect(await types({ type: 'customer.*' })).toEqual(['customer.updated', 'customer.created']);
    expect(await types({ types: ['customer.created', 'product.created'] })).toEqual([
      'product.created',
      'customer.created',
    ]);
    expect(await types({ delivery_success: false })).toEqual(['product.created', 'customer.updated']);
    expect(await types({ created: { lt: heard.clock.now } })).toEqual([]);
    const [endpoint] = (await heard.stripe.webhookEndpoints.list()).data;
    expect(await heard.stripe.webhookEndpoints.retrieve(endpoint!.id)).toMatchObject({ url: inbox.url });
    expect(await refusal(heard.stripe.webhookEndpoints.retrieve('we_none'))).toMatchObject({ statusCode: 404 });
    await heard.standIn.stop();
    await inbox.close();
  });
});
