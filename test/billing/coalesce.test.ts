import { Not } from 'typeorm';
import { stripeCause } from '../../server/billing/cause';
import { StripeEvent } from '../../server/billing/stripe-event.entity';
import { Subscription } from '../../server/billing/subscription.entity';
import { syncCustomer } from '../../server/billing/sync-customer';
import { OutboxRow } from '../../server/jobs/outbox.entity';
import { RetrySoon } from '../../server/jobs/settle';
import { Tenant } from '../../server/tenants/tenant.entity';
import { aTenant } from '../support/factories';
import { type BillingWorld, billingWorld, until } from './billing-world';

let world: BillingWorld;
beforeEach(async () => {
  world = await billingWorld();
});
afterEach(() => world.close());

const planOf = async (id: string) => (await world.context.db.getRepository(Tenant).findOneByOrFail({ id })).planId;
const reads = () => world.standIn.world.requestCounts.get('GET /subscriptions') ?? 0;

async function paying() {
  const { context, stripe, prices } = world;
  const { id: tenantId } = await aTenant(context);
  const customer = await stripe.customers.create({
    metadata: { tenantId },
    payment_method: 'pm_card_visa',
    invoice_settings: { default_payment_method: 'pm_card_visa' },
  });
  const items = [{ price: prices.starter }];
  const subscription = await stripe.subscriptions.create({ customer: customer.id, items });
  return { tenantId, customerId: customer.id, subscriptionId: subscription.id };
}

/** Waits until every event arrived and nothing is owed any more. */
async function quiet(): Promise<void> {
  const { context, standIn } = world;
  await until(async () => {
    const arrived = [...standIn.state.deliveries.values()].every(({ state }) => state === 'delivered');
    return arrived && (await context.db.getRepository(OutboxRow).countBy({ status: 'open' })) === 0;
  }, 25_000);
}

it('200 events of one customer cost a handful of reads', async () => {
  const { context, standIn } = world;
  const { tenantId, customerId, subscriptionId } = await paying();
  await until(async () => [...standIn.state.deliveries.values()].every(({ state }) => state === 'delivered'));
  const before = reads();
  // Stripe takes a while to answer; in no time at all, nothing could come in between.
  standIn.world.faults.apiDelayMs = 150;
  for (let i = 1; i <= 200; i += 1)
    standIn.world.changeSubscription(standIn.state.subscriptions.get(subscriptionId)!, (one) => {
      one.items.data[0]!.quantity = i;
    });
  world.work();
  world.work();
  await quiet();
  const events = context.db.getRepository(StripeEvent);
  // Besides those of its subscription, the event of its card changes no plan.
  expect(await events.countBy({ customerId, type: Not('payment_method.attached'), status: Not('processed') })).toBe(0);
  expect(await events.countBy({ customerId, status: 'processed' })).toBeGreaterThanOrEqual(200);
  expect(await planOf(tenantId)).toBe('starter');
  const mirror = await context.db.getRepository(Subscription).findOneByOrFail({ id: subscriptionId });
  expect(mirror.quantity).toBe(200);
  expect(reads() - before).toBeGreaterThan(0);
  expect(reads() - before).toBeLessThanOrEqual(10);
});

it('an event that comes after a read began leads to another read', async () => {
  const { standIn, stripe } = world;
  const { tenantId, subscriptionId } = await paying();
  world.work();
  world.work();
  await quiet();
  expect(await planOf(tenantId)).toBe('starter');
  const before = reads();
  // What is read at once arrives late: by then it is old.
  standIn.world.faults.answerDelayMs = 500;
  standIn.world.changeSubscription(standIn.state.subscriptions.get(subscriptionId)!, (one) => {
    one.metadata = { step: 'first' };
  });
  await until(async () => reads() > before);
  standIn.world.faults.answerDelayMs = 0;
  await stripe.subscriptions.cancel(subscriptionId);
  await until(async () => reads() > before + 1);
  await quiet();
  expect(await planOf(tenantId)).toBe('free');
});

it('of two syncs at once, none writes an older reading over a newer one', async () => {
  const { context, standIn, stripe } = world;
  standIn.world.faults.dropWebhooks = true;
  const { tenantId, customerId, subscriptionId } = await paying();
  standIn.world.faults.answerDelayMs = 300;
  const first = syncCustomer(context, stripe, customerId, stripeCause);
  await until(async () => reads() > 0);
  standIn.world.faults.answerDelayMs = 0;
  await expect(syncCustomer(context, stripe, customerId, stripeCause)).rejects.toBeInstanceOf(RetrySoon);
  standIn.world.changeSubscription(standIn.state.subscriptions.get(subscriptionId)!, (one) => {
    one.status = 'canceled';
  });
  const second = syncCustomer(context, stripe, customerId, stripeCause, { waitMs: 5000 });
  await Promise.all([first, second]);
  expect(await planOf(tenantId)).toBe('free');
  const mirror = await context.db.getRepository(Subscription).findOneByOrFail({ id: subscriptionId });
  expect(mirror.status).toBe('canceled');
});
