import { Tenant } from '../../server/tenants/tenant.entity';
import { runCli } from '../support/cli';
import { aTenant } from '../support/factories';
import { type BillingWorld, billingWorld } from './billing-world';

let world: BillingWorld;
beforeAll(async () => {
  world = await billingWorld();
  world.standIn.world.faults.dropWebhooks = true;
});
afterAll(() => world.close());

const reconcile = (...args: string[]) => runCli(world.context, 'reconcile', ...args);

async function unheardOf(): Promise<string> {
  const { id } = await aTenant(world.context);
  const customer = await world.stripe.customers.create({
    metadata: { tenantId: id },
    payment_method: 'pm_card_visa',
    invoice_settings: { default_payment_method: 'pm_card_visa' },
  });
  await world.stripe.subscriptions.create({ customer: customer.id, items: [{ price: world.prices.starter }] });
  return id;
}

const planOf = async (id: string) => (await world.context.db.getRepository(Tenant).findOneByOrFail({ id })).planId;

it('tells with 3 what a dry run found, and writes with 0', async () => {
  const id = await unheardOf();
  const dry = await reconcile('--dry-run');
  expect(dry).toMatchObject({
    code: 3,
    told: expect.stringContaining('1 subscriptions read, 1 differed, 1 plans to change'),
  });
  expect(await planOf(id)).toBe('free');
  expect(await reconcile()).toMatchObject({ code: 0, told: expect.stringContaining('1 plans changed') });
  expect(await planOf(id)).toBe('starter');
  expect(await reconcile('--dry-run')).toMatchObject({ code: 0, told: expect.stringContaining('0 differed') });
});

it('says how it is used, and ends with 1 where the arguments are wrong or no run can start', async () => {
  expect(await reconcile('--help')).toMatchObject({ code: 0, told: expect.stringContaining('Exit codes') });
  expect(await reconcile('--tenant', 'ten_nobody')).toMatchObject({
    code: 1,
    told: expect.stringContaining('ten_nobody'),
  });
  expect(await reconcile('--wrong')).toMatchObject({ code: 1, told: expect.stringContaining('Usage') });
});
