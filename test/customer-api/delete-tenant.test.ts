import type Stripe from 'stripe';
import type { Actor } from '../../server/audit/actor';
import { changePlan } from '../../server/billing/customer-plan';
import { StripeCustomer } from '../../server/billing/stripe-customer.entity';
import { endSubscriptions } from '../../server/customer-api/end-subscriptions';
import { Tenant } from '../../server/tenants/tenant.entity';
import { type BillingWorld, billingWorld, until } from '../billing/billing-world';
import { aTenant, aUser } from '../support/factories';

let world: BillingWorld;
let actor: Actor;
beforeAll(async () => {
  world = await billingWorld();
  world.work();
  const user = await aUser(world.context);
  actor = { type: 'user', id: user.id, name: 'Ann' };
});
afterAll(() => world.close());

async function aPayingTenant(): Promise<string> {
  const { context } = world;
  const { id } = await aTenant(context);
  const answer = await changePlan(context, actor, id, 'starter');
  if (!('checkoutUrl' in answer)) throw new Error('A checkout was expected.');
  await world.pay(answer.checkoutUrl);
  await until(async () => (await context.db.getRepository(Tenant).findOneByOrFail({ id })).planId === 'starter');
  return id;
}

async function subscriptionOf(tenantId: string): Promise<Stripe.Subscription> {
  const customer = await world.context.db.getRepository(StripeCustomer).findOneByOrFail({ tenantId });
  const { data } = await world.stripe.subscriptions.list({ customer: customer.id, status: 'all' });
  return data[0]!;
}

describe('the subscriptions of a tenant that goes', () => {
  it('end with their period unless told otherwise', async () => {
    const id = await aPayingTenant();
    await endSubscriptions(world.context, actor, id, 'period_end');
    expect(await subscriptionOf(id)).toMatchObject({ status: 'active', cancel_at_period_end: true });
    await endSubscriptions(world.context, actor, id, 'period_end');
    expect(await subscriptionOf(id)).toMatchObject({ status: 'active', cancel_at_period_end: true });
  });

  it('end now where told so, and the plan with them', async () => {
    const id = await aPayingTenant();
    await endSubscriptions(world.context, actor, id, 'now');
    expect((await subscriptionOf(id)).status).toBe('canceled');
    const { db } = world.context;
    await until(async () => (await db.getRepository(Tenant).findOneByOrFail({ id })).planId === 'free');
    expect((await db.getRepository(Tenant).findOneByOrFail({ id })).planSource).toBe('base');
  });
});
