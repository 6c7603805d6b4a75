import type { Page } from 'playwright-core';
import { StripeEvent } from '../../server/billing/stripe-event.entity';
import { OutboxRow } from '../../server/jobs/outbox.entity';
import { ReconcileRun } from '../../server/reconcile/reconcile-run.entity';
import { Tenant } from '../../server/tenants/tenant.entity';
import { aCustomer, aTenant } from '../support/factories';
import { type BrowserWorld, browserWorld, OPERATOR, picture, signedIn, until } from './world';

let world: BrowserWorld;
let staff: Page;

const planOf = async (id: string) => (await world.context.db.getRepository(Tenant).findOneByOrFail({ id })).planId;

/** Whether nothing is under way that would have Stripe read again: no webhook, no job that one of them left, and no run. */
async function isQuiet(): Promise<boolean> {
  const pending = [...world.standIn.state.deliveries.values()].some(({ state }) => state === 'pending');
  const { db } = world.context;
  const received = await db.getRepository(StripeEvent).existsBy({ status: 'received' });
  const owed = await db.getRepository(OutboxRow).existsBy({ kind: 'sync-customer', status: 'open' });
  return !pending && !received && !owed && !(await db.getRepository(ReconcileRun).existsBy({ active: 1 }));
}

/** A tenant that pays for Starter, as its webhook told us. */
async function aPayer(name: string) {
  const tenant = await aTenant(world.context, { name });
  const customer = await world.stripe.customers.create({
    name,
    payment_method: 'pm_card_visa',
    invoice_settings: { default_payment_method: 'pm_card_visa' },
  });
  await aCustomer(world.context, { id: customer.id, tenantId: tenant.id });
  const subscription = await world.stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: world.priceId }],
  });
  await until(`${name} is on Starter`, async () => (await planOf(tenant.id)) === 'starter');
  await until('all is worked off', isQuiet);
  return { tenantId: tenant.id, customerId: customer.id, subscriptionId: subscription.id };
}

beforeAll(async () => {
  // Nothing but what is clicked here may heal a lost webhook.
  world = await browserWorld(async () => ({ STRIPE_CATCH_UP_SECONDS: '3600' }));
  staff = await signedIn(world, OPERATOR);
}, 60_000);
afterAll(() => world.close());

describe('a webhook that never came', () => {
  let payer: Awaited<ReturnType<typeof aPayer>>;

  beforeAll(async () => {
    payer = await aPayer('Silent Ltd');
    world.standIn.world.faults.dropWebhooks = true;
    await world.stripe.subscriptions.cancel(payer.subscriptionId);
  }, 30_000);

  it('is found by a dry run, which shows whose plan would change and changes nothing', async () => {
    await staff.goto(`${world.url}/admin/reconcile-runs`);
    await staff.getByRole('button', { name: 'Reconcile now' }).click();
    await staff.getByRole('button', { name: 'Start dry run' }).click();
    const row = staff.getByRole('row', { name: /Silent Ltd/ });
    await row.waitFor();
    await staff.getByText('1 difference found. Nothing was changed.').waitFor();
    expect(await row.innerText()).toMatch(/Starter[\s\S]*Free[\s\S]*planned/);
    await picture(staff, '10-dry-run');
    expect(await planOf(payer.tenantId)).toBe('starter');
  });

  it('is made up for by applying the dry run, once it is confirmed who loses', async () => {
    await staff.getByRole('button', { name: 'Apply these changes' }).click();
    const dialog = staff.getByRole('dialog');
    const go = dialog.getByRole('button', { name: 'Apply these changes' });
    expect(await go.isDisabled()).toBe(true);
    await dialog.getByLabel(/to confirm/).fill('lower 1 tenant');
    await go.click();
    await staff.getByText('applied', { exact: true }).waitFor();
    await staff.getByText('Tenantry holds now what Stripe says.').waitFor();
    expect(await planOf(payer.tenantId)).toBe('free');
  });

  it('is told on the page of the tenant, which a row opens by keyboard', async () => {
    await staff.getByRole('row', { name: /Silent Ltd/ }).focus();
    await staff.keyboard.press('Enter');
    await staff.waitForURL(new RegExp(`/tenants/${payer.tenantId}/show`));
    await staff.getByText('from its base plan').waitFor();
    await staff.getByText(/^verified/).waitFor();
  });
});

describe('events that are replayed', () => {
  it('have Stripe read again, many at once, and each tells what became of it', async () => {
    world.standIn.world.faults.dropWebhooks = false;
    const payer = await aPayer('Echo GmbH');
    world.standIn.world.faults.dropWebhooks = true;
    await world.stripe.subscriptions.cancel(payer.subscriptionId);
    const filter = encodeURIComponent(JSON.stringify({ customerId: payer.customerId }));
    await staff.goto(`${world.url}/admin/stripe-events?filter=${filter}`);
    await staff.getByText('customer.subscription.created').waitFor();
    await staff.getByRole('checkbox', { name: 'Select all' }).click();
    const chosen = (await staff.getByRole('row').count()) - 1;
    expect(chosen).toBeGreaterThan(1);
    await staff.getByRole('button', { name: 'Replay' }).click();
    const dialog = staff.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Replay' }).click();
    await dialog.getByText(`${chosen} events queued`).waitFor();
    expect(await dialog.getByText('queued', { exact: true }).count()).toBe(chosen);
    await picture(staff, '11-replayed');
    await until('Echo GmbH is on Free', async () => (await planOf(payer.tenantId)) === 'free');
  });
});
