import type { Page } from 'playwright-core';
import { systemActor } from '../../server/audit/actor';
import { stripeCause } from '../../server/billing/cause';
import { syncCustomer } from '../../server/billing/sync-customer';
import { createOperator } from '../../server/operators/create-operator';
import { Tenant } from '../../server/tenants/tenant.entity';
import { aCustomer, aTenant } from '../support/factories';
import { type BrowserWorld, browserWorld, OPERATOR, picture } from './world';

let world: BrowserWorld;
let staff: Page;
const SECOND = { email: 'grace@example.com', password: 'another long password' };

const planOf = async (id: string) => (await world.context.db.getRepository(Tenant).findOneByOrFail({ id })).planId;

async function signedIn({ email, password }: typeof OPERATOR): Promise<Page> {
  const page = await world.person();
  await page.goto(`${world.url}/admin/`);
  await page.fill('input[name=username]', email);
  await page.fill('input[name=password]', password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Tenants by plan').waitFor();
  return page;
}

/** A tenant that pays in our copy, while Stripe has ended it and nobody told. */
async function lapsed(name: string) {
  const tenant = await aTenant(world.context, { name });
  const customer = await world.stripe.customers.create({
    name,
    payment_method: 'pm_card_visa',
    invoice_settings: { default_payment_method: 'pm_card_visa' },
  });
  await aCustomer(world.context, { id: customer.id, tenantId: tenant.id });
  const items = [{ price: world.priceId }];
  const subscription = await world.stripe.subscriptions.create({ customer: customer.id, items });
  await syncCustomer(world.context, world.stripe, customer.id, stripeCause, { waitMs: 5000 });
  await world.stripe.subscriptions.cancel(subscription.id);
  return { tenantId: tenant.id, customerId: customer.id };
}

async function dryRun(): Promise<void> {
  await staff.goto(`${world.url}/admin/reconcile-runs`);
  await staff.getByRole('button', { name: 'Reconcile now' }).click();
  await staff.getByRole('button', { name: 'Start dry run' }).click();
  await staff.getByText('Nothing was changed.').waitFor();
}

async function confirm(page: Page, label: string, phrase: string): Promise<void> {
  await page.getByRole('button', { name: label }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(/to confirm/).fill(phrase);
  await dialog.getByRole('button', { name: label }).click();
}

beforeAll(async () => {
  world = await browserWorld(async () => ({ STRIPE_CATCH_UP_SECONDS: '3600' }));
  world.standIn.world.faults.dropWebhooks = true;
  await createOperator(world.context.db, systemActor, { ...SECOND, name: 'Grace', role: 'admin' });
  staff = await signedIn(OPERATOR);
}, 60_000);
afterAll(() => world.close());

describe('a dry run', () => {
  let stays: Awaited<ReturnType<typeof lapsed>>;
  let falls: Awaited<ReturnType<typeof lapsed>>;

  it('is previewed, a row made stale, and the rest applied', async () => {
    [stays, falls] = [await lapsed('Steady Ltd'), await lapsed('Falling GmbH')];
    await dryRun();
    await staff.getByRole('row', { name: /Steady Ltd/ }).waitFor();
    await staff.getByRole('row', { name: /Falling GmbH/ }).waitFor();
    await world.stripe.subscriptions.create({ customer: stays.customerId, items: [{ price: world.priceId }] });
    await confirm(staff, 'Apply these changes', 'lower 2 tenants');
    await staff.getByText('1 tenant changed since the plan was made').waitFor();
    await staff
      .getByRole('row', { name: /Steady Ltd/ })
      .getByText('stale', { exact: true })
      .waitFor();
    const stale = await staff.getByRole('row', { name: /Steady Ltd/ }).innerText();
    expect(stale).toMatch(/Stripe changed since: subscription sub_\w+ has come, it is active[\s\S]*stale/);
    expect(await staff.getByRole('row', { name: /Falling GmbH/ }).innerText()).toContain('applied');
    await picture(staff, '30-applied-but-one');
    expect([await planOf(stays.tenantId), await planOf(falls.tenantId)]).toEqual(['starter', 'free']);
  });

  it('is undone by its inverse, which is previewed first', async () => {
    await staff.getByRole('button', { name: 'Undo this run' }).click();
    const dialog = staff.getByRole('dialog');
    await dialog.getByLabel('Reason').fill('They were promised another week');
    await dialog.getByRole('button', { name: 'Plan the undo' }).click();
    await staff.getByText('Undo of a run').waitFor();
    await staff.getByText('1 tenant can be looked at. Nothing was changed.').waitFor();
    expect(await planOf(falls.tenantId)).toBe('free');
    await staff.getByRole('button', { name: 'Apply these changes' }).click();
    await staff.getByRole('dialog').getByRole('button', { name: 'Apply these changes' }).click();
    await staff.getByText('Tenantry holds now what was planned.').waitFor();
    await picture(staff, '31-undone');
    expect(await planOf(falls.tenantId)).toBe('starter');
  });
});

describe('more than 20 downgrades', () => {
  it('are asked for by one operator and approved by another in a browser of their own', async () => {
    const tenants = [];
    for (let n = 1; n <= 21; n += 1) tenants.push(await lapsed(`Crowd ${n}`));
    await dryRun();
    await confirm(staff, 'Ask for approval', 'lower 21 tenants');
    await staff.getByText(/You asked to apply this/).waitFor();
    expect(await staff.getByRole('button', { name: 'Approve and apply' }).count()).toBe(0);
    const other = await signedIn(SECOND);
    await other.goto(staff.url());
    await other.getByText(/Ada asked to apply this/).waitFor();
    await picture(other, '32-awaits-approval');
    await confirm(other, 'Approve and apply', 'lower 21 tenants');
    await other.getByText('21 rows applied, 0 stale, 0 failed').waitFor();
    for (const { tenantId } of tenants) expect(await planOf(tenantId)).toBe('free');
  }, 90_000);
});
