import type Stripe from 'stripe';
import { EntityManager } from 'typeorm';
import { buildCustomer, buildSubscription } from '../../dev/stripe';
import { systemActor } from '../../server/audit/actor';
import { AuditEntry } from '../../server/audit/audit.entity';
import { stripeCause } from '../../server/billing/cause';
import { Subscription } from '../../server/billing/subscription.entity';
import { syncCustomer } from '../../server/billing/sync-customer';
import { driveRun } from '../../server/reconcile/drive-run';
import { startRun } from '../../server/reconcile/start-run';
import { Tenant } from '../../server/tenants/tenant.entity';
import { aTenant } from '../support/factories';
import { type BillingWorld, billingWorld } from './billing-world';

let world: BillingWorld;
beforeEach(async () => {
  world = await billingWorld();
  world.standIn.world.faults.dropWebhooks = true;
});
afterEach(() => world.close());

const HOUR = 3600;

/** A customer whom our mirror does not know, with subscriptions of these statuses, in Stripe alone. */
async function unknownCustomer(statuses: Stripe.Subscription.Status[], ofTenant?: string) {
  const { state } = world.standIn;
  const tenantId = ofTenant ?? (await aTenant(world.context)).id;
  const now = Math.floor(Date.now() / 1000);
  const customer = state.customers.put(buildCustomer({ created: now - HOUR, metadata: { tenantId } }));
  const subscriptions = statuses.map((status, i) =>
    buildSubscription({
      created: now - HOUR - i,
      customer: customer.id,
      status,
      period: { start: now - HOUR, end: now + HOUR },
      items: [{ price: state.prices.get(world.prices.starter)!, quantity: 1 }],
    }),
  );
  for (const subscription of subscriptions) state.subscriptions.put(subscription);
  return { tenantId, customerId: customer.id, subscriptionIds: subscriptions.map(({ id }) => id) };
}

async function sweep(): Promise<void> {
  await startRun(world.context, { mode: 'apply', trigger: 'command', actor: systemActor });
  await driveRun(world.context, world.stripe);
}

/** What the audit log tells of the tenant, but for its making. */
async function told(tenantId: string): Promise<AuditEntry[]> {
  const entries = await world.context.db.getRepository(AuditEntry).find({ where: { tenantId }, order: { seq: 'ASC' } });
  return entries.filter(({ action }) => action !== 'tenant.create');
}

describe('a first sweep, of a customer that we do not know', () => {
  it('mirrors every subscription, though one of them must be read by itself', async () => {
    const { customerId, subscriptionIds } = await unknownCustomer(['active', 'past_due', 'canceled']);
    await sweep();
    const rows = await world.context.db.getRepository(Subscription).findBy({ customerId });
    expect(rows.map(({ id }) => id).sort()).toEqual(subscriptionIds.sort());
  });

  it('tells of link and plan in one entry of the audit log', async () => {
    const { tenantId, customerId } = await unknownCustomer(['active']);
    await sweep();
    const [entry, ...others] = await told(tenantId);
    expect(others).toEqual([]);
    expect(entry).toMatchObject({
      action: 'tenant.change-plan',
      changes: { stripeCustomerId: { from: null, to: customerId }, planId: { from: 'free', to: 'starter' } },
    });
  });

  it('tells of each link by itself, where a tenant has several', async () => {
    const { tenantId, customerId } = await unknownCustomer(['active']);
    const other = await unknownCustomer(['canceled'], tenantId);
    await sweep();
    const entries = await told(tenantId);
    const links = entries.filter(({ action }) => action === 'tenant.link-customer');
    expect(links.map(({ changes }) => changes.stripeCustomerId?.to).sort()).toEqual(
      [customerId, other.customerId].sort(),
    );
    expect(entries.at(-1)).toMatchObject({ action: 'tenant.change-plan', changes: { planId: { to: 'starter' } } });
    expect(entries.at(-1)!.changes).not.toHaveProperty('stripeCustomerId');
  });

  it('writes nothing over a sync that came after looking for the customer and before making it', async () => {
    const { tenantId, customerId, subscriptionIds } = await unknownCustomer(['active']);
    const { context, stripe, standIn } = world;
    const { query } = EntityManager.prototype;
    let synced = false;
    const spy = jest.spyOn(EntityManager.prototype, 'query').mockImplementation(async function (
      this: EntityManager,
      ...given
    ) {
      if (!synced && /FROM `tenants` .*FOR UPDATE/.test(given[0])) {
        synced = true;
        standIn.state.subscriptions.get(subscriptionIds[0]!)!.status = 'canceled';
        await syncCustomer(context, stripe, customerId, stripeCause);
      }
      return query.apply(this, given);
    } as typeof query);
    await sweep().finally(() => spy.mockRestore());
    expect(synced).toBe(true);
    const mirror = await context.db.getRepository(Subscription).findOneByOrFail({ id: subscriptionIds[0]! });
    expect(mirror.status).toBe('canceled');
    expect((await context.db.getRepository(Tenant).findOneByOrFail({ id: tenantId })).planId).toBe('free');
  });
});
