import { createConnection } from 'mysql2/promise';
import { EntityManager } from 'typeorm';
import { AuditEntry } from '../../server/audit/audit.entity';
import { Subscription } from '../../server/billing/subscription.entity';
import { OutboxRow } from '../../server/jobs/outbox.entity';
import { readKeyRefusal, watchStripeKey } from '../../server/stripe/key-state';
import { aTenant } from '../support/factories';
import { until } from './billing-world';
import { CasesWorld } from './cases-world';

let w: CasesWorld;
beforeAll(async () => {
  w = await CasesWorld.open();
});
afterAll(() => w.close());
beforeEach(() => w.reset('events'));

/** A payer of the starter plan, who then moved to business: we have not followed yet. */
async function moved() {
  const { stripe, prices } = w.made;
  const { id: tenantId } = await aTenant(w.made.context);
  const customer = await w.customer(tenantId);
  const subscription = await w.subscribe(customer.id);
  await w.follow();
  expect((await w.tenant(tenantId)).planId).toBe('starter');
  const items = [{ id: subscription.items.data[0]!.id, price: prices.business }];
  await stripe.subscriptions.update(subscription.id, { items });
  return { tenantId, customer, subscription };
}

const jobs = (customerId: string) =>
  w.made.context.db.getRepository(OutboxRow).countBy({ subject: customerId, status: 'open' });

/** All that a sync writes, but for leases and the jobs' own attempts. */
async function written(tenantId: string, subscriptionId: string) {
  const { updatedAt: _, ...tenant } = await w.tenant(tenantId);
  return {
    tenant,
    row: await w.mirror(subscriptionId),
    audited: await w.made.context.db.getRepository(AuditEntry).count(),
  };
}

describe.each([
  ['answers 500', { failShare: 1 }],
  ['loses its answers', { timeoutShare: 1 }],
])('Stripe that %s', (_case, trouble) => {
  it('changes nothing here; the job stays owed, and heals once Stripe is back', async () => {
    const { tenantId, customer, subscription } = await moved();
    const before = await written(tenantId, subscription.id);
    Object.assign(w.made.standIn.world.faults, trouble);
    await expect(w.follow()).rejects.toThrow();
    expect(await written(tenantId, subscription.id)).toEqual(before);
    expect(await jobs(customer.id)).toBeGreaterThan(0);
    w.made.standIn.world.calmDown();
    await w.follow();
    expect((await w.tenant(tenantId)).planId).toBe('business');
    expect(await jobs(customer.id)).toBe(0);
  });
});

it.each([
  ['its rate limit', { rateLimitNext: 2 }],
  ['a lock on the object', { lockTimeoutNext: 2 }],
])('429 for %s is waited out within the job', async (_case, trouble) => {
  const { tenantId, customer } = await moved();
  Object.assign(w.made.standIn.world.faults, trouble);
  await w.follow();
  expect([...w.made.standIn.world.refusedCounts.values()].reduce((sum, count) => sum + count, 0)).toBe(2);
  expect((await w.tenant(tenantId)).planId).toBe('business');
  expect(await jobs(customer.id)).toBe(0);
});

it('a list that is empty against our record takes nothing', async () => {
  const { tenantId, subscription } = await moved();
  w.made.standIn.state.subscriptions.delete(subscription.id);
  await w.follow();
  expect((await w.tenant(tenantId)).planId).toBe('starter');
  expect(await w.made.context.db.getRepository(Subscription).findOneByOrFail({ id: subscription.id })).toMatchObject({
    status: 'active',
    missingSince: expect.any(Date),
  });
  expect(await w.findings(tenantId)).toEqual(['missing-subscription']);
});

it('a key that Stripe refuses changes no plan, is told of, and heals', async () => {
  const { context, standIn } = w.made;
  watchStripeKey(context);
  const { tenantId, customer, subscription } = await moved();
  const before = await written(tenantId, subscription.id);
  const { secretKey } = standIn.world.options;
  standIn.world.options.secretKey = 'sk_test_another';
  await expect(w.follow()).rejects.toThrow();
  await until(() => readKeyRefusal(context.db));
  expect(await written(tenantId, subscription.id)).toEqual(before);
  expect(await jobs(customer.id)).toBeGreaterThan(0);
  standIn.world.options.secretKey = secretKey;
  await w.follow();
  await until(async () => !(await readKeyRefusal(context.db)));
  expect((await w.tenant(tenantId)).planId).toBe('business');
});

it('a connection that is cut in the middle of the transaction leaves nothing half-written, and heals', async () => {
  const { context } = w.made;
  const { tenantId, customer, subscription } = await moved();
  const before = await written(tenantId, subscription.id);
  const killer = await createConnection({ uri: context.config.databaseUrl });
  let cut = 0;
  const { query } = EntityManager.prototype;
  const spy = jest.spyOn(EntityManager.prototype, 'query').mockImplementation(async function (
    this: EntityManager,
    ...given
  ) {
    const answer = await query.apply(this, given);
    if (cut === 0 && /^INSERT INTO `?subscriptions/.test(given[0])) {
      cut = 1;
      const [{ id }] = (await query.call(this, 'SELECT CONNECTION_ID() AS id')) as [{ id: number }];
      await killer.query(`KILL ${id}`);
    }
    return answer;
  } as typeof query);
  await expect(w.follow()).rejects.toThrow();
  spy.mockRestore();
  await killer.end();
  expect(cut).toBe(1);
  expect(await written(tenantId, subscription.id)).toEqual(before);
  expect(await jobs(customer.id)).toBeGreaterThan(0);
  await w.follow();
  expect((await w.tenant(tenantId)).planId).toBe('business');
});
