import type Stripe from 'stripe';
import { type Catalogue, makeCatalogue, makePayer, press, type Running, refusal, run } from './harness';

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
const read = (id: string) => on.stripe.subscriptions.retrieve(id);
const update = (id: string, params: Stripe.SubscriptionUpdateParams) => on.stripe.subscriptions.update(id, params);
const useCard = async (card: string) => {
  const { id } = await on.stripe.paymentMethods.attach(card, { customer: customer.id });
  await on.stripe.customers.update(customer.id, { invoice_settings: { default_payment_method: id } });
};

/** The events that an act emits, oldest first. */
async function eventsOf(act: () => Promise<unknown>): Promise<string[]> {
  const before = new Set(on.standIn.state.events.all().map(({ id }) => id));
  await act();
  return on.standIn.state.events
    .all()
    .filter(({ id }) => !before.has(id))
    .map(({ type }) => type);
}

const PAID = ['invoice.created', 'invoice.finalized', 'invoice.paid', 'invoice.payment_succeeded'];

describe('what happens is told by events', () => {
  test('a subscription that is paid, and one that is not', async () => {
    expect((await eventsOf(() => subscribe())).sort()).toEqual(['customer.subscription.created', ...PAID].sort());
    await useCard('pm_card_chargeCustomerFail');
    expect(await eventsOf(() => subscribe())).toEqual([
      'invoice.created',
      'invoice.finalized',
      'customer.subscription.created',
      'invoice.updated',
      'invoice.payment_failed',
    ]);
  });

  test('a renewal', async () => {
    const { items } = await subscribe();
    const wait = items.data[0]!.current_period_end - on.clock.now;
    expect((await eventsOf(async () => on.standIn.advance(wait))).sort()).toEqual(
      ['customer.subscription.updated', ...PAID].sort(),
    );
  });

  test.each<[string, Stripe.SubscriptionUpdateParams, string[]]>([
    ['metadata', { metadata: { a: '1' } }, ['customer.subscription.updated']],
    ['a coming end', { cancel_at_period_end: true }, ['customer.subscription.updated']],
    ['a pause of collection', { pause_collection: { behavior: 'void' } }, ['customer.subscription.updated']],
    ['nothing', { cancel_at_period_end: false }, []],
  ])('an update with %s', async (_what, params, events) => {
    const { id } = await subscribe();
    expect(await eventsOf(() => update(id, params))).toEqual(events);
  });

  test('an immediate end, of one that was paid and of one that never was', async () => {
    const { id } = await subscribe();
    expect(await eventsOf(() => on.stripe.subscriptions.cancel(id))).toEqual(['customer.subscription.deleted']);
    const waiting = await subscribe({ payment_behavior: 'default_incomplete' });
    expect(await eventsOf(() => on.stripe.subscriptions.cancel(waiting.id))).toEqual([
      'customer.subscription.updated',
      'invoice.voided',
    ]);
    expect((await read(waiting.id)).status).toBe('incomplete_expired');
  });

  test('a change that waits for the bank, and is forgotten after 23 hours', async () => {
    const made = await subscribe();
    await useCard('pm_card_authenticationRequired');
    await update(made.id, {
      items: [{ id: made.items.data[0]!.id, price: catalogue.business.id }],
      proration_behavior: 'always_invoice',
      payment_behavior: 'pending_if_incomplete',
    });
    expect(await eventsOf(async () => on.standIn.advance(DAY))).toEqual([
      'customer.subscription.pending_update_expired',
      'invoice.voided',
    ]);
    const after = await read(made.id);
    expect(after.pending_update).toBeNull();
    expect(after.items.data[0]?.price.id).toBe(catalogue.starter.id);
  });
});

describe('a trial', () => {
  test('ends now where asked, and is paid', async () => {
    const { id } = await subscribe({ trial_period_days: 14 });
    on.standIn.advance(2 * DAY);
    const ended = await update(id, { trial_end: 'now', expand: ['latest_invoice'] });
    expect(ended).toMatchObject({ status: 'active', trial_end: on.clock.now + 2 * DAY });
    expect(ended.latest_invoice).toMatchObject({ amount_paid: 1900, status: 'paid' });
    expect(ended.items.data[0]?.current_period_start).toBe(on.clock.now + 2 * DAY);
  });

  test('ends together with a change of price, which is what is billed', async () => {
    const made = await subscribe({ trial_period_days: 14 });
    const ended = await update(made.id, {
      items: [{ id: made.items.data[0]!.id, price: catalogue.business.id }],
      trial_end: 'now',
      expand: ['latest_invoice'],
    });
    expect(ended).toMatchObject({ status: 'active', latest_invoice: { amount_paid: 9900 } });
  });

  test('is made longer, and its coming end with it', async () => {
    const { id } = await subscribe({ trial_period_days: 7 });
    await update(id, { cancel_at_period_end: true });
    const longer = await update(id, { trial_end: on.clock.now + 20 * DAY });
    expect(longer).toMatchObject({ status: 'trialing', cancel_at: on.clock.now + 20 * DAY });
    on.standIn.advance(21 * DAY);
    expect((await read(id)).status).toBe('canceled');
  });

  test.each(['trial_end', 'cancel_at'] as const)('%s in the past is refused', async (param) => {
    const { id } = await subscribe();
    expect(await refusal(update(id, { [param]: on.clock.now - 5 }))).toMatchObject({ statusCode: 400, param });
    expect(await refusal(subscribe({ [param]: on.clock.now - 5 }))).toMatchObject({ statusCode: 400, param });
  });
});

describe('a pause', () => {
  const paused = async (type: 'none' | 'now' = 'none') => {
    const { id } = await subscribe();
    await on.stripe.subscriptions.pause(id, { bill_for: { unused_time_from: { type } } });
    return id;
  };

  test('makes no invoices and begins no period', async () => {
    const id = await paused();
    expect(await eventsOf(async () => on.standIn.advance(90 * DAY))).toEqual([]);
    expect(await read(id)).toMatchObject({ status: 'paused', pause_collection: null });
  });

  test('is told, and so is its end, which begins a new paid period', async () => {
    const { id } = await subscribe();
    expect(await eventsOf(() => on.stripe.subscriptions.pause(id))).toEqual(['customer.subscription.paused']);
    on.standIn.advance(45 * DAY);
    const events = await eventsOf(() => on.stripe.subscriptions.resume(id));
    expect(events.sort()).toEqual(['customer.subscription.resumed', ...PAID].sort());
    const resumed = await read(id);
    expect(resumed).toMatchObject({ status: 'active', billing_cycle_anchor: on.clock.now + 45 * DAY });
    expect(resumed.items.data[0]?.current_period_start).toBe(on.clock.now + 45 * DAY);
  });

  test('credits what was not used on the invoice of its end', async () => {
    const id = await paused('now');
    await on.stripe.subscriptions.resume(id);
    const [invoice] = (await on.stripe.invoices.list({ subscription: id })).data;
    expect(invoice?.lines.data.map(({ amount }) => amount)).toEqual([-1900, 1900]);
  });

  test('ends in the period that goes on, unbilled, where the anchor stays', async () => {
    const { id, items } = await subscribe();
    await on.stripe.subscriptions.pause(id, { bill_for: { unused_time_from: { type: 'none' } } });
    on.standIn.advance(5 * DAY);
    const resumed = await on.stripe.subscriptions.resume(id, { billing_cycle_anchor: { type: 'unchanged' } });
    expect(resumed.status).toBe('active');
    expect(resumed.items.data[0]?.current_period_end).toBe(items.data[0]?.current_period_end);
    expect((await on.stripe.invoices.list({ subscription: id })).data).toHaveLength(1);
  });

  test('whose end is not paid leaves it past due, or paused until it is, as asked', async () => {
    const [first, second] = [await paused(), await paused()];
    await useCard('pm_card_chargeCustomerFail');
    expect((await on.stripe.subscriptions.resume(first)).status).toBe('past_due');
    const waits = await on.stripe.subscriptions.resume(second, {
      payment_behavior: 'resume_on_payment_success',
      expand: ['latest_invoice'],
    });
    expect(waits.status).toBe('paused');
    const page = (waits.latest_invoice as Stripe.Invoice).hosted_invoice_url;
    expect(await eventsOf(() => press(`${page}/pay`))).toContain('customer.subscription.resumed');
    expect((await read(second)).status).toBe('active');
  });

  test('whose end nobody pays for in 23 hours goes on', async () => {
    const id = await paused();
    await useCard('pm_card_chargeCustomerFail');
    await on.stripe.subscriptions.resume(id, { payment_behavior: 'resume_on_payment_success' });
    on.standIn.advance(2 * DAY);
    expect((await read(id)).status).toBe('paused');
    expect((await on.stripe.invoices.list({ subscription: id })).data[0]?.status).toBe('void');
  });

  test('is refused for one with a schedule, and its end for one that runs', async () => {
    const { id } = await subscribe();
    await expect(on.stripe.subscriptions.resume(id)).rejects.toThrow('Only paused subscriptions');
    await on.stripe.subscriptionSchedules.create({ from_subscription: id });
    await expect(on.stripe.subscriptions.pause(id)).rejects.toThrow('schedule');
  });

  test.each([
    ['void', 'void'],
    ['keep_as_draft', 'draft'],
    ['mark_uncollectible', 'uncollectible'],
  ] as const)('of collection alone goes on making invoices: %s', async (behavior, status) => {
    const { id } = await subscribe();
    await update(id, { pause_collection: { behavior } });
    await useCard('pm_card_chargeCustomerFail');
    on.standIn.advance(32 * DAY);
    expect((await read(id)).status).toBe('active');
    expect((await on.stripe.invoices.list({ subscription: id })).data[0]?.status).toBe(status);
  });
});

describe('ending a subscription now', () => {
  const lastInvoice = async (id: string) =>
    (await on.stripe.invoices.list({ subscription: id })).data.map(({ total, status }) => [total, status]);

  test('credits the unused time, and bills it at once, where asked', async () => {
    const { id, items } = await subscribe();
    const { current_period_start: start, current_period_end: end } = items.data[0]!;
    on.standIn.advance((end - start) / 2);
    await on.stripe.subscriptions.cancel(id, { prorate: true, invoice_now: true });
    expect(await lastInvoice(id)).toEqual([
      [-950, 'paid'],
      [1900, 'paid'],
    ]);
  });

  test('bills nothing unless asked', async () => {
    const { id } = await subscribe();
    await on.stripe.subscriptions.cancel(id);
    expect(await lastInvoice(id)).toHaveLength(1);
  });

  test('takes no parameter that Stripe does not know', async () => {
    const { id } = await subscribe();
    const error = await refusal(on.stripe.rawRequest('DELETE', `/v1/subscriptions/${id}?at_period_end=true`));
    expect(error).toMatchObject({ statusCode: 400, code: 'parameter_unknown', param: 'at_period_end' });
    expect((await read(id)).status).toBe('active');
  });

  test('stops charging what is still open', async () => {
    const { id, items } = await subscribe();
    await useCard('pm_card_chargeCustomerFail');
    on.standIn.advance(items.data[0]!.current_period_end - on.clock.now);
    await on.stripe.subscriptions.cancel(id);
    await useCard('pm_card_visa');
    on.standIn.advance(30 * DAY);
    const [open] = (await on.stripe.invoices.list({ subscription: id })).data;
    expect(open).toMatchObject({ status: 'open', auto_advance: false, next_payment_attempt: null });
  });
});

describe('paying late', () => {
  test('the newest invoice makes it active, an older one does not', async () => {
    const { id, items } = await subscribe();
    await useCard('pm_card_chargeCustomerFail');
    on.standIn.advance(items.data[0]!.current_period_end - on.clock.now + 35 * DAY);
    const open = (await on.stripe.invoices.list({ subscription: id, status: 'open' })).data;
    expect(open).toHaveLength(2);
    await useCard('pm_card_visa');
    await on.stripe.invoices.pay(open[1]!.id);
    expect((await read(id)).status).toBe('past_due');
    await on.stripe.invoices.pay(open[0]!.id);
    expect((await read(id)).status).toBe('active');
  });
});

describe('one customer', () => {
  test('pays in one currency at a time', async () => {
    const euro = await on.stripe.prices.create({
      product: catalogue.product.id,
      currency: 'eur',
      unit_amount: 100,
      recurring: { interval: 'month' },
    });
    const { id } = await subscribe();
    await expect(subscribe({ items: [{ price: euro.id }] })).rejects.toThrow('cannot combine currencies');
    await on.stripe.subscriptions.cancel(id);
    expect((await subscribe({ items: [{ price: euro.id }] })).currency).toBe('eur');
  });
});
