import type { Page } from 'playwright-core';
import { systemActor } from '../../server/audit/actor';
import { Override } from '../../server/billing/override.entity';
import { createOperator } from '../../server/operators/create-operator';
import { Tenant } from '../../server/tenants/tenant.entity';
import { DAY } from '../support/clock';
import { aPlan, aTenant } from '../support/factories';
import { type BrowserWorld, browserWorld, OPERATOR, picture } from './world';

let world: BrowserWorld;
let staff: Page;
let tenantId: string;

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 40_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 100)))
    if (await holds()) return;
  throw new Error(`Within 40 s it did not come to this: ${what}.`);
}

const planOf = async (id: string) => (await world.context.db.getRepository(Tenant).findOneByOrFail({ id })).planId;
const card = () => staff.getByLabel('Convergence with Stripe');
const open = (path: string) => staff.goto(`${world.url}/admin/${path}`);

async function signIn(page: Page, { email, password }: typeof OPERATOR): Promise<void> {
  await page.goto(`${world.url}/admin/`);
  await page.fill('input[name=username]', email);
  await page.fill('input[name=password]', password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Tenants by plan').waitFor();
}

beforeAll(async () => {
  world = await browserWorld();
  const { context, stripe } = world;
  await aPlan(context, { id: 'business', name: 'Business', rank: 20, seatLimit: 50 });
  ({ id: tenantId } = await aTenant(context, { name: 'Payer Ltd' }));
  const { id: customer } = await stripe.customers.create({
    metadata: { tenantId },
    payment_method: 'pm_card_visa',
    invoice_settings: { default_payment_method: 'pm_card_visa' },
  });
  await stripe.subscriptions.create({ customer, items: [{ price: world.priceId }] });
  await until('Payer Ltd is on Starter', async () => (await planOf(tenantId)) === 'starter');
  await aTenant(context, { name: 'Quiet GmbH' });
  staff = await world.person();
  await signIn(staff, OPERATOR);
}, 60_000);
afterAll(() => world.close());

describe('the convergence card', () => {
  it('is not green while a tenant is not proven, and leads to those', async () => {
    await card().getByText('50 %', { exact: true }).waitFor();
    await card().locator('[data-tone=behind]').waitFor();
    await card().getByText('The whole account was never compared yet').waitFor();
    await card().getByRole('link', { name: '1 tenant not proven' }).click();
    await staff
      .getByRole('row', { name: /Quiet GmbH/ })
      .getByText('not proven yet')
      .waitFor();
    expect(await staff.getByRole('row', { name: /Payer Ltd/ }).count()).toBe(0);
  });

  it('turns green after a whole sweep, and tells each tenant so', async () => {
    await open('reconcile-runs');
    await staff.getByRole('button', { name: 'Reconcile now' }).click();
    await staff.getByRole('button', { name: 'Start dry run' }).click();
    await staff.getByText('Stripe and Tenantry agree').first().waitFor();
    await open('');
    await card().locator('[data-tone=proven]').getByText('100 %').waitFor();
    await card().getByText('All 2 tenants were found equal to Stripe.').waitFor();
    await card().getByRole('button', { name: 'Show as a table' }).click();
    await staff.getByRole('dialog').getByText('100 %: 2 of 2').waitFor();
    expect(await staff.getByRole('dialog').getByText('not counted').count()).toBe(89);
    await staff.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await picture(staff, '40-convergence');
    await open('tenants?filter=%7B%7D');
    await staff
      .getByRole('row', { name: /Quiet GmbH/ })
      .getByText(/^verified/)
      .waitFor();
  });
});

describe('a tenant that a sweep knows to differ', () => {
  it('makes the card red and is told on its own page', async () => {
    const tenants = world.context.db.getRepository(Tenant);
    const { id } = await tenants.findOneByOrFail({ name: 'Quiet GmbH' });
    await tenants.update({ id }, { differsSince: new Date() });
    await open('');
    await card().locator('[data-tone=broken]').getByText('50 %').waitFor();
    await card().getByText('1 of them known to differ').waitFor();
    await card().getByRole('link', { name: 'Quiet GmbH' }).click();
    await staff.getByText(/^differs since/).waitFor();
    await picture(staff, '43-differs');
    await tenants.update({ id }, { differsSince: null });
  });
});

describe('an override', () => {
  it('is granted once the form has shown what it gives, what it falls to, and that Stripe goes on charging', async () => {
    await open(`tenants/${tenantId}/show`);
    await staff.getByRole('link', { name: 'Grant a plan' }).click();
    await staff.getByText('to see what follows').waitFor();
    await staff.getByLabel('Plan').click();
    await staff.getByRole('option', { name: 'Business' }).click();
    await staff.getByRole('button', { name: '7 days' }).click();
    const follows = staff.getByLabel('What this leads to');
    await follows.getByText('the customer pays €29.00 a month for Starter meanwhile').waitFor();
    expect(await follows.innerText()).toMatch(/Starter → Business at once[\s\S]*falls to Starter on/);
    await staff.getByRole('button', { name: 'Grant' }).click();
    await staff.getByText('Say why, in a few words.').waitFor();
    await staff.getByLabel('Reason').fill('A week to try it');
    await picture(staff, '41-grant-override');
    expect(await planOf(tenantId)).toBe('starter');
    await staff.getByRole('button', { name: 'Grant' }).click();
    await staff.waitForURL(new RegExp(`/tenants/${tenantId}/show`));
    await staff.getByText('from an override').waitFor();
    expect(await planOf(tenantId)).toBe('business');
  });

  it('stands in the list of those that run', async () => {
    await open('overrides');
    const row = staff.getByRole('row', { name: /Payer Ltd/ });
    await row.getByText('running', { exact: true }).waitFor();
    // Nobody buys Business here, so nobody knows its price.
    await row.getByText('not known').waitFor();
  });

  it('is told of by mail before it ends, and marked', async () => {
    world.clock.advance(4.5 * DAY);
    const mail = await world.mailTo(OPERATOR.email);
    expect(mail.subject).toMatch(/^Business for Payer Ltd ends on/);
    expect(mail.text).toContain('Payer Ltd falls back to Starter');
    await open('overrides');
    await staff
      .getByRole('row', { name: /Payer Ltd/ })
      .getByText('ends soon')
      .waitFor();
  });

  it('ends by itself: the plan falls back, and the list says so', async () => {
    world.clock.advance(3 * DAY);
    await until('Payer Ltd is back on Starter', async () => (await planOf(tenantId)) === 'starter');
    await open('overrides');
    await staff.getByLabel('Status').click();
    await staff.getByRole('option', { name: 'ended' }).click();
    const row = staff.getByRole('row', { name: /Payer Ltd/ });
    await row.getByText('ended', { exact: true }).waitFor();
    await row.click();
    await staff.getByText('A week to try it').waitFor();
    expect(await staff.getByRole('button', { name: 'End now' }).count()).toBe(0);
    await open(`tenants/${tenantId}/show`);
    await staff.getByText('from a Stripe subscription').waitFor();
  });

  it('does not leave the card green: a proof is good for a day', async () => {
    await open('');
    await card().getByRole('link', { name: '2 tenants not proven' }).waitFor();
    expect(await card().locator('[data-tone=proven]').count()).toBe(0);
  });

  it('is read by support, which is offered neither to grant nor to change one', async () => {
    const { context } = world;
    const support = { email: 'sue@example.com', password: OPERATOR.password };
    await createOperator(context.db, systemActor, { ...support, name: 'Sue', role: 'support' });
    const page = await world.person();
    await signIn(page, support);
    const filter = encodeURIComponent(JSON.stringify({ status: 'ended' }));
    await page.goto(`${world.url}/admin/overrides?filter=${filter}`);
    const row = page.getByRole('row', { name: /Payer Ltd/ });
    await row.waitFor();
    expect(await page.getByRole('link', { name: 'Create' }).count()).toBe(0);
    await world.context.db.getRepository(Override).update({ tenantId }, { endsAt: new Date(+context.now() + DAY) });
    await row.click();
    await page.getByText('A week to try it').waitFor();
    await page.getByText('floor: at least this plan').waitFor();
    for (const name of ['Extend', 'End now']) expect(await page.getByRole('button', { name }).count()).toBe(0);
    await world.context.db.getRepository(Override).update({ tenantId }, { endsAt: new Date(+context.now() - DAY) });
  });

  it('can be extended and ended early, each with what follows', async () => {
    await open(`overrides/create?source=${encodeURIComponent(JSON.stringify({ tenantId, planId: 'business' }))}`);
    await staff.getByRole('button', { name: '30 days' }).click();
    await staff.getByLabel('Reason').fill('Once more');
    await staff.getByLabel('What this leads to').getByText('falls to').waitFor();
    await staff.getByRole('button', { name: 'Grant' }).click();
    await staff.waitForURL(new RegExp(`/tenants/${tenantId}/show`));
    const overrides = world.context.db.getRepository(Override);
    const { id, endsAt } = await overrides.findOneByOrFail({ tenantId, reason: 'Once more' });
    await open(`overrides/${id}/show`);
    await staff.getByRole('button', { name: 'Extend' }).click();
    const dialog = staff.getByRole('dialog');
    await dialog.getByRole('button', { name: '30 days longer' }).click();
    await dialog.getByText('falls to').waitFor();
    await dialog.getByLabel('Reason').fill('They need more time');
    await dialog.getByRole('button', { name: 'Extend' }).click();
    await staff.getByText('Extended').waitFor();
    expect(+(await overrides.findOneByOrFail({ id })).endsAt - +endsAt).toBeGreaterThan(29 * DAY);
    await staff.getByRole('button', { name: 'End now' }).click();
    await dialog.getByLabel('Reason').fill('They decided');
    await picture(staff, '42-end-override');
    await dialog.getByRole('button', { name: 'End now' }).click();
    await staff.getByText('Ended early', { exact: true }).waitFor();
    expect(await planOf(tenantId)).toBe('starter');
  });
});
