import type Stripe from 'stripe';
import type { Dunning } from '../../../dev/stripe';
import { type Catalogue, control, makeCatalogue, makePayer, type Running, run } from './harness';

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
const periodOf = (one: Stripe.Subscription) => one.items.data[0]!.current_period_end;
const useCard = (card: string) =>
  on.stripe.paymentMethods
    .attach(card, { customer: customer.id })
    .then((method) =>
      on.stripe.customers.update(customer.id, { invoice_settings: { default_payment_method: method.id } }),
    );

/** What happened from a time on, oldest first, as `type@seconds after that time`. */
async function story(since: number, prefix: string): Promise<string[]> {
  const events: Stripe.Event[] = [];
  for await (const event of on.stripe.events.list({ limit: 100, created: { gt: since } })) events.unshift(event);
  return events.filter(({ type }) => type.startsWith(prefix)).map(({ type, created }) => `${type}@${created - since}`);
}

describe('the clock', () => {
  test('moves by the control address, and a reset sets it right', async () => {
    const answer = await (await control(on, 'clock', { advanceSeconds: 3600 })).json();
    expect(answer).toMatchObject({ now: on.clock.now + 3600 });
    expect((await on.stripe.customers.create({})).created).toBe(on.clock.now + 3600);
    await control(on, 'reset');
    expect((await on.stripe.customers.create({})).created).toBe(on.clock.now);
    expect((await control(on, 'clock', { advanceSeconds: -1 })).status).toBe(400);
  });

  test('lives through each period at its own time', async () => {
    const { id, items } = await subscribe();
    const made = on.clock.now;
    const firstEnd = items.data[0]!.current_period_end;
    on.standIn.advance(70 * DAY);
    const renewed = await read(id);
    expect(renewed.status).toBe('active');
    expect(periodOf(renewed)).toBeGreaterThan(made + 70 * DAY);
    const invoices = await on.stripe.invoices.list({ subscription: id });
    expect(invoices.data.map(({ created, status }) => [created, status])).toEqual([
      [renewed.items.data[0]!.current_period_start, 'paid'],
      [firstEnd, 'paid'],
      [made, 'paid'],
    ]);
    const events = [...on.standIn.state.events.all()].map(({ created }) => created);
    expect(events).toEqual([...events].sort((a, b) => a - b));
    expect(await story(made + 45 * DAY, 'invoice.paid')).toHaveLength(1);
  });

  test('lets many subscriptions renew side by side, in the order of time', async () => {
    const first = await subscribe();
    on.standIn.advance(DAY);
    const second = await subscribe();
    on.standIn.advance(62 * DAY);
    const invoices = await on.stripe.invoices.list({ limit: 100, created: { gt: second.created } });
    const of = (invoice: Stripe.Invoice) => invoice.parent?.subscription_details?.subscription;
    expect(invoices.data.map(of).reverse()).toEqual([first.id, second.id, first.id, second.id]);
  });

  test('keeps the day of the month of its anchor', async () => {
    on.clock.now = Date.UTC(2027, 0, 31, 12) / 1000;
    const { id } = await subscribe();
    const ends: string[] = [];
    for (let month = 0; month < 3; month++) {
      const end = periodOf(await read(id));
      ends.push(new Date(end * 1000).toISOString().slice(0, 10));
      on.standIn.advance(end - on.standIn.world.now());
    }
    expect(ends).toEqual(['2027-02-28', '2027-03-31', '2027-04-30']);
  });

  test('an incomplete subscription expires after 23 hours, its invoice is void, and it says so', async () => {
    const { id, latest_invoice: invoice } = await subscribe({ payment_behavior: 'default_incomplete' });
    const made = on.clock.now;
    on.standIn.advance(23 * 3600 - 1);
    expect((await read(id)).status).toBe('incomplete');
    on.standIn.advance(5 * DAY);
    expect(await read(id)).toMatchObject({ status: 'incomplete_expired', ended_at: made + 23 * 3600 });
    expect((await on.stripe.invoices.retrieve(String(invoice))).status).toBe('void');
    expect(await story(made, '')).toEqual([
      `customer.subscription.updated@${23 * 3600}`,
      `invoice.voided@${23 * 3600}`,
    ]);
  });

  test('a checkout session expires at its time', async () => {
    const session = await on.stripe.checkout.sessions.create({
      mode: 'subscription',
      customer: customer.id,
      line_items: [{ price: catalogue.starter.id, quantity: 1 }],
      success_url: 'http://localhost/done',
    });
    on.standIn.advance(2 * DAY);
    expect(on.standIn.state.checkoutSessions.get(session.id)).toMatchObject({ status: 'expired' });
    expect(await story(on.clock.now, 'checkout')).toEqual([`checkout.session.expired@${DAY}`]);
  });

  test('cancel_at in the middle of a period ends it then', async () => {
    const { id } = await subscribe({ cancel_at: on.clock.now + 10 * DAY });
    on.standIn.advance(60 * DAY);
    expect(await read(id)).toMatchObject({ status: 'canceled', ended_at: on.clock.now + 10 * DAY });
    expect((await on.stripe.invoices.list({ subscription: id })).data).toHaveLength(1);
  });

  test('a pause of collection ends at resumes_at; until then invoices are voided', async () => {
    const { id } = await subscribe();
    await on.stripe.subscriptions.update(id, {
      pause_collection: { behavior: 'void', resumes_at: on.clock.now + 40 * DAY },
    });
    on.standIn.advance(70 * DAY);
    expect((await read(id)).pause_collection).toBeNull();
    const invoices = await on.stripe.invoices.list({ subscription: id });
    expect(invoices.data.map(({ status }) => status)).toEqual(['paid', 'void', 'paid']);
  });
});

describe('a trial', () => {
  test('warns three days before its end, then is paid', async () => {
    const { id } = await subscribe({ trial_period_days: 14 });
    const made = on.clock.now;
    on.standIn.advance(15 * DAY);
    expect((await read(id)).status).toBe('active');
    expect(await story(made, 'customer.subscription.')).toEqual([
      `customer.subscription.trial_will_end@${11 * DAY}`,
      `customer.subscription.updated@${14 * DAY}`,
    ]);
  });

  test('that is shorter warns at once', async () => {
    await subscribe({ trial_period_days: 2 });
    on.standIn.advance(DAY);
    expect(await story(on.clock.now - 1, 'customer.subscription.trial')).toEqual([
      'customer.subscription.trial_will_end@1',
    ]);
  });

  test.each([
    ['pause', 'paused', 'customer.subscription.paused'],
    ['cancel', 'canceled', 'customer.subscription.deleted'],
    ['create_invoice', 'past_due', 'customer.subscription.updated'],
  ] as const)('without a card ends as told: %s', async (missing_payment_method, status, event) => {
    const { id: cardless } = await on.stripe.customers.create({});
    const { id } = await subscribe({
      customer: cardless,
      trial_period_days: 7,
      trial_settings: { end_behavior: { missing_payment_method } },
    });
    on.standIn.advance(8 * DAY);
    expect((await read(id)).status).toBe(status);
    expect(await story(on.clock.now, 'customer.subscription.')).toEqual([
      `customer.subscription.trial_will_end@${4 * DAY}`,
      `${event}@${7 * DAY}`,
    ]);
    on.standIn.advance(60 * DAY);
    const invoices = await on.stripe.invoices.list({ subscription: id, created: { gt: on.clock.now } });
    expect(invoices.data.length > 0).toBe(missing_payment_method === 'create_invoice');
  });
});

describe('a renewal that can not be paid', () => {
  const owing = async (dunning: Dunning) => {
    await control(on, 'dunning', dunning);
    const made = await subscribe();
    await useCard('pm_card_chargeCustomerFail');
    return { id: made.id, end: periodOf(made) };
  };

  test.each([
    ['unpaid', 'customer.subscription.updated'],
    ['canceled', 'customer.subscription.deleted'],
  ] as const)('is tried again, and then is %s', async (outcome, event) => {
    const { id, end } = await owing({ retries: 2, everyDays: 4, outcome });
    on.standIn.advance(end - on.clock.now);
    expect((await read(id)).status).toBe('past_due');
    on.standIn.advance(7 * DAY);
    expect((await read(id)).status).toBe('past_due');
    on.standIn.advance(2 * DAY);
    expect((await read(id)).status).toBe(outcome);
    const [invoice] = (await on.stripe.invoices.list({ subscription: id })).data;
    expect(invoice).toMatchObject({ status: 'open', attempt_count: 3, next_payment_attempt: null });
    expect(await story(end - 1, 'invoice.payment_failed')).toEqual(
      [0, 4, 8].map((days) => `invoice.payment_failed@${days * DAY + 1}`),
    );
    expect((await story(end, 'customer.subscription')).at(-1)).toBe(`${event}@${8 * DAY}`);
  });

  test('stays past due where the settings say so, and its next period is owed too', async () => {
    const { id, end } = await owing({ retries: 1, everyDays: 3, outcome: 'past_due' });
    on.standIn.advance(end - on.clock.now + 35 * DAY);
    const late = await read(id);
    expect(late.status).toBe('past_due');
    expect(periodOf(late)).toBeGreaterThan(end + 35 * DAY);
    expect((await on.stripe.invoices.list({ subscription: id, status: 'open' })).data).toHaveLength(2);
  });

  test('recovers by itself once the card works again', async () => {
    const { id, end } = await owing({ retries: 3, everyDays: 3, outcome: 'canceled' });
    on.standIn.advance(end - on.clock.now);
    await useCard('pm_card_visa');
    expect((await read(id)).status).toBe('past_due');
    on.standIn.advance(4 * DAY);
    expect((await read(id)).status).toBe('active');
    expect(await story(end, 'invoice.paid')).toEqual([`invoice.paid@${3 * DAY}`]);
  });

  test('that is unpaid gets drafts for its next periods', async () => {
    const { id, end } = await owing({ retries: 0, everyDays: 1, outcome: 'unpaid' });
    on.standIn.advance(end - on.clock.now);
    expect((await read(id)).status).toBe('unpaid');
    on.standIn.advance(35 * DAY);
    const [latest] = (await on.stripe.invoices.list({ subscription: id })).data;
    expect(latest).toMatchObject({ status: 'draft', number: null });
    expect((await read(id)).status).toBe('unpaid');
  });
});

describe('an invoice that is sent', () => {
  test('makes the subscription past due when it is due, and active when it is paid', async () => {
    const { id } = await subscribe({ collection_method: 'send_invoice', days_until_due: 10 });
    on.standIn.advance(9 * DAY);
    expect((await read(id)).status).toBe('active');
    on.standIn.advance(2 * DAY);
    const late = await read(id);
    expect(late.status).toBe('past_due');
    expect(await story(on.clock.now, '')).toEqual([
      `invoice.overdue@${10 * DAY}`,
      `customer.subscription.updated@${10 * DAY}`,
    ]);
    await on.stripe.invoices.pay(String(late.latest_invoice), { paid_out_of_band: true });
    expect((await read(id)).status).toBe('active');
  });
});

describe('events', () => {
  test('are listed for a month, and forgotten then', async () => {
    await subscribe();
    on.standIn.advance(40 * DAY);
    on.standIn.advance(1);
    const of = async (type: string) => (await on.stripe.events.list({ type })).data.length;
    expect([await of('customer.subscription.created'), await of('customer.subscription.updated')]).toEqual([0, 1]);
    expect(on.standIn.state.events.all().some(({ type }) => type === 'customer.subscription.created')).toBe(false);
  });

  test('that are still to be delivered are kept, but not listed', async () => {
    const deaf = await run({ webhookUrl: 'http://127.0.0.1:9/' });
    await deaf.stripe.customers.create({});
    deaf.standIn.advance(40 * DAY);
    deaf.standIn.advance(1);
    expect(deaf.standIn.state.events.size).toBe(1);
    expect((await deaf.stripe.events.list()).data).toEqual([]);
    await deaf.standIn.stop();
  });
});
