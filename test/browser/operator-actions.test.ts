import type { Page } from 'playwright-core';
import type Stripe from 'stripe';
import { systemActor } from '../../server/audit/actor';
import { StripeCustomer } from '../../server/billing/stripe-customer.entity';
import { createOperator } from '../../server/operators/create-operator';
import { Tenant } from '../../server/tenants/tenant.entity';
import { aMembership, anInvitation, aPlan, aTenant } from '../support/factories';
import { type BrowserWorld, browserWorld, OPERATOR, picture, signedIn, until } from './world';

const SUPPORT = { email: 'sue@example.com', password: 'another long password' };
let world: BrowserWorld;
let staff: Page;

const tenantOf = (id: string) => world.context.db.getRepository(Tenant).findOneByOrFail({ id });

const billing = (page: Page) =>
  page.locator('section', { has: page.getByRole('heading', { name: 'Billing' }) }).first();
const follows = (page: Page) => page.getByRole('region', { name: 'What this leads to' });

async function open(page: Page, id: string): Promise<void> {
  await page.goto(`${world.url}/admin/tenants/${id}/show`);
  await billing(page).waitFor();
}

async function choosePlan(page: Page, name: RegExp): Promise<void> {
  await page.getByRole('dialog').getByRole('combobox', { name: 'Plan' }).click();
  await page.getByRole('option', { name }).click();
}

beforeAll(async () => {
  world = await browserWorld();
  const { id: product } = await world.stripe.products.create({ name: 'Business' });
  const price = await world.stripe.prices.create({
    product,
    currency: 'eur',
    unit_amount: 7900,
    recurring: { interval: 'month' },
  });
  await aPlan(world.context, {
    id: 'business',
    name: 'Business',
    priceText: '€79 a month',
    rank: 20,
    seatLimit: 20,
    stripePriceIds: [price.id],
  });
  await createOperator(world.context.db, systemActor, { ...SUPPORT, name: 'Sue', role: 'support' });
  staff = await signedIn(world, OPERATOR);
}, 60_000);
afterAll(() => world.close());

describe('an admin, about what a tenant pays for', () => {
  let id: string;
  let link: string;

  const subscription = async (): Promise<Stripe.Subscription> => {
    const { id: customer } = await world.context.db.getRepository(StripeCustomer).findOneByOrFail({ tenantId: id });
    const { data } = await world.stripe.subscriptions.list({ customer, status: 'all' });
    expect(data).toHaveLength(1);
    return data[0]!;
  };

  beforeAll(async () => {
    ({ id } = await aTenant(world.context, { name: 'Fern & Co' }));
    await aMembership(world.context, { tenantId: id });
  });

  it('makes a link to buy, having seen what it leads to, and the customer pays by it', async () => {
    await open(staff, id);
    await billing(staff).getByRole('button', { name: 'Link to buy' }).click();
    const make = staff.getByRole('button', { name: 'Make the link' });
    expect(await make.isDisabled()).toBe(true);
    await choosePlan(staff, /Starter/);
    await follows(staff).getByText('to pay').waitFor();
    expect(await follows(staff).innerText()).toMatch(
      /Free → Starter once it is paid[\s\S]*€29\.00 to pay[\s\S]*No mail/,
    );
    await make.click();
    link = await staff.getByLabel('Checkout at Stripe').inputValue();
    await staff.getByText(/It can be paid by until/).waitFor();
    await staff.getByRole('button', { name: 'Copy', exact: true }).waitFor();
    await picture(staff, '20-buy-link');
    await staff.getByRole('button', { name: 'Close' }).click();

    const customer = await world.person();
    await customer.goto(link);
    await customer.getByRole('button', { name: /pay|subscribe/i }).click();
    await until('Fern & Co is on Starter', async () => (await tenantOf(id)).planId === 'starter');
  });

  it('upgrades it, and exactly what was shown is charged', async () => {
    await open(staff, id);
    await billing(staff)
      .getByRole('note', { name: /^Link to buy: It has a live subscription/ })
      .waitFor();
    await billing(staff)
      .getByRole('note', { name: /^Resume: It is not cancelled/ })
      .waitFor();
    await billing(staff).getByRole('button', { name: 'Change plan' }).click();
    await choosePlan(staff, /Business/);
    await follows(staff).getByText('Starter', { exact: true }).waitFor();
    const told = await follows(staff).innerText();
    const [, shown] = /€([\d.]+) charged at once/.exec(told) ?? [];
    expect(told).toMatch(/then €79\.00 on/);
    await picture(staff, '21-change-plan');
    await staff.getByLabel(/Reason/).fill('They asked for more seats.');
    await staff.getByRole('dialog').getByRole('button', { name: 'Change plan' }).click();
    await staff.getByText('Plan changed').waitFor();
    await billing(staff).getByText('Business').waitFor();
    const { latest_invoice: invoice } = await subscription();
    const paid = await world.stripe.invoices.retrieve(String(invoice));
    expect(paid).toMatchObject({ billing_reason: 'subscription_update', amount_paid: Math.round(Number(shown) * 100) });
  });

  it('cancels it with its period and resumes it', async () => {
    await open(staff, id);
    await billing(staff).getByRole('button', { name: 'Cancel' }).click();
    await follows(staff).getByText('Free', { exact: true }).waitFor();
    await picture(staff, '22-cancel');
    await staff.getByLabel(/Reason/).fill('They wrote that they leave.');
    await staff.getByRole('button', { name: 'Cancel subscription' }).click();
    await billing(staff)
      .getByText(/ends in|ends next/)
      .waitFor();
    expect(await subscription()).toMatchObject({ status: 'active', cancel_at_period_end: true });

    await billing(staff).getByRole('button', { name: 'Resume', exact: true }).click();
    await follows(staff).waitFor();
    await staff.getByRole('dialog').getByRole('button', { name: 'Resume' }).click();
    await billing(staff).getByText('renews').waitFor();
    expect(await subscription()).toMatchObject({ status: 'active', cancel_at_period_end: false });
  });

  it('gives it free time, once it is agreed that what is paid becomes a trial', async () => {
    await billing(staff).getByRole('button', { name: 'Extend trial' }).click();
    const extend = staff.getByRole('dialog').getByRole('button', { name: 'Extend trial' });
    await staff.getByLabel(/Reason/).fill('An apology for the outage.');
    await follows(staff).waitFor();
    expect(await extend.isDisabled()).toBe(true);
    await staff.getByRole('checkbox', { name: /make it a trial/ }).check();
    await picture(staff, '23-extend-trial');
    await extend.click();
    await billing(staff)
      .getByText(/trial ends/)
      .waitFor();
    expect((await subscription()).status).toBe('trialing');
  });

  it('must type it to cancel now, and sees Stripe’s refusal', async () => {
    await billing(staff).getByRole('button', { name: 'Cancel' }).click();
    await staff.getByRole('radio', { name: /Now/ }).check();
    await staff.getByLabel(/Reason/).fill('They want it gone.');
    const go = staff.getByRole('button', { name: 'Cancel subscription' });
    await follows(staff).waitFor();
    expect(await go.isDisabled()).toBe(true);
    await staff.getByLabel(/Type/).fill('cancel now');
    world.standIn.world.faults.failNext = 1000;
    await go.click();
    await staff.getByText(/Stripe does not answer|Stripe stopped answering|Stripe can/).waitFor();
    world.standIn.world.faults.failNext = 0;
    expect((await subscription()).status).toBe('trialing');
    await staff.getByRole('button', { name: 'Back' }).click();
  });

  it('deletes it with what it pays for, having seen who loses what', async () => {
    await anInvitation(world.context, { tenantId: id });
    await open(staff, id);
    await staff.getByRole('button', { name: 'Delete' }).click();
    await follows(staff)
      .getByText(/loses access at once, 1 pending invitation/)
      .waitFor();
    await staff.getByRole('radio', { name: /Now/ }).check();
    await follows(staff).getByText('at once', { exact: false }).first().waitFor();
    await staff.getByLabel(/Type/).fill('Fern & Co');
    await picture(staff, '24-delete');
    await staff.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await until('Fern & Co is deleted', async () => (await tenantOf(id)).status === 'deleted');
    expect((await subscription()).status).toBe('canceled');
    await staff.getByRole('button', { name: 'Restore' }).waitFor();
  });
});

describe('a customer that was made in Stripe', () => {
  it('is found by its name, linked with a look at what comes of it, and unlinked', async () => {
    const { id } = await aTenant(world.context, { name: 'Moss Ltd' });
    const { id: customer } = await world.stripe.customers.create({
      name: 'Moss Limited',
      email: 'pay@moss.example',
      payment_method: 'pm_card_visa',
      invoice_settings: { default_payment_method: 'pm_card_visa' },
    });
    await world.stripe.subscriptions.create({ customer, items: [{ price: world.priceId }] });
    await open(staff, id);
    await billing(staff).getByRole('button', { name: 'Link a customer' }).click();
    const dialog = staff.getByRole('dialog');
    await dialog.getByLabel(/Search/).fill(customer);
    await staff.keyboard.press('Enter');
    await dialog.getByText(/hints only/).waitFor();
    await dialog.getByText('Starter', { exact: true }).waitFor();
    expect(await dialog.innerText()).toMatch(/Moss Limited[\s\S]*pay@moss\.example[\s\S]*Starter \(active\)/);
    await dialog.getByRole('radio').check();
    await follows(staff).waitFor();
    await picture(staff, '25-link-customer');
    await dialog.getByRole('button', { name: 'Link customer' }).click();
    await until('Moss Ltd is on Starter', async () => (await tenantOf(id)).planId === 'starter');

    await billing(staff).getByRole('button', { name: 'Unlink' }).click();
    await follows(staff)
      .getByText(/goes on charging/)
      .waitFor();
    await dialog.getByRole('button', { name: 'Unlink' }).click();
    await until('Moss Ltd is on Free', async () => (await tenantOf(id)).planId === 'free');
  });
});

describe('support', () => {
  it('sees what a tenant pays for, and is offered nothing that moves money or plans', async () => {
    const { id } = await aTenant(world.context, { name: 'Clover GmbH' });
    const { id: customer } = await world.stripe.customers.create({
      metadata: { tenantId: id },
      payment_method: 'pm_card_visa',
      invoice_settings: { default_payment_method: 'pm_card_visa' },
    });
    await world.stripe.subscriptions.create({ customer, items: [{ price: world.priceId }] });
    await until('Clover GmbH is on Starter', async () => (await tenantOf(id)).planId === 'starter');
    const support = await signedIn(world, SUPPORT);
    await open(support, id);
    await billing(support).getByText('renews').waitFor();
    expect(await billing(support).getByRole('link', { name: 'Open in Stripe' }).first().getAttribute('href')).toMatch(
      /^https:\/\/dashboard\.stripe\.com\/test\/subscriptions\/sub_/,
    );
    await support.getByRole('button', { name: 'Suspend' }).waitFor();
    const offered = await support.getByRole('button').allInnerTexts();
    expect(offered.filter((name) => /buy|plan|cancel|resume|trial|link|delete/i.test(name))).toEqual([]);
  });
});
