import { setTimeout as sleep } from 'node:timers/promises';
import { StripeEvent } from '../../server/billing/stripe-event.entity';
import { inTransaction } from '../../server/db/transaction';
import { oweJob } from '../../server/jobs/outbox';
import { OutboxRow } from '../../server/jobs/outbox.entity';
import { readCustomer } from '../../server/stripe/read-customer';
import { Tenant } from '../../server/tenants/tenant.entity';
import { type BillingWorld, billingWorld, until } from '../billing/billing-world';
import { aTenant } from '../support/factories';
import { bench, quantile } from './support';

const TIMES = 50;
const POLL_MS = 2;
const LIMIT_MS = 2000;
const QUIET_MS = 100;

/** Waits until no job is owed any more, so that one measurement does not stand in the way of the next. */
async function quiet({ context: { db } }: BillingWorld): Promise<void> {
  await sleep(QUIET_MS);
  await until(async () => (await db.getRepository(OutboxRow).countBy({ status: 'open' })) === 0);
}

/** A customer with a card in Stripe, known to us as the tenant's. */
async function aPayer(world: BillingWorld): Promise<{ tenantId: string; customerId: string }> {
  const { id: tenantId } = await aTenant(world.context);
  const { id: customerId } = await world.stripe.customers.create({
    metadata: { tenantId },
    payment_method: 'pm_card_visa',
    invoice_settings: { default_payment_method: 'pm_card_visa' },
  });
  await quiet(world);
  return { tenantId, customerId };
}

/** Milliseconds from the first event about a new subscription to the tenant's having its plan. */
async function subscribe(world: BillingWorld, { tenantId, customerId }: { tenantId: string; customerId: string }) {
  const { db } = world.context;
  const before = await db.getRepository(StripeEvent).countBy({ customerId });
  await world.stripe.subscriptions.create({ customer: customerId, items: [{ price: world.prices.starter }] });
  const tenants = db.getRepository(Tenant);
  for (
    const end = Date.now() + 30_000;
    !(await tenants.existsBy({ id: tenantId, planId: 'starter' }));
    await sleep(POLL_MS)
  )
    if (Date.now() > end) throw new Error('The plan was not applied within 30 s of the subscription.');
  const applied = Date.now();
  const events = await db.getRepository(StripeEvent).find({ where: { customerId }, order: { receivedAt: 'ASC' } });
  return applied - Number(events[before]!.receivedAt);
}

/** Milliseconds that the same reading of Stripe and one committed row take, with nothing around them. */
async function floor({ stripe, context }: BillingWorld, customerId: string): Promise<number> {
  const begin = performance.now();
  await readCustomer(stripe, customerId);
  await inTransaction(context.db, (tx) =>
    oweJob(tx, { kind: 'sync-customer', subject: customerId, dueAt: new Date(Date.now() + 86_400_000) }),
  );
  return performance.now() - begin;
}

void bench(async (report) => {
  const world = await billingWorld();
  world.work();
  const times: number[] = [];
  const customers: string[] = [];
  for (let i = 0; i < TIMES; i += 1) {
    const payer = await aPayer(world);
    times.push(await subscribe(world, payer));
    customers.push(payer.customerId);
    await quiet(world);
  }
  const floors: number[] = [];
  for (const customerId of customers) floors.push(await floor(world, customerId));
  const median = quantile(times, 0.5);
  report.atMost('Webhook received to plan applied, median', median, LIMIT_MS, 'ms');
  report.atMost('Webhook received to plan applied, 95 of 100', quantile(times, 0.95), LIMIT_MS, 'ms');
  report.atMost('The median, to reading Stripe and a commit', median / quantile(floors, 0.5), 50, 'times');
  await world.close();
});
