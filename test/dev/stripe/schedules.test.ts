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

const subscribe = () =>
  on.stripe.subscriptions.create({ customer: customer.id, items: [{ price: catalogue.business.id, quantity: 2 }] });
const read = (id: string) => on.stripe.subscriptions.retrieve(id);
const pricesOf = (one: Stripe.Subscription) => one.items.data.map(({ price, quantity }) => [price.id, quantity]);
const types = async (): Promise<string[]> =>
  (await on.stripe.events.list({ limit: 100 })).data.map((event) => event.type).reverse();

/** A subscription on business whose schedule takes it to starter when its period ends. */
async function downgrading(): Promise<{ id: string; end: number; schedule: Stripe.SubscriptionSchedule }> {
  const { id, items } = await subscribe();
  const end = items.data[0]!.current_period_end;
  const { id: scheduleId, phases } = await on.stripe.subscriptionSchedules.create({ from_subscription: id });
  const schedule = await on.stripe.subscriptionSchedules.update(scheduleId, {
    end_behavior: 'release',
    phases: [
      {
        items: [{ price: catalogue.business.id, quantity: 2 }],
        start_date: phases[0]!.start_date,
        end_date: phases[0]!.end_date,
      },
      { items: [{ price: catalogue.starter.id, quantity: 1 }], duration: { interval: 'month' } },
    ],
  });
  return { id, end, schedule };
}

describe('a schedule made from a subscription', () => {
  test('begins active, in the present period, and the subscription names it', async () => {
    const { id, items } = await subscribe();
    const { current_period_start: start_date, current_period_end: end_date } = items.data[0]!;
    const schedule = await on.stripe.subscriptionSchedules.create({ from_subscription: id });
    expect(schedule).toMatchObject({ status: 'active', subscription: id, current_phase: { start_date, end_date } });
    expect(schedule.phases).toHaveLength(1);
    expect((await read(id)).schedule).toBe(schedule.id);
    expect((await types()).slice(-2)).toEqual(['subscription_schedule.created', 'customer.subscription.updated']);
    const again = on.stripe.subscriptionSchedules.create({ from_subscription: id });
    await expect(again).rejects.toThrow('already attached to a schedule');
  });

  test('brings its next phase when the period ends, and the renewal bills it', async () => {
    const { id, end, schedule } = await downgrading();
    expect(pricesOf(await read(id))).toEqual([[catalogue.business.id, 2]]);
    on.standIn.advance(end - on.clock.now - 1);
    expect(pricesOf(await read(id))).toEqual([[catalogue.business.id, 2]]);
    on.standIn.advance(1);
    const after = await on.stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] });
    expect(pricesOf(after)).toEqual([[catalogue.starter.id, 1]]);
    expect(after.latest_invoice).toMatchObject({ amount_paid: 1900, created: end, status: 'paid' });
    expect((await on.stripe.subscriptionSchedules.retrieve(schedule.id)).current_phase?.start_date).toBe(end);
    expect((await on.stripe.invoices.list({ subscription: id })).data).toHaveLength(2);
  });

  test('lets go of the subscription after its last phase', async () => {
    const { id, schedule } = await downgrading();
    on.standIn.advance(70 * DAY);
    expect(await on.stripe.subscriptionSchedules.retrieve(schedule.id)).toMatchObject({
      status: 'released',
      subscription: null,
      released_subscription: id,
      current_phase: null,
    });
    expect(await read(id)).toMatchObject({ status: 'active', schedule: null });
    expect(await types()).toContain('subscription_schedule.released');
  });

  test('or ends it there, where it was told to', async () => {
    const { id, schedule } = await downgrading();
    await on.stripe.subscriptionSchedules.update(schedule.id, { end_behavior: 'cancel' });
    const lastEnd = schedule.phases[1]!.end_date;
    expect((await read(id)).cancel_at).toBeNull();
    on.standIn.advance(40 * DAY);
    expect((await read(id)).cancel_at).toBe(lastEnd);
    on.standIn.advance(30 * DAY);
    expect(await read(id)).toMatchObject({ status: 'canceled', ended_at: lastEnd, schedule: null });
    expect(await types()).toEqual(
      expect.arrayContaining(['subscription_schedule.completed', 'customer.subscription.deleted']),
    );
  });

  test('changes the present phase at once, with prorations', async () => {
    const { id, schedule } = await downgrading();
    on.standIn.advance(10 * DAY);
    const [now, later] = schedule.phases;
    await on.stripe.subscriptionSchedules.update(schedule.id, {
      proration_behavior: 'always_invoice',
      phases: [
        {
          items: [{ price: catalogue.business.id, quantity: 5 }],
          start_date: now!.start_date,
          end_date: now!.end_date,
        },
        { items: [{ price: catalogue.starter.id }], start_date: later!.start_date, end_date: later!.end_date },
      ],
    });
    const after = await on.stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] });
    expect(pricesOf(after)).toEqual([[catalogue.business.id, 5]]);
    expect((after.latest_invoice as Stripe.Invoice).billing_reason).toBe('subscription_update');
  });

  test('follows what is changed on the subscription itself, but for its end', async () => {
    const { id, schedule } = await downgrading();
    const item = (await read(id)).items.data[0]!;
    await on.stripe.subscriptions.update(id, { items: [{ id: item.id, quantity: 7 }] });
    expect((await on.stripe.subscriptionSchedules.retrieve(schedule.id)).phases[0]?.items[0]?.quantity).toBe(7);
    const error = await refusal(on.stripe.subscriptions.update(id, { cancel_at_period_end: true }));
    expect(error.message).toContain(`managed by the subscription schedule \`${schedule.id}\``);
  });

  test('is released by hand, and its changes never come', async () => {
    const { id, schedule } = await downgrading();
    const released = await on.stripe.subscriptionSchedules.release(schedule.id);
    expect(released).toMatchObject({ status: 'released', released_at: on.clock.now });
    on.standIn.advance(40 * DAY);
    expect(pricesOf(await read(id))).toEqual([[catalogue.business.id, 2]]);
    await expect(on.stripe.subscriptionSchedules.release(schedule.id)).rejects.toThrow('`released` status');
  });

  test('is left behind by a customer who cancels in the portal', async () => {
    const { id, end, schedule } = await downgrading();
    const portal = await on.stripe.billingPortal.sessions.create({ customer: customer.id });
    await press(`${portal.url}/subscriptions/${id}/cancel-at-period-end`);
    expect(await read(id)).toMatchObject({ schedule: null, cancel_at: end });
    expect((await on.stripe.subscriptionSchedules.retrieve(schedule.id)).status).toBe('released');
    on.standIn.advance(40 * DAY);
    expect((await read(id)).status).toBe('canceled');
  });

  test('is canceled together with its subscription', async () => {
    const { id, schedule } = await downgrading();
    const canceled = await on.stripe.subscriptionSchedules.cancel(schedule.id);
    expect(canceled).toMatchObject({ status: 'canceled', canceled_at: on.clock.now });
    expect((await read(id)).status).toBe('canceled');
    const second = await downgrading();
    await on.stripe.subscriptions.cancel(second.id);
    expect((await on.stripe.subscriptionSchedules.retrieve(second.schedule.id)).status).toBe('canceled');
  });
});

describe('a schedule made on its own', () => {
  const make = (start_date: number | 'now') =>
    on.stripe.subscriptionSchedules.create({
      customer: customer.id,
      start_date,
      end_behavior: 'release',
      phases: [
        { items: [{ price: catalogue.starter.id }], duration: { interval: 'month', interval_count: 2 } },
        { items: [{ price: catalogue.business.id }], duration: { interval: 'month', interval_count: 1 } },
      ],
    });

  test('makes its subscription when it starts', async () => {
    const schedule = await make(on.clock.now + 5 * DAY);
    expect(schedule).toMatchObject({ status: 'not_started', subscription: null });
    expect((await on.stripe.subscriptionSchedules.list({ scheduled: true })).data).toHaveLength(1);
    on.standIn.advance(6 * DAY);
    const started = await on.stripe.subscriptionSchedules.retrieve(schedule.id, { expand: ['subscription'] });
    expect(started.subscription).toMatchObject({
      status: 'active',
      schedule: schedule.id,
      created: on.clock.now + 5 * DAY,
    });
    expect((await on.stripe.subscriptionSchedules.list({ customer: customer.id, scheduled: true })).data).toEqual([]);
  });

  test('lives through all its phases in one leap of the clock', async () => {
    const schedule = await make(on.clock.now + DAY);
    on.standIn.advance(120 * DAY);
    const { released_subscription: id, status } = await on.stripe.subscriptionSchedules.retrieve(schedule.id);
    expect(status).toBe('released');
    const invoices = await on.stripe.invoices.list({ subscription: String(id) });
    expect(invoices.data.map(({ amount_paid }) => amount_paid)).toEqual([9900, 9900, 1900, 1900]);
  });

  test('starts past due where the card fails', async () => {
    customer = await makePayer(on.stripe, 'pm_card_chargeCustomerFail');
    const { subscription } = await make('now');
    expect((await read(String(subscription))).status).toBe('past_due');
  });

  test.each([
    ['a gap between phases', { start: 0, gap: DAY }],
    ['a phase without a beginning', { start: null, gap: 0 }],
  ])('refuses %s', async (_what, { start, gap }) => {
    const { id, phases } = await make('now');
    const [now, next] = phases;
    const change = on.stripe.subscriptionSchedules.update(id, {
      phases: [
        {
          items: [{ price: catalogue.starter.id }],
          ...(start === null ? {} : { start_date: now!.start_date }),
          end_date: now!.end_date,
        },
        {
          items: [{ price: catalogue.business.id }],
          start_date: next!.start_date + gap,
          end_date: next!.end_date + gap,
        },
      ],
    });
    await expect(change).rejects.toMatchObject({ statusCode: 400, type: 'StripeInvalidRequestError' });
  });
});

describe('the list of subscriptions', () => {
  test('shows schedules and customers in full, and a deleted customer as deleted', async () => {
    const { id, schedule } = await downgrading();
    const other = await makePayer(on.stripe);
    await on.stripe.subscriptions.create({ customer: other.id, items: [{ price: catalogue.starter.id }] });
    await on.stripe.customers.del(other.id);
    const list = await on.stripe.subscriptions.list({ status: 'all', expand: ['data.schedule', 'data.customer'] });
    const [gone, managed] = list.data;
    expect(gone?.customer).toEqual({ id: other.id, object: 'customer', deleted: true });
    expect(gone?.schedule).toBeNull();
    expect(managed).toMatchObject({ id, customer: { id: customer.id, email: 'payer@example.com' } });
    const shown = managed!.schedule as Stripe.SubscriptionSchedule;
    expect(shown.id).toBe(schedule.id);
    expect(shown.phases.map(({ items }) => items[0]?.price)).toEqual([catalogue.business.id, catalogue.starter.id]);
  });
});
