import type { Page } from 'playwright-core';
import { systemActor } from '../../server/audit/actor';
import { stripeCause } from '../../server/billing/cause';
import { StripeEvent } from '../../server/billing/stripe-event.entity';
import { syncCustomer } from '../../server/billing/sync-customer';
import { createOperator } from '../../server/operators/create-operator';
import { Plan } from '../../server/plans/plan.entity';
import { Tenant } from '../../server/tenants/tenant.entity';
import { aCustomer, aPlan, aTenant } from '../support/factories';
import { type BrowserWorld, browserWorld, OPERATOR, picture, signedIn, until } from './world';

let world: BrowserWorld;
let admin: Page;

const planOf = async (id: string) => (await world.context.db.getRepository(Tenant).findOneByOrFail({ id })).planId;

/** A price of Stripe's that no plan knows. */
async function aPrice(productName: string, unit_amount: number): Promise<string> {
  const { id: product } = await world.stripe.products.create({ name: productName });
  const recurring = { interval: 'month' as const };
  return (await world.stripe.prices.create({ product, currency: 'eur', unit_amount, recurring })).id;
}

/** A tenant that pays a price, as it was read of Stripe. */
async function aPayer(name: string, price: string): Promise<{ tenantId: string; customerId: string }> {
  const { id: tenantId } = await aTenant(world.context, { name });
  const { id: customerId } = await world.stripe.customers.create({
    name,
    email: 'billing@secret.example',
    payment_method: 'pm_card_visa',
    invoice_settings: { default_payment_method: 'pm_card_visa' },
  });
  await aCustomer(world.context, { id: customerId, tenantId });
  await world.stripe.subscriptions.create({ customer: customerId, items: [{ price }] });
  await syncCustomer(world.context, world.stripe, customerId, stripeCause, { waitMs: 10_000 });
  return { tenantId, customerId };
}

beforeAll(async () => {
  world = await browserWorld();
  admin = await signedIn(world, OPERATOR);
}, 90_000);
afterAll(() => world.close());

describe('a price that no plan knows', () => {
  let priceId: string;
  let tenantId: string;

  beforeAll(async () => {
    priceId = await aPrice('Team', 4900);
    ({ tenantId } = await aPayer('Unmapped Ltd', priceId));
    await aPlan(world.context, { id: 'team', name: 'Team', rank: 20, seatLimit: 25, stripePriceIds: [] });
  }, 30_000);

  it('stands on the page of the plans with who pays it and what', async () => {
    await admin.goto(`${world.url}/admin/plans`);
    const row = admin.getByRole('listitem').filter({ hasText: priceId });
    await row.getByText('€49.00 a month', { exact: true }).waitFor();
    expect(await row.innerText()).toMatch(/1 subscription of 1 tenant, €49.00 a month/);
    await picture(admin, '50-unmapped-prices');
  });

  it('is mapped once it was seen which tenant changes plan, which then does', async () => {
    await admin
      .getByRole('listitem')
      .filter({ hasText: priceId })
      .getByRole('button', { name: /Map to a plan/ })
      .click();
    const dialog = admin.getByRole('dialog');
    const go = dialog.getByRole('button', { name: 'Map the price' });
    expect(await go.isDisabled()).toBe(true);
    await dialog.getByLabel('Plan').click();
    await admin.getByRole('option', { name: 'Team' }).click();
    await dialog.getByText('1 tenant changes plan: 1 tenant lifted.').waitFor();
    const row = dialog.getByRole('row', { name: /Unmapped Ltd/ });
    expect(await row.innerText()).toMatch(/Free → Team[\s\S]*25 seats[\s\S]*€49.00/);
    expect(await planOf(tenantId)).toBe('free');
    await picture(admin, '51-map-price');
    await go.click();
    await admin.getByText('None: every price that is paid earns a plan.').waitFor();
    await until('Unmapped Ltd is on Team', async () => (await planOf(tenantId)) === 'team');
  }, 60_000);
});

describe('the form of a plan', () => {
  it("picks a price of Stripe's by its product, suggests its text, and saves at once where nobody changes", async () => {
    const priceId = await aPrice('Yearly workshop', 9900);
    await admin.goto(`${world.url}/admin/plans/starter`);
    // The account's prices were read before this one was made.
    await admin.getByRole('button', { name: 'Read Stripe’s prices again' }).click();
    await admin.getByLabel('Add a price of Stripe’s').fill('workshop');
    await admin.getByRole('option', { name: /Yearly workshop/ }).click();
    await admin.getByRole('button', { name: /Show the price as “€99.00 a month”/ }).click();
    await picture(admin, '52-plan-form');
    await admin.getByRole('button', { name: 'Save' }).click();
    await admin.waitForURL(/plans\/starter\/show/);
    await admin.getByText(priceId).first().waitFor();
    expect((await world.context.db.getRepository(Plan).findOneByOrFail({ id: 'starter' })).priceText).toBe(
      '€99.00 a month',
    );
    await picture(admin, '53-plan');
  }, 60_000);

  it('asks before it saves a change that touches tenants', async () => {
    await aPlan(world.context, { id: 'contract', name: 'Contract', kind: 'custom', rank: 40 });
    await aTenant(world.context, { name: 'Signed AG', basePlanId: 'contract' });
    await admin.goto(`${world.url}/admin/plans/contract`);
    await admin.getByLabel('Seats', { exact: true }).fill('7');
    await admin.getByRole('button', { name: 'Save' }).click();
    const dialog = admin.getByRole('dialog');
    await dialog.getByRole('row', { name: /Signed AG[\s\S]*no limit → 7 seats/ }).waitFor();
    await picture(admin, '54-what-if');
    await dialog.getByRole('button', { name: 'Save and change them' }).click();
    await admin.waitForURL(/plans\/contract\/show/);
    expect((await world.context.db.getRepository(Plan).findOneByOrFail({ id: 'contract' })).seatLimit).toBe(7);
  });
});

describe('a plan that is retired', () => {
  it('takes those whose base plan it was to its successor, once it is typed whom that lowers', async () => {
    await aPlan(world.context, { id: 'legacy', name: 'Legacy', kind: 'custom', rank: 35 });
    const { id } = await aTenant(world.context, { name: 'Veteran GmbH', basePlanId: 'legacy' });
    await admin.goto(`${world.url}/admin/plans/legacy/show`);
    await admin.getByRole('button', { name: 'Retire' }).click();
    const dialog = admin.getByRole('dialog');
    await dialog.getByText('1 tenant with this base plan keeps it, since no plan follows it.').waitFor();
    await dialog.getByLabel('Successor').click();
    await admin.getByRole('option', { name: 'Free' }).click();
    await dialog.getByRole('row', { name: /Veteran GmbH/ }).waitFor();
    const go = dialog.getByRole('button', { name: 'Retire the plan' });
    expect(await go.isDisabled()).toBe(true);
    await dialog.getByLabel(/to confirm/).fill('lower 1 tenant');
    await picture(admin, '55-retire');
    await go.click();
    await admin.getByText(/Retired: nobody new can choose it/).waitFor();
    await until('Veteran GmbH has left', async () => (await planOf(id)) === 'free');
    await picture(admin, '56-retired');
  }, 60_000);
});

describe("an event of Stripe's", () => {
  it('shows its payload masked, what it led to, and how it is replayed', async () => {
    const { customerId } = await aPayer('Payload Ltd', world.priceId);
    const events = world.context.db.getRepository(StripeEvent);
    await until('its events came', () =>
      events.existsBy({ customerId, type: 'customer.created', status: 'processed' }),
    );
    const { id } = await events.findOneByOrFail({ customerId, type: 'customer.created' });
    await admin.goto(`${world.url}/admin/stripe-events`);
    await admin.getByPlaceholder('evt_… or cus_…').fill(id);
    await admin.getByRole('row', { name: new RegExp(`customer.created.*${customerId}`) }).click();
    await admin.getByText('What it led to').waitFor();
    await admin.getByRole('link', { name: 'Payload Ltd' }).waitFor();
    const payload = await admin.getByLabel('Payload as JSON').innerText();
    expect(payload).toContain(customerId);
    expect(payload).toContain('"email": "••••"');
    expect(payload).not.toMatch(/secret\.example|Payload Ltd/);
    await picture(admin, '57-event');
    await admin.getByRole('button', { name: 'Replay' }).click();
    await admin.getByRole('dialog').getByRole('button', { name: 'Replay' }).click();
    await admin.getByText(/Replayed by Ada/).waitFor();
  }, 60_000);

  it('keeps its payload from viewers', async () => {
    const email = 'vic@example.com';
    await createOperator(world.context.db, systemActor, {
      email,
      name: 'Vic',
      role: 'viewer',
      password: OPERATOR.password,
    });
    const viewer = await signedIn(world, { email, password: OPERATOR.password });
    const [event] = await world.context.db.getRepository(StripeEvent).find({ take: 1 });
    await viewer.goto(`${world.url}/admin/stripe-events/${event!.id}/show`);
    await viewer.getByText('Payloads are for support and admins.').waitFor();
    expect(await viewer.getByRole('button', { name: 'Replay' }).count()).toBe(0);
  });
});

describe('on a phone, in the dark', () => {
  it('plans and events fit', async () => {
    const phone = await signedIn(world, OPERATOR, 390, 'dark');
    const [event] = await world.context.db.getRepository(StripeEvent).find({ where: { status: 'processed' }, take: 1 });
    const pages = {
      plans: 'Prices no plan knows',
      'plans/starter/show': 'History',
      [`stripe-events/${event!.id}/show`]: 'What it led to',
    };
    for (const [n, [path, sign]] of Object.entries(pages).entries()) {
      await phone.goto(`${world.url}/admin/${path}`);
      await phone.getByText(sign).waitFor();
      const wider = await phone.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(wider).toBeLessThanOrEqual(0);
      await picture(phone, `58-phone-${n}`);
    }
  }, 60_000);
});
