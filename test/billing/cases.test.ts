import { buildSubscription } from '../../dev/stripe';
import { Finding } from '../../server/billing/finding.entity';
import { unlinkCustomer } from '../../server/billing/link-customer';
import { PlanChange } from '../../server/billing/plan-change.entity';
import { StripeCustomer } from '../../server/billing/stripe-customer.entity';
import { StripeEvent } from '../../server/billing/stripe-event.entity';
import { Subscription } from '../../server/billing/subscription.entity';
import { OutboxRow } from '../../server/jobs/outbox.entity';
import { Plan } from '../../server/plans/plan.entity';
import { aMembership, aPlan, aTenant } from '../support/factories';
import { CasesWorld, WAYS } from './cases-world';

let w: CasesWorld;
beforeAll(async () => {
  w = await CasesWorld.open();
});
afterAll(() => w.close());

const actor = { type: 'operator' as const, id: null, name: 'Tess' };
const plans = async (tenantId: string) =>
  (await w.made.context.db.getRepository(PlanChange).find({ where: { tenantId }, order: { id: 'ASC' } })).map(
    ({ toPlanId }) => toPlanId,
  );

/** A tenant with a customer that pays for the starter plan, all of it known here. */
async function payer(more: Parameters<CasesWorld['subscribe']>[2] = {}) {
  const { id: tenantId } = await aTenant(w.made.context);
  const customer = await w.customer(tenantId);
  const subscription = await w.subscribe(customer.id, w.made.prices.starter, more);
  await w.follow();
  expect(await w.tenant(tenantId)).toMatchObject({ planId: 'starter', subscriptionId: subscription.id });
  return { tenantId, customer, subscription };
}

/** A price that is in Stripe alone. */
async function aPrice(more: { currency?: string; lookup_key?: string; transfer_lookup_key?: boolean } = {}) {
  const product = w.made.standIn.state.products.all()[0]!.id;
  const recurring = { interval: 'month' as const };
  return w.made.stripe.prices.create({ product, currency: 'eur', unit_amount: 9900, recurring, ...more });
}

describe.each(WAYS)('heard of by %s', (way) => {
  beforeEach(() => w.reset(way));

  describe('a deleted customer', () => {
    it('gives nothing any more, and no finding where its subscriptions are over', async () => {
      const { tenantId, customer } = await payer();
      await w.made.stripe.customers.del(customer.id);
      await w.follow();
      expect(await w.tenant(tenantId)).toMatchObject({ planId: 'free', planSource: 'base' });
      expect(await w.findings(tenantId)).toEqual([]);
    });

    it('gives nothing though its subscription goes on, with a finding', async () => {
      const { tenantId, customer } = await payer();
      const { state, world } = w.made.standIn;
      const stored = state.customers.get(customer.id)!;
      state.customers.delete(customer.id);
      state.deletedCustomers.add(customer.id);
      world.emit('customer.deleted', stored);
      await w.follow();
      expect((await w.tenant(tenantId)).planId).toBe('free');
      expect(await w.findings(tenantId)).toEqual(['deleted-customer']);
    });
  });

  it('the best of several customers wins, a finding names the others, and an unlinked one stays unlinked', async () => {
    const { context, stripe, prices } = w.made;
    const one = await payer();
    const other = await w.customer(one.tenantId);
    const better = await w.subscribe(other.id, prices.business);
    await w.follow();
    expect(await w.tenant(one.tenantId)).toMatchObject({ planId: 'business', subscriptionId: better.id });
    expect(await w.findings(one.tenantId)).toEqual(['several-subscriptions']);
    const findings = context.db.getRepository(Finding);
    expect((await findings.findOneByOrFail({ tenantId: one.tenantId })).summary).toContain(one.subscription.id);

    await unlinkCustomer(context, stripe, actor, one.tenantId, other.id);
    await w.follow();
    expect(await w.tenant(one.tenantId)).toMatchObject({ planId: 'starter', subscriptionId: one.subscription.id });
    expect(await w.findings(one.tenantId)).toEqual([]);
    expect((await context.db.getRepository(StripeCustomer).findOneByOrFail({ id: other.id })).tenantId).toBeNull();
    const orphan = { kind: 'orphan-subscription' as const, status: 'open' as const, customerId: other.id };
    expect(await findings.countBy(orphan)).toBe(1);
  });

  it('the end of an old subscription takes nothing of the one that was bought since', async () => {
    const { tenantId, customer, subscription } = await payer();
    const bought = await w.subscribe(customer.id, w.made.prices.business);
    await w.follow();
    expect(await w.findings(tenantId)).toEqual(['several-subscriptions']);
    await w.made.stripe.subscriptions.cancel(subscription.id);
    await w.follow();
    expect(await w.tenant(tenantId)).toMatchObject({ planId: 'business', subscriptionId: bought.id });
    expect(await w.findings(tenantId)).toEqual([]);
    expect(await plans(tenantId)).toEqual(['free', 'starter', 'business']);
  });

  it('a change of currency, by a new subscription, leads from plan to plan without a gap', async () => {
    const { tenantId, customer, subscription } = await payer();
    const usd = await aPrice({ currency: 'usd' });
    await aPlan(w.made.context, { id: 'dollar', rank: 15, stripePriceIds: [usd.id] });
    await w.made.stripe.subscriptions.cancel(subscription.id);
    const bought = await w.subscribe(customer.id, usd.id);
    await w.follow();
    expect(await plans(tenantId)).toEqual(['free', 'starter', 'dollar']);
    expect((await w.mirror(bought.id)).items).toMatchObject([{ priceId: usd.id, currency: 'usd', unitAmount: 9900 }]);
  });

  it('the quantity is the seat limit where the plan says so, and too many members are a finding', async () => {
    const { context, stripe } = w.made;
    await context.db.getRepository(Plan).update('starter', { seatsFromQuantity: true });
    const { tenantId, subscription } = await payer({ quantity: 5 });
    expect((await w.tenant(tenantId)).seatLimit).toBe(5);
    for (let i = 0; i < 3; i += 1) await aMembership(context, { tenantId });
    const buy = (quantity: number) =>
      stripe.subscriptions.update(subscription.id, { items: [{ id: subscription.items.data[0]!.id, quantity }] });
    await buy(2);
    await w.follow();
    expect((await w.tenant(tenantId)).seatLimit).toBe(2);
    expect(await w.findings(tenantId)).toEqual(['seat-overrun']);
    await buy(3);
    await w.follow();
    expect((await w.tenant(tenantId)).seatLimit).toBe(3);
    expect(await w.findings(tenantId)).toEqual([]);
  });

  it('collection that is paused takes no plan, with a finding until it is resumed', async () => {
    const { tenantId, subscription } = await payer();
    await w.made.stripe.subscriptions.update(subscription.id, { pause_collection: { behavior: 'void' } });
    await w.follow();
    expect((await w.tenant(tenantId)).planId).toBe('starter');
    expect(await w.findings(tenantId)).toEqual(['collection-paused']);
    await w.made.stripe.subscriptions.update(subscription.id, { pause_collection: '' });
    await w.follow();
    expect((await w.tenant(tenantId)).planId).toBe('starter');
    expect(await w.findings(tenantId)).toEqual([]);
  });

  it('a paused subscription gives nothing until it is resumed', async () => {
    const { tenantId, subscription } = await payer();
    await w.made.stripe.subscriptions.pause(subscription.id, { type: 'subscription' });
    await w.follow();
    expect(await w.tenant(tenantId)).toMatchObject({ planId: 'free', subscriptionStatus: 'paused' });
    await w.made.stripe.subscriptions.resume(subscription.id);
    await w.follow();
    expect(await w.tenant(tenantId)).toMatchObject({ planId: 'starter', subscriptionStatus: 'active' });
  });

  describe('what is of the other mode', () => {
    it('takes nothing from whoever had it counted, with a finding', async () => {
      const { tenantId, subscription } = await payer();
      w.change(subscription.id, (one) => {
        one.livemode = true;
      });
      await w.follow();
      expect((await w.tenant(tenantId)).planId).toBe('starter');
      expect(await w.findings(tenantId)).toEqual(['wrong-mode']);
      w.change(subscription.id, (one) => {
        one.livemode = false;
      });
      await w.follow();
      expect(await w.findings(tenantId)).toEqual([]);
    });

    it('lifts nobody', async () => {
      const { context, prices } = w.made;
      const { id: tenantId } = await aTenant(context);
      const customer = await w.customer(tenantId);
      const subscription = await w.subscribe(customer.id, prices.business);
      w.change(subscription.id, (one) => {
        one.livemode = true;
      });
      await w.follow();
      expect((await w.tenant(tenantId)).planId).toBe('free');
      expect(await w.findings(tenantId)).toEqual(['wrong-mode']);
    });
  });

  it('a price that no plan knows leaves the plan that the subscription last earned, and lifts nobody', async () => {
    const { stripe, context } = w.made;
    const { tenantId, subscription } = await payer();
    const unknown = await aPrice();
    const items = [{ id: subscription.items.data[0]!.id, price: unknown.id }];
    await stripe.subscriptions.update(subscription.id, { items });
    const { id: newcomer } = await aTenant(context);
    await w.subscribe((await w.customer(newcomer)).id, unknown.id);
    await w.follow();
    expect((await w.tenant(tenantId)).planId).toBe('starter');
    expect(await w.findings(tenantId)).toEqual(['unknown-price']);
    expect((await w.tenant(newcomer)).planId).toBe('free');
    expect(await w.findings(newcomer)).toEqual(['unknown-price']);
    await stripe.subscriptions.cancel(subscription.id);
    await w.follow();
    expect((await w.tenant(tenantId)).planId).toBe('free');
  });

  it('a status that nobody knows leaves what counted, and lifts nobody', async () => {
    const { tenantId, subscription } = await payer();
    const { id: newcomer } = await aTenant(w.made.context);
    const other = await w.subscribe((await w.customer(newcomer)).id);
    for (const { id } of [subscription, other])
      w.change(id, (one) => {
        one.status = 'dormant' as never;
      });
    await w.follow();
    expect(await w.tenant(tenantId)).toMatchObject({ planId: 'starter', subscriptionStatus: 'dormant' });
    expect(await w.findings(tenantId)).toEqual(['unknown-status']);
    expect((await w.tenant(newcomer)).planId).toBe('free');
    expect(await w.findings(newcomer)).toEqual(['unknown-status']);
  });

  it('a lookup key that moves to another price leaves those of the old price what they earned', async () => {
    const { context } = w.made;
    const old = await aPrice({ lookup_key: 'pro' });
    await aPlan(context, { id: 'pro', rank: 30, stripePriceIds: [], stripeLookupKey: 'pro' });
    const { id: early } = await aTenant(context);
    const { id: late } = await aTenant(context);
    await w.subscribe((await w.customer(early)).id, old.id);
    await w.follow();
    expect((await w.tenant(early)).planId).toBe('pro');
    const next = await aPrice({ lookup_key: 'pro', transfer_lookup_key: true });
    await w.subscribe((await w.customer(late)).id, next.id);
    await w.follow();
    expect((await w.tenant(late)).planId).toBe('pro');
    expect((await w.tenant(early)).planId).toBe('pro');
    // No webhook of a customer tells of it.
    expect(await w.findings(early)).toEqual(way === 'events' ? [] : ['unknown-price']);
  });

  it('items beyond those that Stripe shows at once are read, too', async () => {
    const { context, standIn, prices } = w.made;
    const { id: tenantId } = await aTenant(context);
    const customer = await w.customer(tenantId);
    const addOn = standIn.state.prices.get((await aPrice()).id)!;
    const created = standIn.world.now();
    const items = Array.from({ length: 25 }, () => ({ price: addOn }));
    items[24] = { price: standIn.state.prices.get(prices.business)! };
    const period = { start: created, end: created + 30 * 86_400 };
    const subscription = buildSubscription({ created, customer: customer.id, status: 'active', period, items });
    w.load(subscription);
    await w.follow();
    expect((await w.tenant(tenantId)).planId).toBe('business');
    expect((await w.mirror(subscription.id)).items).toHaveLength(25);
    expect(await w.findings(tenantId)).toEqual([]);
  });

  it('a customer with more subscriptions than stand on a page is read to the end', async () => {
    const { context, standIn, prices } = w.made;
    const { id: tenantId } = await aTenant(context);
    const customer = await w.customer(tenantId);
    const now = standIn.world.now();
    const price = standIn.state.prices.get(prices.starter)!;
    for (let age = 1; age <= 150; age += 1) {
      const created = now - age;
      const status = age === 150 ? 'active' : 'canceled';
      const period = { start: created, end: now + 86_400 };
      const whole = buildSubscription({ created, customer: customer.id, status, period, items: [{ price }] });
      if (age === 150) w.load(whole);
      else standIn.state.subscriptions.put(whole);
    }
    await w.follow();
    expect((await w.tenant(tenantId)).planId).toBe('starter');
    expect(await context.db.getRepository(Subscription).countBy({ customerId: customer.id })).toBe(150);
  });
});

it('an event of the other mode is kept, and nobody is read for it', async () => {
  await w.reset('sync');
  const { context, standIn, stripe, webhookUrl } = w.made;
  const { customer, subscription } = await payer();
  const before = standIn.world.requestCounts.get('GET /subscriptions');
  const object = { object: 'subscription', id: subscription.id, customer: customer.id };
  const event = { id: 'evt_live', object: 'event', created: 1, livemode: true, data: { object } };
  const payload = JSON.stringify({ ...event, type: 'customer.subscription.deleted' });
  const signature = stripe.webhooks.generateTestHeaderString({ payload, secret: context.config.stripe.webhookSecret });
  const headers = { 'content-type': 'application/json', 'stripe-signature': signature };
  expect((await fetch(webhookUrl, { method: 'POST', body: payload, headers })).status).toBe(200);
  const kept = await context.db.getRepository(StripeEvent).findOneByOrFail({ id: 'evt_live' });
  expect(kept).toMatchObject({ status: 'ignored', livemode: true, error: expect.stringContaining('mode') });
  expect(await context.db.getRepository(OutboxRow).countBy({ subject: customer.id, status: 'open' })).toBe(0);
  expect(standIn.world.requestCounts.get('GET /subscriptions')).toBe(before);
});
