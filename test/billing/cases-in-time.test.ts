import { decideDueTenants } from '../../server/billing/decide-due';
import { inTransaction } from '../../server/db/transaction';
import { decideTenantsOf } from '../../server/plans/decide-tenants-of';
import { PlanPrice } from '../../server/plans/plan-price.entity';
import { DAY } from '../support/clock';
import { aTenant } from '../support/factories';
import { CasesWorld, WAYS } from './cases-world';

let w: CasesWorld;
beforeAll(async () => {
  w = await CasesWorld.open();
});
afterAll(() => w.close());

async function buyer(more: Parameters<CasesWorld['subscribe']>[2] = {}, { card = true } = {}) {
  const { id: tenantId } = await aTenant(w.made.context);
  const customer = await w.customer(tenantId, { card });
  const subscription = await w.subscribe(customer.id, w.made.prices.starter, more);
  await w.follow();
  return { tenantId, customer, subscription };
}

const latestInvoice = async (id: string) =>
  (await w.made.stripe.subscriptions.retrieve(id)).latest_invoice as unknown as string;

describe.each(WAYS)('heard of by %s', (way) => {
  beforeEach(() => w.reset(way));

  it('a scheduled change is known before it comes, and counts from then on', async () => {
    const { stripe, prices } = w.made;
    const { tenantId, subscription } = await buyer();
    const schedule = await stripe.subscriptionSchedules.create({ from_subscription: subscription.id });
    const { start_date, end_date } = schedule.phases[0]!;
    await stripe.subscriptionSchedules.update(schedule.id, {
      phases: [
        { items: [{ price: prices.starter, quantity: 1 }], start_date, end_date },
        { items: [{ price: prices.business, quantity: 1 }] },
      ],
    });
    await w.follow();
    expect((await w.mirror(subscription.id)).scheduledChange).toEqual({
      at: new Date(end_date * 1000).toISOString(),
      items: [{ priceId: prices.business, quantity: 1 }],
    });
    expect((await w.tenant(tenantId)).planId).toBe('starter');
    w.pass(32);
    await w.follow();
    expect((await w.mirror(subscription.id)).scheduledChange).toBeNull();
    expect((await w.tenant(tenantId)).planId).toBe('business');
  });

  it.each([
    ['goes on where there is a card', true, 'create_invoice', 'active', 'starter'],
    ['is cancelled without a card', false, 'cancel', 'canceled', 'free'],
    ['is paused without a card', false, 'pause', 'paused', 'free'],
  ] as const)('a trial %s', async (_case, card, missing_payment_method, status, planId) => {
    const trial = { trial_period_days: 7, trial_settings: { end_behavior: { missing_payment_method } } };
    const { tenantId } = await buyer(trial, { card });
    expect(await w.tenant(tenantId)).toMatchObject({ planId: 'starter', subscriptionStatus: 'trialing' });
    w.pass(8);
    await w.follow();
    expect(await w.tenant(tenantId)).toMatchObject({ planId, subscriptionStatus: status });
  });

  it('cancel_at ends the plan though no period ends there', async () => {
    const { tenantId, subscription } = await buyer();
    const cancel_at = w.made.standIn.world.now() + 10 * 86_400;
    await w.made.stripe.subscriptions.update(subscription.id, { cancel_at });
    await w.follow();
    expect((await w.mirror(subscription.id)).cancelAtPeriodEnd).toBe(false);
    const tenant = await w.tenant(tenantId);
    expect(tenant).toMatchObject({ planId: 'starter', cancelAt: new Date(cancel_at * 1000) });
    w.pass(11);
    await w.follow();
    expect((await w.tenant(tenantId)).planId).toBe('free');
  });

  it('a cancellation that is taken back leaves the plan', async () => {
    const { tenantId, subscription } = await buyer();
    const cancel = (cancel_at_period_end: boolean) =>
      w.made.stripe.subscriptions.update(subscription.id, { cancel_at_period_end });
    await cancel(true);
    await w.follow();
    expect((await w.tenant(tenantId)).cancelAt).not.toBeNull();
    await cancel(false);
    w.pass(32);
    await w.follow();
    expect(await w.tenant(tenantId)).toMatchObject({ planId: 'starter', cancelAt: null });
  });

  it('an incomplete subscription gives nothing until it is paid', async () => {
    const { tenantId, subscription } = await buyer({ payment_behavior: 'default_incomplete' });
    expect(await w.tenant(tenantId)).toMatchObject({ planId: 'free', subscriptionStatus: 'incomplete' });
    await w.made.stripe.invoices.pay(await latestInvoice(subscription.id));
    await w.follow();
    expect(await w.tenant(tenantId)).toMatchObject({ planId: 'starter', subscriptionStatus: 'active' });
  });

  it('an incomplete subscription that is never paid expires after 23 hours', async () => {
    const { tenantId } = await buyer({ payment_behavior: 'default_incomplete' });
    w.pass(1);
    await w.follow();
    expect(await w.tenant(tenantId)).toMatchObject({ planId: 'free', subscriptionStatus: 'incomplete_expired' });
    expect(await w.findings(tenantId)).toEqual([]);
  });

  it('grace runs from the oldest open invoice, ends without any event, and a payment brings the plan back', async () => {
    const { context, stripe } = w.made;
    const { tenantId, customer, subscription } = await buyer();
    const { current_period_end: renewed } = subscription.items.data[0]!;
    w.cards(customer.id, 'fail');
    w.pass(33);
    await w.follow();
    expect(await w.tenant(tenantId)).toMatchObject({ planId: 'starter', subscriptionStatus: 'past_due' });
    expect(await w.findings(tenantId)).toEqual(['past-due']);
    const { pastDueSince } = await w.mirror(subscription.id);
    expect(Math.abs(+pastDueSince! - renewed * 1000)).toBeLessThan(DAY / 4);
    w.pass(14);
    await decideDueTenants(context);
    expect((await w.tenant(tenantId)).planId).toBe('free');
    w.cards(customer.id, 'pay');
    await stripe.invoices.pay(await latestInvoice(subscription.id));
    await w.follow();
    expect(await w.tenant(tenantId)).toMatchObject({ planId: 'starter', subscriptionStatus: 'active' });
    expect((await w.mirror(subscription.id)).pastDueSince).toBeNull();
  });

  it.each(['unpaid', 'canceled'] as const)('dunning that ends as %s ends the plan', async (outcome) => {
    const { tenantId, customer } = await buyer();
    w.made.standIn.world.dunning = { retries: 1, everyDays: 3, outcome };
    w.cards(customer.id, 'fail');
    w.pass(36);
    await w.follow();
    expect(await w.tenant(tenantId)).toMatchObject({ planId: 'free', subscriptionStatus: outcome });
  });
});

it('a price that moves to another plan of ours takes its payers along', async () => {
  await w.reset('sync');
  const { context, prices } = w.made;
  const { tenantId } = await buyer();
  await inTransaction(context.db, async (tx) => {
    await tx.update(PlanPrice, { priceId: prices.starter }, { planId: 'business' });
    await decideTenantsOf(
      tx,
      { planId: 'business', priceIds: [prices.starter, prices.business], mapsMore: false },
      context.now(),
    );
  });
  await decideDueTenants(context);
  expect((await w.tenant(tenantId)).planId).toBe('business');
});
