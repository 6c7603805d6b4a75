import Stripe from 'stripe';
import { buildCustomer, buildSubscription, loadStandIn } from '../../../dev/stripe';
import { type Catalogue, makeCatalogue, makePayer, press, type Running, run } from './harness';

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

const types = async (): Promise<string[]> =>
  (await on.stripe.events.list({ limit: 100 })).data.map((event) => event.type);

const advance = async (seconds: number): Promise<void> => {
  on.clock.now += seconds;
  await fetch(`${on.url}/_standin/advance`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
};

describe('the list', () => {
  test('hides canceled ones, unless told all', async () => {
    const gone = await subscribe();
    const live = await subscribe();
    await on.stripe.subscriptions.cancel(gone.id);
    const ids = async (params: Stripe.SubscriptionListParams) =>
      (await on.stripe.subscriptions.list(params)).data.map((one) => one.id);
    expect(await ids({ customer: customer.id })).toEqual([live.id]);
    expect(await ids({ customer: customer.id, status: 'all' })).toEqual([live.id, gone.id]);
    expect(await ids({ status: 'canceled' })).toEqual([gone.id]);
    expect(await ids({ price: catalogue.business.id })).toEqual([]);
  });

  test('shows what was loaded, in every status, and a deleted customer as deleted', async () => {
    const { starter } = catalogue;
    const statuses = [
      'active',
      'canceled',
      'incomplete',
      'incomplete_expired',
      'past_due',
      'paused',
      'trialing',
      'unpaid',
    ];
    await loadStandIn(on.url, {
      customers: [buildCustomer({ id: 'cus_loaded', created: 1_700_000_000 })],
      deleted_customers: ['cus_gone'],
      subscriptions: statuses.map((status, index) =>
        buildSubscription({
          id: `sub_${status}`,
          created: 1_700_000_000 + index,
          customer: 'cus_loaded',
          status,
          items: [{ price: starter }],
          period: { start: 1_700_000_000, end: on.clock.now + 86_400 },
        }),
      ),
    });
    const list = await on.stripe.subscriptions.list({ customer: 'cus_loaded', status: 'all' });
    expect(list.data.map((one) => one.status).sort()).toEqual(statuses);
    expect(await on.stripe.customers.retrieve('cus_gone')).toMatchObject({ deleted: true });
  });
});

describe('paying', () => {
  test('without a card is refused; a refused card leaves it incomplete, or is an error if asked', async () => {
    customer = await on.stripe.customers.create({});
    await expect(subscribe()).rejects.toThrow('no attached payment source');
    customer = await makePayer(on.stripe, 'pm_card_chargeCustomerFail');
    expect((await subscribe()).status).toBe('incomplete');
    await expect(subscribe({ payment_behavior: 'error_if_incomplete' })).rejects.toBeInstanceOf(
      Stripe.errors.StripeCardError,
    );
  });

  test('an incomplete one becomes active on its hosted invoice page', async () => {
    const made = await subscribe({ payment_behavior: 'default_incomplete', expand: ['latest_invoice'] });
    expect(made.status).toBe('incomplete');
    const invoice = made.latest_invoice as Stripe.Invoice;
    await press(`${invoice.hosted_invoice_url}/pay`);
    expect((await on.stripe.subscriptions.retrieve(made.id)).status).toBe('active');
    expect((await on.stripe.invoices.retrieve(invoice.id)).status).toBe('paid');
  });

  test('an incomplete one expires after 23 hours', async () => {
    const made = await subscribe({ payment_behavior: 'default_incomplete' });
    await advance(23 * 3600);
    expect((await on.stripe.subscriptions.retrieve(made.id)).status).toBe('incomplete_expired');
  });

  test('the front page plays the bank: fails, unpaid, paid again', async () => {
    const { id } = await subscribe();
    const status = async () => (await on.stripe.subscriptions.retrieve(id)).status;
    await press(`${on.url}/subscriptions/${id}/fail`);
    expect(await status()).toBe('past_due');
    const open = await on.stripe.invoices.list({ subscription: id, status: 'open' });
    expect(open.data).toHaveLength(1);
    await press(`${on.url}/subscriptions/${id}/unpaid`);
    expect(await status()).toBe('unpaid');
    await press(`${on.url}/subscriptions/${id}/pay`);
    expect(await status()).toBe('active');
    expect(await types()).toEqual(expect.arrayContaining(['invoice.payment_failed', 'invoice.paid']));
    expect(await (await fetch(on.url)).text()).toContain(id);
  });
});

describe('changing the plan', () => {
  test('swaps the price of an item, at once and with prorations', async () => {
    const before = await subscribe();
    const item = before.items.data[0]!;
    on.clock.now += 15 * 86_400;
    const after = await on.stripe.subscriptions.update(before.id, {
      items: [{ id: item.id, price: catalogue.business.id }],
      proration_behavior: 'always_invoice',
      expand: ['latest_invoice'],
    });
    expect(after.items.data).toHaveLength(1);
    expect(after.items.data[0]).toMatchObject({ id: item.id, price: { id: catalogue.business.id } });
    expect(after.items.data[0]?.current_period_end).toBe(item.current_period_end);
    const invoice = after.latest_invoice as Stripe.Invoice;
    expect(invoice.lines.data.map((line) => Math.sign(line.amount))).toEqual([-1, 1]);
    expect(invoice.status).toBe('paid');
    const [event] = (await on.stripe.events.list({ type: 'customer.subscription.updated' })).data;
    expect(event?.data.previous_attributes).toHaveProperty('items');
  });

  test('a preview shows the amount and changes nothing', async () => {
    const before = await subscribe();
    const preview = await on.stripe.invoices.createPreview({
      subscription: before.id,
      subscription_details: {
        items: [{ id: before.items.data[0]!.id, price: catalogue.business.id }],
        proration_behavior: 'always_invoice',
      },
    });
    expect(preview.total).toBe(8000);
    expect((await on.stripe.subscriptions.retrieve(before.id)).items.data[0]?.price.id).toBe(catalogue.starter.id);
  });

  test('waits for the bank with pending_if_incomplete, and is made when the invoice is paid', async () => {
    const before = await subscribe();
    const card = await on.stripe.paymentMethods.attach('pm_card_authenticationRequired', { customer: customer.id });
    await on.stripe.subscriptions.update(before.id, { default_payment_method: card.id });
    const waiting = await on.stripe.subscriptions.update(before.id, {
      items: [{ id: before.items.data[0]!.id, price: catalogue.business.id }],
      proration_behavior: 'always_invoice',
      payment_behavior: 'pending_if_incomplete',
      expand: ['latest_invoice'],
    });
    expect(waiting.status).toBe('active');
    expect(waiting.pending_update).not.toBeNull();
    expect(waiting.items.data[0]?.price.id).toBe(catalogue.starter.id);
    await press(`${(waiting.latest_invoice as Stripe.Invoice).hosted_invoice_url}/pay`);
    const after = await on.stripe.subscriptions.retrieve(before.id);
    expect(after.pending_update).toBeNull();
    expect(after.items.data[0]?.price.id).toBe(catalogue.business.id);
  });

  test('an item without its id is a second item, and the same price twice is refused', async () => {
    const before = await subscribe();
    const added = await on.stripe.subscriptions.update(before.id, { items: [{ price: catalogue.business.id }] });
    expect(added.items.data).toHaveLength(2);
    const twice = on.stripe.subscriptions.update(before.id, { items: [{ price: catalogue.starter.id }] });
    await expect(twice).rejects.toThrow('multiple subscription items');
    const items = await on.stripe.subscriptionItems.list({ subscription: before.id });
    expect(items.data).toHaveLength(2);
  });
});

describe('ending', () => {
  test('cancel_at_period_end is undone, or takes effect when the period ends', async () => {
    const { id, items } = await subscribe();
    const end = items.data[0]!.current_period_end;
    const ending = await on.stripe.subscriptions.update(id, { cancel_at_period_end: true });
    expect(ending).toMatchObject({ status: 'active', cancel_at_period_end: true, cancel_at: end });
    const resumed = await on.stripe.subscriptions.update(id, { cancel_at_period_end: false });
    expect(resumed).toMatchObject({ cancel_at_period_end: false, cancel_at: null, canceled_at: null });
    await on.stripe.subscriptions.update(id, { cancel_at_period_end: true });
    await advance(end - on.clock.now);
    expect((await on.stripe.subscriptions.retrieve(id)).status).toBe('canceled');
    expect(await types()).toContain('customer.subscription.deleted');
    await expect(on.stripe.subscriptions.update(id, { cancel_at_period_end: true })).rejects.toThrow('canceled');
  });

  test('the portal sets cancel_at alone, resumes, and cancels now', async () => {
    const { id, items } = await subscribe();
    const portal = await on.stripe.billingPortal.sessions.create({
      customer: customer.id,
      return_url: 'http://localhost:3000/',
    });
    const html = await (await fetch(portal.url)).text();
    expect(html).toContain('Cancel at period end');
    expect(html).toContain('http://localhost:3000/');
    const button = (verb: string) => press(`${portal.url}/subscriptions/${id}/${verb}`);
    const read = () => on.stripe.subscriptions.retrieve(id);
    await button('cancel-at-period-end');
    expect(await read()).toMatchObject({ cancel_at_period_end: false, cancel_at: items.data[0]!.current_period_end });
    await button('resume');
    expect(await read()).toMatchObject({ cancel_at: null, status: 'active' });
    await button('cancel-now');
    expect(await read()).toMatchObject({ status: 'canceled', ended_at: on.clock.now });
    on.clock.now += 3601;
    expect((await fetch(portal.url)).status).toBe(404);
  });

  test('deleting the customer ends its subscriptions', async () => {
    const { id } = await subscribe();
    await on.stripe.customers.del(customer.id);
    expect((await on.stripe.subscriptions.retrieve(id)).status).toBe('canceled');
    const read = await on.stripe.subscriptions.retrieve(id, { expand: ['customer'] });
    expect(read.customer).toMatchObject({ deleted: true });
  });
});

describe('time', () => {
  test('a trial ends in a paid period, and a period in the next', async () => {
    const { id } = await subscribe({ trial_period_days: 14 });
    const read = () => on.stripe.subscriptions.retrieve(id);
    expect((await read()).status).toBe('trialing');
    await advance(14 * 86_400);
    const paid = await read();
    expect(paid.status).toBe('active');
    await advance(paid.items.data[0]!.current_period_end - on.clock.now);
    expect((await read()).items.data[0]!.current_period_start).toBe(on.clock.now);
    const invoices = await on.stripe.invoices.list({ subscription: id });
    expect(invoices.data.map((invoice) => invoice.amount_paid)).toEqual([1900, 1900, 0]);
  });

  test('a pause of collection lasts until it is lifted', async () => {
    const { id } = await subscribe();
    const paused = await on.stripe.subscriptions.update(id, { pause_collection: { behavior: 'void' } });
    expect(paused.pause_collection).toEqual({ behavior: 'void', resumes_at: null });
    expect((await on.stripe.subscriptions.update(id, { pause_collection: '' })).pause_collection).toBeNull();
  });
});
