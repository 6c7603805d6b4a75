import { EntityManager } from 'typeorm';
import { stripeCause } from '../../server/billing/cause';
import { decideDueTenants } from '../../server/billing/decide-due';
import { Finding } from '../../server/billing/finding.entity';
import { releaseLease, takeLease } from '../../server/billing/lease';
import { StripeCustomer } from '../../server/billing/stripe-customer.entity';
import { Subscription } from '../../server/billing/subscription.entity';
import { syncCustomer } from '../../server/billing/sync-customer';
import { inTransaction } from '../../server/db/transaction';
import { oweJob } from '../../server/jobs/outbox';
import { OutboxRow } from '../../server/jobs/outbox.entity';
import { GiveUp, RetrySoon } from '../../server/jobs/settle';
import { Tenant } from '../../server/tenants/tenant.entity';
import { DAY } from '../support/clock';
import { aCustomer, aSubscription, aTenant } from '../support/factories';
import { type BillingWorld, billingWorld } from './billing-world';

let world: BillingWorld;
beforeAll(async () => {
  world = await billingWorld();
});
afterAll(() => world.close());

const tenantNow = (id: string) => world.context.db.getRepository(Tenant).findOneByOrFail({ id });
const sync = (customerId: string) => syncCustomer(world.context, world.stripe, customerId, stripeCause);

/** A customer in Stripe that pays for a tenant, with a card. */
async function paying(tenantId: string, price = world.prices.starter) {
  const { stripe } = world;
  const customer = await stripe.customers.create({
    metadata: { tenantId },
    payment_method: 'pm_card_visa',
    invoice_settings: { default_payment_method: 'pm_card_visa' },
  });
  const subscription = await stripe.subscriptions.create({ customer: customer.id, items: [{ price }] });
  return { customer, subscription };
}

describe('a customer that names its tenant', () => {
  it('is linked, and its subscription earns the plan', async () => {
    const tenant = await aTenant(world.context);
    const { customer, subscription } = await paying(tenant.id);
    await sync(customer.id);
    expect(await tenantNow(tenant.id)).toMatchObject({ planId: 'starter', subscriptionId: subscription.id });
    const mirror = await world.context.db.getRepository(Subscription).findOneByOrFail({ id: subscription.id });
    expect(mirror).toMatchObject({ status: 'active', tenantId: tenant.id, planId: 'starter', lastCounted: true });
    expect(mirror.currentPeriodEnd).not.toBeNull();
  });

  it('is not linked to a tenant that does not exist, nor again after an unlink', async () => {
    const { context, stripe } = world;
    const stray = await stripe.customers.create({ metadata: { tenantId: 'ten_nobody' } });
    await sync(stray.id);
    const customers = context.db.getRepository(StripeCustomer);
    expect((await customers.findOneByOrFail({ id: stray.id })).tenantId).toBeNull();

    const tenant = await aTenant(context);
    const { customer } = await paying(tenant.id);
    await aCustomer(context, { id: customer.id, tenantId: null, unlinkedAt: new Date() });
    await sync(customer.id);
    expect((await customers.findOneByOrFail({ id: customer.id })).tenantId).toBeNull();
    expect((await tenantNow(tenant.id)).planId).toBe('free');
  });

  it('leaves version and history alone when it is read again unchanged', async () => {
    const tenant = await aTenant(world.context);
    const { customer } = await paying(tenant.id);
    await sync(customer.id);
    const before = await tenantNow(tenant.id);
    await sync(customer.id);
    const after = await tenantNow(tenant.id);
    expect(after.version).toBe(before.version);
    expect(after.lastSyncedAt!.getTime()).toBeGreaterThan(before.lastSyncedAt!.getTime());
  });
});

describe('what Stripe no longer says', () => {
  it('takes nothing: a subscription that is not listed any more goes on counting', async () => {
    const { context, stripe } = world;
    const tenant = await aTenant(context);
    const customer = await stripe.customers.create({ metadata: { tenantId: tenant.id } });
    await aCustomer(context, { id: customer.id, tenantId: tenant.id });
    const gone = await aSubscription(context, { customerId: customer.id, priceId: world.prices.business });
    await sync(customer.id);
    expect((await tenantNow(tenant.id)).planId).toBe('business');
    const row = await context.db.getRepository(Subscription).findOneByOrFail({ id: gone.id });
    expect(row).toMatchObject({ status: 'active' });
    expect(row.missingSince).not.toBeNull();
  });

  it('takes nothing: a customer that Stripe does not know is given up on', async () => {
    const { context } = world;
    const tenant = await aTenant(context);
    const customer = await aCustomer(context, { tenantId: tenant.id });
    await aSubscription(context, { customerId: customer.id, priceId: world.prices.starter });
    await expect(sync(customer.id)).rejects.toBeInstanceOf(GiveUp);
    expect(await context.db.getRepository(Subscription).countBy({ tenantId: tenant.id, status: 'active' })).toBe(1);
  });

  it('ends the plan where the customer was deleted, with a finding', async () => {
    const { context, stripe } = world;
    const tenant = await aTenant(context);
    const { customer } = await paying(tenant.id);
    await sync(customer.id);
    await stripe.customers.del(customer.id);
    await sync(customer.id);
    expect((await tenantNow(tenant.id)).planId).toBe('free');
    expect((await context.db.getRepository(StripeCustomer).findOneByOrFail({ id: customer.id })).deleted).toBe(true);
    expect(await context.db.getRepository(Finding).findBy({ tenantId: tenant.id })).toBeDefined();
  });

  it('ends the plan where the subscription was cancelled at once', async () => {
    const tenant = await aTenant(world.context);
    const { customer, subscription } = await paying(tenant.id);
    await sync(customer.id);
    await world.stripe.subscriptions.cancel(subscription.id);
    await sync(customer.id);
    expect(await tenantNow(tenant.id)).toMatchObject({ planId: 'free', subscriptionStatus: 'canceled' });
  });
});

describe('an overdue payment', () => {
  it('starts grace at the oldest open invoice, and ends it by time alone', async () => {
    const { context, standIn } = world;
    const tenant = await aTenant(context);
    const { customer, subscription } = await paying(tenant.id);
    const stored = standIn.state.subscriptions.get(subscription.id)!;
    stored.status = 'past_due';
    await sync(customer.id);
    expect(await tenantNow(tenant.id)).toMatchObject({ planId: 'starter', subscriptionStatus: 'past_due' });
    const since = (await context.db.getRepository(Subscription).findOneByOrFail({ id: subscription.id })).pastDueSince!;
    await sync(customer.id);
    expect(
      (await context.db.getRepository(Subscription).findOneByOrFail({ id: subscription.id })).pastDueSince,
    ).toEqual(since);
    expect((await tenantNow(tenant.id)).nextDecisionAt!.getTime()).toBe(since.getTime() + 14 * DAY);
  });
});

describe('several workers at one customer', () => {
  it('lets one in at a time', async () => {
    const { context, stripe } = world;
    const customer = await stripe.customers.create({ name: 'Busy' });
    const lease = (await takeLease(context.db, customer.id))!;
    await expect(sync(customer.id)).rejects.toBeInstanceOf(RetrySoon);
    await releaseLease(context.db, lease);
    await expect(sync(customer.id)).resolves.toMatchObject({ moves: [] });
  });

  it('writes nothing where the lease was lost while Stripe was read', async () => {
    const { context, standIn } = world;
    const tenant = await aTenant(context);
    const { customer } = await paying(tenant.id);
    standIn.world.faults.apiDelayMs = 1000;
    const slow = expect(sync(customer.id)).rejects.toBeInstanceOf(RetrySoon);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await context.db.query('UPDATE leases SET expiresAt = UTC_TIMESTAMP(3) WHERE name = ?', [customer.id]);
    const later = await takeLease(context.db, customer.id);
    await slow;
    standIn.world.faults.apiDelayMs = 0;
    expect(later).not.toBeNull();
    expect((await tenantNow(tenant.id)).planId).toBe('free');
  });

  it('leaves a job open that was owed after the reading began', async () => {
    const { context, standIn } = world;
    const tenant = await aTenant(context);
    const { customer } = await paying(tenant.id);
    const owe = () => inTransaction(context.db, (tx) => oweJob(tx, { kind: 'sync-customer', subject: customer.id }));
    const early = await owe();
    standIn.world.faults.apiDelayMs = 1000;
    const running = sync(customer.id);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const late = await owe();
    await running;
    standIn.world.faults.apiDelayMs = 0;
    const status = async (id: string) => (await context.db.getRepository(OutboxRow).findOneByOrFail({ id })).status;
    expect([await status(early), await status(late)]).toEqual(['done', 'open']);
  });
});

describe('a cancellation that was taken back, and no webhook told of it', () => {
  it('costs nobody the plan: Stripe is asked before time takes it', async () => {
    const { context, clock, stripe, standIn } = world;
    const tenant = await aTenant(context);
    const { customer, subscription } = await paying(tenant.id);
    await stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true });
    await sync(customer.id);
    standIn.world.faults.dropWebhooks = true;
    await stripe.subscriptions.update(subscription.id, { cancel_at_period_end: false });
    standIn.world.faults.dropWebhooks = false;
    clock.advance(32 * DAY);
    await decideDueTenants(context);
    expect((await tenantNow(tenant.id)).planId).toBe('starter');
  });
});

describe('a customer that an operator links while a first sync reads it', () => {
  it('belongs to the tenant that the operator named, whatever its metadata say', async () => {
    const { context } = world;
    const [named, linked] = [await aTenant(context), await aTenant(context)];
    const { customer, subscription } = await paying(named.id);
    const customers = context.db.getRepository(StripeCustomer);
    // The link is committed at the worst moment: the sync has looked for the row, and has not made it yet.
    const { query } = EntityManager.prototype;
    const spy = jest.spyOn(EntityManager.prototype, 'query').mockImplementation(async function (
      this: EntityManager,
      ...given
    ) {
      if (/^INSERT INTO `stripe_customers`/.test(given[0]) && !(await customers.existsBy({ id: customer.id })))
        await customers.insert({ id: customer.id, tenantId: linked.id });
      return query.apply(this, given);
    } as typeof query);
    await sync(customer.id).finally(() => spy.mockRestore());
    expect(await customers.findOneByOrFail({ id: customer.id })).toMatchObject({ tenantId: linked.id });
    expect(await tenantNow(linked.id)).toMatchObject({ planId: 'starter', subscriptionId: subscription.id });
    expect(await tenantNow(named.id)).toMatchObject({ planId: 'free' });
  });
});
