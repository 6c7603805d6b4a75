import type { Actor } from '../../server/audit/actor';
import { AuditEntry } from '../../server/audit/audit.entity';
import { Checkout } from '../../server/billing/checkout.entity';
import { changePlan, listInvoices, openBillingPortal, resumePlan } from '../../server/billing/customer-plan';
import { PlanChange } from '../../server/billing/plan-change.entity';
import { previewCustomerPlan } from '../../server/billing/preview-customer-plan';
import { StripeCustomer } from '../../server/billing/stripe-customer.entity';
import { StripeEvent } from '../../server/billing/stripe-event.entity';
import { Tenant } from '../../server/tenants/tenant.entity';
import { aPlan, aTenant, aUser } from '../support/factories';
import { type BillingWorld, billingWorld, until } from './billing-world';

let world: BillingWorld;
let actor: Actor;
beforeAll(async () => {
  world = await billingWorld();
  world.work();
  const user = await aUser(world.context);
  actor = { type: 'user', id: user.id, name: 'Ann' };
});
afterAll(() => world.close());

const tenantNow = (id: string) => world.context.db.getRepository(Tenant).findOneByOrFail({ id });
const onPlan = (id: string, planId: string) => until(async () => (await tenantNow(id)).planId === planId);

async function buy(tenantId: string, planId: string): Promise<void> {
  const answer = await changePlan(world.context, actor, tenantId, planId);
  if (!('checkoutUrl' in answer)) throw new Error('A checkout was expected.');
  await world.pay(answer.checkoutUrl);
  await onPlan(tenantId, planId);
}

describe('a first paid plan', () => {
  it('is bought in a checkout, and applied by what Stripe then sends', async () => {
    const { context } = world;
    const tenant = await aTenant(context);
    await buy(tenant.id, 'starter');
    const bought = await tenantNow(tenant.id);
    expect(bought).toMatchObject({ planSource: 'subscription', subscriptionStatus: 'active' });
    expect(bought.lastSyncedAt).not.toBeNull();
    const steps = await context.db.getRepository(PlanChange).findBy({ tenantId: tenant.id, toPlanId: 'starter' });
    expect(steps).toHaveLength(1);
    expect(steps[0]).toMatchObject({ actorType: 'stripe', eventId: expect.stringMatching(/^evt_/) });
    const entries = await context.db.getRepository(AuditEntry).findBy({ tenantId: tenant.id });
    expect(entries.map(({ action }) => action)).toEqual(expect.arrayContaining(['tenant.change-plan']));
    const [customer] = await context.db.getRepository(StripeCustomer).findBy({ tenantId: tenant.id });
    await until(
      async () =>
        (await context.db.getRepository(StripeEvent).countBy({ customerId: customer!.id, status: 'received' })) === 0,
    );
  });

  it('expires the checkout that was opened before, and keeps one customer', async () => {
    const { context, stripe } = world;
    const tenant = await aTenant(context);
    await changePlan(context, actor, tenant.id, 'starter');
    await changePlan(context, actor, tenant.id, 'business');
    const opened = await context.db.getRepository(Checkout).findBy({ tenantId: tenant.id });
    const states = await Promise.all(
      opened.map(async ({ id }) => (await stripe.checkout.sessions.retrieve(id)).status),
    );
    expect(states.sort()).toEqual(['expired', 'open']);
    expect(opened.map(({ status }) => status).sort()).toEqual(['expired', 'open']);
    expect(await context.db.getRepository(StripeCustomer).countBy({ tenantId: tenant.id })).toBe(1);
  });
});

describe('a tenant that pays', () => {
  it('swaps the price, cancels to the end of the period, and resumes', async () => {
    const { context } = world;
    const tenant = await aTenant(context);
    await buy(tenant.id, 'starter');
    expect(await changePlan(context, actor, tenant.id, 'business')).toEqual({ planId: 'business' });
    expect(await changePlan(context, actor, tenant.id, 'free')).toEqual({ planId: 'business' });
    expect((await tenantNow(tenant.id)).cancelAt).not.toBeNull();
    expect(await resumePlan(context, actor, tenant.id)).toEqual({ planId: 'business' });
    expect((await tenantNow(tenant.id)).cancelAt).toBeNull();
    await expect(resumePlan(context, actor, tenant.id)).rejects.toMatchObject({ problem: { code: 'not_cancelled' } });
    const invoices = await listInvoices(context, tenant.id);
    expect(invoices.length).toBeGreaterThan(0);
    expect(invoices[0]).toMatchObject({ currency: 'eur' });
    expect((await openBillingPortal(context, tenant.id)).url).toMatch(/^http/);
  });
});

describe('a change that the bank does not take', () => {
  const withCard = async (card: string) => {
    const { context, stripe } = world;
    const tenant = await aTenant(context);
    await buy(tenant.id, 'starter');
    const { subscriptionId } = await tenantNow(tenant.id);
    const { customer } = await stripe.subscriptions.retrieve(subscriptionId!);
    const method = await stripe.paymentMethods.attach(card, { customer: customer as string });
    await stripe.subscriptions.update(subscriptionId!, { default_payment_method: method.id });
    return { id: tenant.id, subscriptionId: subscriptionId! };
  };

  it.each(['pm_card_chargeCustomerFail', 'pm_card_authenticationRequired'])(
    'leads to where it is paid, and changes nothing until then: %s',
    async (card) => {
      const { context, stripe } = world;
      const { id, subscriptionId } = await withCard(card);
      const answer = await changePlan(context, actor, id, 'business');
      if (!('actionUrl' in answer)) throw new Error('An address to pay at was expected.');
      expect(await tenantNow(id)).toMatchObject({ planId: 'starter', subscriptionStatus: 'active' });
      // A second click leads to the same invoice.
      expect(await changePlan(context, actor, id, 'business')).toEqual(answer);
      const paid = await fetch(`${answer.actionUrl}/pay`, {
        method: 'POST',
        redirect: 'manual',
        headers: { origin: new URL(answer.actionUrl).origin },
      });
      expect(paid.status).toBe(303);
      await onPlan(id, 'business');
      const { items, pending_update: pending } = await stripe.subscriptions.retrieve(subscriptionId);
      expect([items.data[0]!.price.id, pending]).toEqual([world.prices.business, null]);
    },
  );

  it('leaves a cancellation as it was, which only a change that is made takes back', async () => {
    const { context, stripe } = world;
    const { id, subscriptionId } = await withCard('pm_card_chargeCustomerFail');
    await changePlan(context, actor, id, 'free');
    expect(await changePlan(context, actor, id, 'business')).toHaveProperty('actionUrl');
    expect(await tenantNow(id)).toMatchObject({ planId: 'starter', cancelAt: expect.any(Date) });
    const { customer } = await stripe.subscriptions.retrieve(subscriptionId);
    const good = await stripe.paymentMethods.attach('pm_card_visa', { customer: customer as string });
    await stripe.invoices.pay((await stripe.subscriptions.retrieve(subscriptionId)).latest_invoice as string, {
      payment_method: good.id,
    });
    expect(await changePlan(context, actor, id, 'business')).toEqual({ planId: 'business' });
    expect((await tenantNow(id)).cancelAt).toBeNull();
  });
});

describe('a preview', () => {
  it('tells what is charged now and what next, and exactly that is charged', async () => {
    const { context } = world;
    const tenant = await aTenant(context);
    await buy(tenant.id, 'starter');
    const preview = await previewCustomerPlan(context, tenant.id, 'business');
    expect(preview).toMatchObject({ planAfterId: 'business', payment: 'card', seats: { membersOver: 0 } });
    const { prorationDate, dueNow, next } = preview.proration!;
    expect(dueNow).toBeGreaterThan(0);
    expect(next!.amount).toBeGreaterThan(dueNow);
    expect((await tenantNow(tenant.id)).planId).toBe('starter');
    await changePlan(context, actor, tenant.id, 'business', new Date(prorationDate!));
    const [latest] = await listInvoices(context, tenant.id);
    expect(latest).toMatchObject({ amountDue: dueNow });
  });

  it('tells of the checkout before a first plan, and of the end of the period before a free one', async () => {
    const { context } = world;
    const tenant = await aTenant(context);
    expect(await previewCustomerPlan(context, tenant.id, 'starter')).toMatchObject({ payment: 'checkout' });
    expect(await previewCustomerPlan(context, tenant.id, 'free')).toMatchObject({ payment: 'none', proration: null });
    await buy(tenant.id, 'starter');
    const { currentPeriodEnd } = await tenantNow(tenant.id);
    const free = await previewCustomerPlan(context, tenant.id, 'free');
    expect(free).toMatchObject({ planAfterId: 'free', payment: 'none', at: currentPeriodEnd!.toISOString() });
  });
});

describe('a double click', () => {
  it('opens one checkout for one customer', async () => {
    const { context, stripe } = world;
    const tenant = await aTenant(context);
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => changePlan(context, actor, tenant.id, 'starter').catch(({ problem }) => problem)),
    );
    for (const answer of answers) if ('code' in answer) expect(answer.code).toBe('billing_busy');
    const [customer, ...others] = await context.db.getRepository(StripeCustomer).findBy({ tenantId: tenant.id });
    expect(others).toEqual([]);
    const { data } = await stripe.checkout.sessions.list({ customer: customer!.id });
    expect(data.filter(({ status }) => status === 'open')).toHaveLength(1);
    expect(answers).toContainEqual({ checkoutUrl: data.find(({ status }) => status === 'open')!.url });
  });

  it('swaps once, and charges once', async () => {
    const { context, stripe } = world;
    const tenant = await aTenant(context);
    await buy(tenant.id, 'starter');
    const before = (await listInvoices(context, tenant.id)).length;
    const answers = await Promise.all(
      Array.from({ length: 3 }, () => changePlan(context, actor, tenant.id, 'business')),
    );
    expect(answers).toContainEqual({ planId: 'business' });
    await onPlan(tenant.id, 'business');
    expect(await listInvoices(context, tenant.id)).toHaveLength(before + 1);
    const { customer } = await stripe.subscriptions.retrieve((await tenantNow(tenant.id)).subscriptionId!);
    const all = await stripe.subscriptions.list({ customer: customer as string, status: 'all' });
    expect(all.data).toHaveLength(1);
  });
});

it('sells again to a tenant whose subscription has ended', async () => {
  const tenant = await aTenant(world.context);
  await buy(tenant.id, 'starter');
  await world.stripe.subscriptions.cancel((await tenantNow(tenant.id)).subscriptionId!);
  await onPlan(tenant.id, 'free');
  await buy(tenant.id, 'business');
  expect(await world.context.db.getRepository(StripeCustomer).countBy({ tenantId: tenant.id })).toBe(1);
});

describe('plans that are not sold by checkout', () => {
  it('changes between free plans at once', async () => {
    await aPlan(world.context, { id: 'hobby', kind: 'free', rank: 1 });
    const tenant = await aTenant(world.context);
    expect(await changePlan(world.context, actor, tenant.id, 'hobby')).toEqual({ planId: 'hobby' });
  });

  it('sends contract plans to sales', async () => {
    await aPlan(world.context, { id: 'contract', kind: 'custom', rank: 30 });
    const tenant = await aTenant(world.context);
    await expect(changePlan(world.context, actor, tenant.id, 'contract')).rejects.toMatchObject({
      problem: { status: 409, code: 'contact_sales' },
    });
    const bound = await aTenant(world.context, { basePlanId: 'contract' });
    await expect(changePlan(world.context, actor, bound.id, 'free')).rejects.toMatchObject({
      problem: { code: 'contact_sales' },
    });
  });

  it('refuses unknown plans, and tenants that never paid have no billing to manage', async () => {
    const tenant = await aTenant(world.context);
    await expect(changePlan(world.context, actor, tenant.id, 'nothing')).rejects.toMatchObject({
      problem: { status: 400 },
    });
    await expect(openBillingPortal(world.context, tenant.id)).rejects.toMatchObject({
      problem: { code: 'no_customer' },
    });
  });
});
