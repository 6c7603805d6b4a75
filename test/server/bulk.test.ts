import { Subscription } from '../../server/billing/subscription.entity';
import { insertMany, selectMany } from '../../server/db/bulk';
import { Tenant } from '../../server/tenants/tenant.entity';
import { makeContext, type TestContext } from '../support/context';
import { aCustomer, aSubscription, aTenant } from '../support/factories';

let made: TestContext;
beforeAll(async () => {
  made = await makeContext();
});
afterAll(() => made.close());

describe('rows by the hundred', () => {
  test.each([
    "O'Neill; DROP TABLE tenants --",
    'back\\slash \\\' "quoted"',
    'line\nbreak\ttab',
    'naïve 東京 🎉 ?',
    "%_\\0'",
  ])('bear %j as it is, as text and within JSON', async (name) => {
    const { db } = made.context;
    const { id } = await aTenant(made.context);
    await insertMany<Tenant>(
      db.manager,
      Tenant,
      [{ id, name, basePlanId: 'free', planId: 'free', planSince: new Date() }],
      {
        update: ['name'],
      },
    );
    const row = await aSubscription(made.context, { customerId: (await aCustomer(made.context)).id });
    const [item] = row.items;
    const items = [{ ...item!, priceId: name }];
    await insertMany<Subscription>(db.manager, Subscription, [{ ...row, items }], { update: ['items'] });
    expect(await db.getRepository(Tenant).findOneByOrFail({ id })).toMatchObject({ name });
    expect(await db.getRepository(Subscription).findOneByOrFail({ id: row.id })).toMatchObject({ items });
  });

  it('are read as find reads them: moments to the millisecond, flags, JSON and null', async () => {
    const { db } = made.context;
    const { id } = await aSubscription(made.context, {
      customerId: (await aCustomer(made.context)).id,
      cancelAt: new Date('2026-02-28T23:59:59.987Z'),
      cancelAtPeriodEnd: true,
      lastCounted: false,
      scheduledChange: { at: '2026-03-01T00:00:00.000Z', items: [{ priceId: 'price_x', quantity: 2 }] },
    });
    const [read] = await selectMany(db.manager, Subscription, 'WHERE id IN (?)', [[id]]);
    expect({ ...read }).toEqual({ ...(await db.getRepository(Subscription).findOneByOrFail({ id })) });
    expect(read).toMatchObject({ cancelAt: new Date('2026-02-28T23:59:59.987Z'), lastCounted: false, trialEnd: null });
  });
});
