import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Inbox, listen, makeCatalogue, press, type Running, run } from './harness';

describe('buying a plan on the hosted checkout page', () => {
  let inbox: Inbox;
  let on: Running;
  beforeEach(async () => {
    inbox = await listen();
    on = await run({ webhookUrl: inbox.url });
  });
  afterEach(async () => {
    await on.standIn.stop();
    await inbox.close();
  });

  const checkout = async (customer: { customer: string } | { customer_email: string }) => {
    const { starter } = await makeCatalogue(on.stripe);
    return on.stripe.checkout.sessions.create({
      ...customer,
      mode: 'subscription',
      line_items: [{ price: starter.id, quantity: 3 }],
      client_reference_id: 'ten_1',
      metadata: { kind: 'first' },
      subscription_data: { metadata: { tenantId: 'ten_1' } },
      success_url: 'http://localhost:3000/done?session={CHECKOUT_SESSION_ID}',
      cancel_url: 'http://localhost:3000/back',
    });
  };

  test('Pay makes the subscription, and its signed webhook verifies', async () => {
    const customer = await on.stripe.customers.create({ email: 'ann@example.com', metadata: { tenantId: 'ten_1' } });
    const session = await checkout({ customer: customer.id });
    const html = await (await fetch(session.url ?? '')).text();
    expect(html).toContain('Local Stripe stand-in');
    expect(html).toContain('$57.00');
    expect(html).toContain('ann@example.com');

    const landed = await press(`${session.url}/pay`);
    expect(landed).toBe(`http://localhost:3000/done?session=${session.id}`);

    const paid = await on.stripe.checkout.sessions.retrieve(session.id, { expand: ['subscription', 'line_items'] });
    expect(paid).toMatchObject({ status: 'complete', payment_status: 'paid', client_reference_id: 'ten_1', url: null });
    expect(paid.line_items?.data[0]?.quantity).toBe(3);
    expect(paid.subscription).toMatchObject({
      object: 'subscription',
      status: 'active',
      metadata: { tenantId: 'ten_1' },
    });

    const list = await on.stripe.subscriptions.list({ customer: customer.id });
    const item = list.data[0]?.items.data[0];
    expect(list.data).toHaveLength(1);
    expect(item).toMatchObject({ quantity: 3, price: { lookup_key: 'starter' }, current_period_start: on.clock.now });
    expect(item?.current_period_end).toBeGreaterThan(on.clock.now + 27 * 86_400);
    expect(list.data[0]).not.toHaveProperty('current_period_end');

    const invoices = await on.stripe.invoices.list({ customer: customer.id });
    expect(invoices.data[0]).toMatchObject({
      status: 'paid',
      amount_paid: 5700,
      parent: { subscription_details: { subscription: list.data[0]?.id, metadata: { tenantId: 'ten_1' } } },
    });

    for (const type of ['customer.subscription.created', 'invoice.paid', 'checkout.session.completed']) {
      const event = await inbox.until(type);
      expect(event).toMatchObject({ object: 'event', api_version: '2026-10-28.endive', livemode: false });
    }
    const completed = await inbox.until('checkout.session.completed');
    expect(completed.data.object).toMatchObject({
      id: session.id,
      subscription: list.data[0]?.id,
      metadata: { kind: 'first' },
    });
  });

  test('Pay twice buys once', async () => {
    const session = await checkout({ customer_email: 'new@example.com' });
    await press(`${session.url}/pay`);
    expect(await press(`${session.url}/pay`)).toContain(session.id);
    const subscriptions = await on.stripe.subscriptions.list();
    expect(subscriptions.data).toHaveLength(1);
    const customers = await on.stripe.customers.list({ email: 'new@example.com' });
    expect(customers.data.map((customer) => customer.id)).toEqual([subscriptions.data[0]?.customer]);
  });

  test('Decline says so, and one may try again; Cancel goes back; opening the page changes nothing', async () => {
    const session = await checkout({ customer_email: 'new@example.com' });
    await fetch(session.url ?? '');
    expect(await press(`${session.url}/decline`)).toBe(session.url);
    expect(await (await fetch(session.url ?? '')).text()).toContain('Your card was declined');
    expect(await press(`${session.url}/cancel`)).toBe('http://localhost:3000/back');
    expect((await on.stripe.checkout.sessions.retrieve(session.id)).status).toBe('open');
    await press(`${session.url}/pay`);
    expect((await on.stripe.checkout.sessions.retrieve(session.id)).status).toBe('complete');
  });

  test('an expired session can not be paid', async () => {
    const session = await checkout({ customer_email: 'new@example.com' });
    const expired = await on.stripe.checkout.sessions.expire(session.id);
    expect(expired).toMatchObject({ status: 'expired', url: null });
    await expect(press(`${session.url}/pay`)).rejects.toThrow('400');
    await expect(on.stripe.checkout.sessions.expire(session.id)).rejects.toThrow('can be expired');
    await inbox.until('checkout.session.expired');
  });

  test('a button that another site presses does nothing', async () => {
    const session = await checkout({ customer_email: 'new@example.com' });
    const answer = await fetch(`${session.url}/pay`, { method: 'POST', headers: { 'sec-fetch-site': 'cross-site' } });
    expect(answer.status).toBe(403);
    expect((await on.stripe.checkout.sessions.retrieve(session.id)).status).toBe('open');
  });
});

describe('webhooks', () => {
  test('are delivered again after a refusal, and over a restart', async () => {
    const inbox = await listen();
    const folder = mkdtempSync(join(tmpdir(), 'stripe-standin-'));
    try {
      inbox.answers.push(500);
      const first = await run({ webhookUrl: inbox.url, dataDirectory: folder });
      await first.stripe.customers.create({ name: 'One' });
      expect((await inbox.until('customer.created')).data.object).toMatchObject({ name: 'One' });
      await inbox.close();
      const lost = await first.stripe.customers.create({ name: 'Two' });
      await new Promise((resolve) => setTimeout(resolve, 100));
      await first.standIn.stop();

      const later = await listen();
      const second = await run({ webhookUrl: later.url, dataDirectory: folder });
      expect(await second.stripe.customers.retrieve(lost.id)).toMatchObject({ name: 'Two' });
      expect((await later.until('customer.created')).data.object).toMatchObject({ id: lost.id });
      await press(`${second.url}/events/${later.events[0]?.id}/deliver`);
      for (let tries = 0; later.events.length < 2 && tries < 100; tries++)
        await new Promise((go) => setTimeout(go, 20));
      expect(later.events.map((event) => event.id)).toEqual([later.events[0]?.id, later.events[0]?.id]);
      await second.standIn.stop();
      await later.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('can be dropped, and the event list still tells', async () => {
    const inbox = await listen();
    const on = await run({ webhookUrl: inbox.url });
    on.standIn.world.faults.dropWebhooks = true;
    await on.stripe.customers.create({ name: 'Unheard' });
    const events = await on.stripe.events.list({ types: ['customer.created'], created: { gte: on.clock.now } });
    expect(events.data).toHaveLength(1);
    expect(inbox.events).toHaveLength(0);
    await on.standIn.stop();
    await inbox.close();
  });
});
