import { StripeCustomer } from '../../server/billing/stripe-customer.entity';
import { insertMany } from '../../server/db/bulk';
import { inTransaction } from '../../server/db/transaction';
import { makeContext, type TestContext } from '../support/context';

let world: TestContext;
beforeAll(async () => {
  world = await makeContext();
});
afterAll(() => world.close());

const customers = () => world.context.db.getRepository(StripeCustomer);

describe('inserting many rows', () => {
  it('takes a value back where the new row has none, though no row of the statement has one', async () => {
    await customers().insert({ id: 'cus_kept', livemode: false, email: 'a@example.com', syncedAt: new Date() });
    await inTransaction(world.context.db, (tx) =>
      insertMany(tx, StripeCustomer, [{ id: 'cus_kept', livemode: true, email: null, syncedAt: null }], {
        update: ['livemode', 'email', 'syncedAt'],
      }),
    );
    expect(await customers().findOneByOrFail({ id: 'cus_kept' })).toMatchObject({
      livemode: true,
      email: null,
      syncedAt: null,
    });
  });

  it.each([
    '1969-12-31T23:59:59.999Z',
    '2011-01-01T00:00:00.000Z',
    '2028-02-29T12:34:56.007Z',
    '9999-12-31T23:59:59.999Z',
  ])('keeps %s to the millisecond', async (iso) => {
    const id = `cus_${iso.slice(0, 4)}`;
    await inTransaction(world.context.db, (tx) =>
      insertMany(tx, StripeCustomer, [{ id, livemode: false, syncedAt: new Date(iso) }]),
    );
    expect((await customers().findOneByOrFail({ id })).syncedAt?.toISOString()).toBe(iso);
  });

  it('writes quotes, backslashes and other alphabets as they are', async () => {
    const name = `O'Neil \\ "Zoë" 日本\n?`;
    await inTransaction(world.context.db, (tx) =>
      insertMany(tx, StripeCustomer, [{ id: 'cus_text', livemode: false, name }]),
    );
    expect((await customers().findOneByOrFail({ id: 'cus_text' })).name).toBe(name);
  });
});
