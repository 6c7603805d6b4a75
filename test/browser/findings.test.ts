import type { Page } from 'playwright-core';
import type Stripe from 'stripe';
import { systemActor } from '../../server/audit/actor';
import { stripeCause } from '../../server/billing/cause';
import { Finding } from '../../server/billing/finding.entity';
import { StripeEvent } from '../../server/billing/stripe-event.entity';
import { failCustomerEvents, syncCustomer } from '../../server/billing/sync-customer';
import { newId } from '../../server/db/id';
import { createOperator } from '../../server/operators/create-operator';
import { Tenant } from '../../server/tenants/tenant.entity';
import { aCustomer, aTenant } from '../support/factories';
import { type BrowserWorld, browserWorld, OPERATOR, picture } from './world';

let world: BrowserWorld;
let admin: Page;
let support: Page;
let viewer: Page;

async function signIn(page: Page, email: string): Promise<Page> {
  await page.goto(`${world.url}/admin/`);
  await page.fill('input[name=username]', email);
  await page.fill('input[name=password]', OPERATOR.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Tenants by plan').waitFor();
  return page;
}

async function signInAs(role: 'support' | 'viewer', name: string): Promise<Page> {
  const email = `${role}@example.com`;
  await createOperator(world.context.db, systemActor, { email, name, role, password: OPERATOR.password });
  return signIn(await world.person(), email);
}

beforeAll(async () => {
  // Nothing but what is clicked here may heal a lost webhook.
  world = await browserWorld(async () => ({ STRIPE_CATCH_UP_SECONDS: '3600' }));
  world.standIn.world.faults.dropWebhooks = true;
  admin = await signIn(await world.person(), OPERATOR.email);
  support = await signInAs('support', 'Sam');
  viewer = await signInAs('viewer', 'Vic');
}, 90_000);
afterAll(() => world.close());

const findings = () => world.context.db.getRepository(Finding);
const planOf = async (id: string) => (await world.context.db.getRepository(Tenant).findOneByOrFail({ id })).planId;

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 15_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 100)))
    if (await holds()) return;
  throw new Error(`Within 15 s it did not come to this: ${what}.`);
}

/** Somebody who pays for Starter in Stripe, of which no webhook told us. */
async function silentPayer(metadata: Record<string, string> = {}, price = world.priceId) {
  const { id: customerId } = await world.stripe.customers.create({
    payment_method: 'pm_card_visa',
    invoice_settings: { default_payment_method: 'pm_card_visa' },
  });
  const items = [{ price }];
  const { id: subscriptionId } = await world.stripe.subscriptions.create({ customer: customerId, items, metadata });
  return { customerId, subscriptionId };
}

async function aFinding(tenantId: string, given: Partial<Finding> = {}): Promise<string> {
  const id = newId('fnd');
  const now = world.context.now();
  await findings().insert({
    id,
    fingerprint: id,
    kind: 'seat-overrun',
    cause: 'seat-overrun',
    severity: 'warning',
    summary: `Too many members, as finding ${id} tells.`,
    firstSeenAt: now,
    lastSeenAt: now,
    ...given,
    tenantId,
  });
  return id;
}

describe('a customer who is locked out by a dropped webhook', () => {
  let tenantId: string;

  it('is found by support, still on Free though the checkout was paid', async () => {
    tenantId = (await aTenant(world.context, { name: 'Locked Out Ltd' })).id;
    await admin.goto(`${world.url}/admin/tenants/${tenantId}/show`);
    const checkoutUrl = await admin.evaluate(async (id) => {
      const answer = await fetch(`/api/tenants/${id}/buy-link`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ planId: 'starter' }),
      });
      return ((await answer.json()) as { checkoutUrl: string }).checkoutUrl;
    }, tenantId);
    const customer = await world.person();
    await customer.goto(checkoutUrl);
    await customer.getByRole('button', { name: /^Pay/ }).click();
    await customer.waitForURL(new RegExp(`/t/${tenantId}`));

    await support.goto(`${world.url}/admin/tenants`);
    await support.getByPlaceholder('Name or id').fill('Locked');
    await support.getByRole('row', { name: /Locked Out Ltd/ }).click();
    await support.getByText('from its base plan').waitFor();
    expect(await planOf(tenantId)).toBe('free');
    // Why: nothing that earns more is known of.
    await support.locator('#why-this-plan').getByText('by the base plan').waitFor();
    await picture(support, '39-locked-out');
  });

  it('is repaired by “Sync now”, after which the page says that Stripe earns the plan', async () => {
    await support.getByRole('button', { name: 'Sync now' }).click();
    await support.getByRole('dialog').getByRole('button', { name: 'Sync now' }).click();
    await until('Locked Out Ltd is on Starter', async () => (await planOf(tenantId)) === 'starter');
    await support.reload();
    await support.getByText('from a Stripe subscription').waitFor();
    await support.locator('#why-this-plan').getByText('by a subscription').waitFor();
    await support.getByText(/^verified just now/).waitFor();
  });
});

describe('an event that could not be worked off', () => {
  let tenantId: string;
  let findingId: string;

  beforeAll(async () => {
    tenantId = (await aTenant(world.context, { name: 'Broken GmbH' })).id;
    const { customerId } = await silentPayer();
    await aCustomer(world.context, { id: customerId, tenantId });
    const at = { createdAt: new Date(), receivedAt: new Date() };
    const event = { type: 'customer.subscription.created', customerId, livemode: false, payload: {}, ...at };
    const state = { status: 'received' as const, source: 'webhook' as const };
    await world.context.db.getRepository(StripeEvent).insert({ ...event, ...state, id: 'evt_broken' });
    await failCustomerEvents(world.context, customerId, 'The handler broke.');
    findingId = (await findings().findOneByOrFail({ kind: 'handler-failed', customerId })).id;
  }, 30_000);

  it('stands in the inbox and on the page of its tenant, and is explained', async () => {
    await support.goto(`${world.url}/admin/tenants/${tenantId}/show`);
    await support.getByRole('heading', { name: '1 open finding' }).waitFor();
    await support.getByRole('link', { name: 'Open the inbox' }).click();
    await support.getByRole('row', { name: /Event not worked off/ }).click();
    await support.waitForURL(new RegExp(`/findings/${findingId}/show`));
    await support.getByText('What it means').waitFor();
    await support.getByText('Show the failed events').waitFor();
    await picture(support, '40-finding');
  });

  it('shows what the repair leads to, is replayed, and closes', async () => {
    await support.getByRole('button', { name: 'Replay the failed events' }).click();
    const dialog = support.getByRole('dialog');
    const radius = dialog.getByRole('region', { name: 'What this leads to' });
    await radius.getByText('Starter', { exact: true }).waitFor();
    expect(await radius.innerText()).toMatch(/Free\s*→\s*Starter\s*at once/);
    await dialog.getByText('The finding closes by it.').waitFor();
    await picture(support, '41-repair');
    expect(await planOf(tenantId)).toBe('free');
    await dialog.getByRole('button', { name: 'Replay the failed events' }).click();
    await dialog.getByText('The finding closed.', { exact: false }).waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
    await support.getByText('It closed when Sam had Stripe read again').waitFor();
    expect(await planOf(tenantId)).toBe('starter');
    await support.getByText('finding.repair').waitFor();
    await picture(support, '42-settled');
  });
});

describe('an orphan customer', () => {
  let tenantId: string;
  let findingId: string;

  beforeAll(async () => {
    tenantId = (await aTenant(world.context, { name: 'Rightful Owner AG' })).id;
    const { customerId, subscriptionId } = await silentPayer({ tenantId });
    await syncCustomer(world.context, world.stripe, customerId, stripeCause);
    findingId = (await findings().findOneByOrFail({ kind: 'orphan-subscription', subscriptionId })).id;
  }, 30_000);

  it('is shown to support with its money, but only an admin may link it', async () => {
    await support.goto(`${world.url}/admin/findings?filter=${encodeURIComponent('{"status":"open"}')}`);
    const row = support.getByRole('row', { name: /Paid, but no tenant/ });
    expect(await row.innerText()).toContain('€29.00');
    await row.click();
    await support.getByText('An admin can do it from here').waitFor();
    expect(await support.getByRole('button', { name: 'Link the customer to a tenant' }).count()).toBe(0);
  });

  it('is linked to the suggested tenant, which then gets what the customer pays for', async () => {
    await admin.goto(`${world.url}/admin/findings/${findingId}/show`);
    await admin.getByRole('button', { name: 'Link the customer to a tenant' }).click();
    const dialog = admin.getByRole('dialog');
    const tenant = dialog.getByRole('combobox', { name: 'Tenant' });
    await dialog
      .getByText('Suggested, since the subscription’s metadata in Stripe name it', { exact: false })
      .waitFor();
    await until('the suggestion is chosen', async () => (await tenant.inputValue()) === 'Rightful Owner AG');
    await dialog.getByRole('region', { name: 'What this leads to' }).waitFor();
    const go = dialog.getByRole('button', { name: 'Link the customer to a tenant' });
    expect(await go.isDisabled()).toBe(true);
    await dialog.getByLabel(/to confirm/).fill('link');
    await until('it can be done', () => go.isEnabled());
    await picture(admin, '43-link-orphan');
    await go.click();
    await dialog.getByText('The finding closed.', { exact: false }).waitFor();
    await picture(admin, '43-linked');
    expect(await planOf(tenantId)).toBe('starter');
  });
});

describe('a price that no plan has', () => {
  let tenantId: string;

  beforeAll(async () => {
    tenantId = (await aTenant(world.context, { name: 'Old Price Ltd' })).id;
    const { id: product } = await world.stripe.products.create({ name: 'Old product' });
    const recurring = { interval: 'month' } as const;
    const made = { product, currency: 'eur', unit_amount: 4900, recurring };
    const { id: price } = await world.stripe.prices.create(made);
    const { customerId } = await silentPayer({}, price);
    await aCustomer(world.context, { id: customerId, tenantId });
    await syncCustomer(world.context, world.stripe, customerId, stripeCause);
  }, 30_000);

  it('is mapped to a plan once it is seen whom that moves; what Stripe can’t tell is said, and asked again', async () => {
    const { id } = await findings().findOneByOrFail({ kind: 'unknown-price', tenantId });
    await admin.goto(`${world.url}/admin/findings/${id}/show`);
    await admin.getByRole('button', { name: 'Map the price to a plan' }).click();
    const dialog = admin.getByRole('dialog');
    await dialog.getByText('€49.00 a month', { exact: false }).waitFor();
    await dialog.getByText('Choose, and what follows from it shows here.').waitFor();
    world.standIn.world.faults.failNext = 3;
    await dialog.getByRole('combobox', { name: 'Plan' }).click();
    await admin.getByRole('option', { name: 'Starter' }).click();
    await dialog.getByText('Stripe can not be reached just now', { exact: false }).waitFor();
    await dialog.getByLabel(/to confirm/).fill('map');
    const go = dialog.getByRole('button', { name: 'Map the price to a plan' });
    expect(await go.isDisabled()).toBe(true);
    await dialog.getByRole('button', { name: 'Try again' }).click();
    await dialog.getByRole('region', { name: 'What this leads to' }).waitFor();
    await until('it can be done', () => go.isEnabled());
    await picture(admin, '43-map-price');
    await go.click();
    await dialog.getByText('The finding closed.', { exact: false }).waitFor();
    expect(await planOf(tenantId)).toBe('starter');
  });
});

describe('a difference that stays', () => {
  it('is told before the sync and after it', async () => {
    const { id: tenantId } = await aTenant(world.context, { name: 'Odd Ltd' });
    const { customerId, subscriptionId } = await silentPayer();
    await aCustomer(world.context, { id: customerId, tenantId });
    world.standIn.world.state.subscriptions.get(subscriptionId)!.status = 'odd' as Stripe.Subscription.Status;
    await syncCustomer(world.context, world.stripe, customerId, stripeCause);
    const { id } = await findings().findOneByOrFail({ kind: 'unknown-status', subscriptionId });
    await support.goto(`${world.url}/admin/findings/${id}/show`);
    await support.getByRole('button', { name: 'Sync now' }).click();
    const dialog = support.getByRole('dialog');
    await dialog.getByText('Stripe still says the same', { exact: false }).waitFor();
    await dialog.getByRole('button', { name: 'Sync now' }).click();
    await dialog.getByText('the difference is still there', { exact: false }).waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
    await support.getByText('What to do').waitFor();
  });
});

describe('many findings at once', () => {
  let tenantId: string;
  let inbox: string;

  beforeAll(async () => {
    tenantId = (await aTenant(world.context, { name: 'Crowded Ltd' })).id;
    inbox = `${world.url}/admin/findings?filter=${encodeURIComponent(JSON.stringify({ status: 'open', tenantId }))}`;
  });

  it('are snoozed until a day, and stand under “Snoozed” until then', async () => {
    for (const _ of [1, 2]) await aFinding(tenantId);
    const morning = new Date();
    morning.setDate(morning.getDate() + 7);
    morning.setHours(9, 0, 0, 0);
    await support.goto(inbox);
    await support.getByRole('checkbox', { name: 'Select all' }).click();
    await support.getByRole('button', { name: 'Snooze' }).click();
    const dialog = support.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Next week' }).click();
    await dialog.getByRole('button', { name: 'Snooze' }).click();
    await dialog.getByText('2 findings snoozed.').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
    await support.getByRole('tab', { name: /^Snoozed/ }).click();
    await support
      .getByText(`back ${new Intl.DateTimeFormat('en-US', { dateStyle: 'medium' }).format(morning)}`)
      .first()
      .waitFor();
    await picture(support, '44-snoozed');
    const until = (await findings().findBy({ tenantId })).map(({ snoozedUntil }) => snoozedUntil);
    expect(until).toEqual([morning, morning]);
  });

  it('are dismissed with a reason, and of each is told what became of it', async () => {
    await aFinding(tenantId, { atRiskAmount: '4900', atRiskCurrency: 'eur' });
    const gone = await aFinding(tenantId);
    await support.goto(inbox);
    await support.getByRole('checkbox', { name: 'Select all' }).click();
    await findings().update({ id: gone }, { status: 'resolved', resolvedAt: new Date() });
    await support.getByRole('button', { name: 'Dismiss' }).click();
    const dialog = support.getByRole('dialog');
    const go = dialog.getByRole('button', { name: 'Dismiss' });
    expect(await go.isDisabled()).toBe(true);
    await dialog.getByLabel('Reason').fill('Agreed with sales');
    await go.click();
    await dialog.getByText('1 finding dismissed.', { exact: false }).waitFor();
    await dialog.getByText('The difference is gone', { exact: false }).waitFor();
    await picture(support, '45-dismissed');
    await dialog.getByRole('button', { name: 'Close' }).click();
    await support.getByText('Nothing fits these filters.').waitFor();
    expect(await findings().countBy({ tenantId, status: 'dismissed', dismissedReason: 'Agreed with sales' })).toBe(1);
  });

  it('are taken by whoever works on them, and stand under “Mine”', async () => {
    const id = await aFinding(tenantId);
    await support.goto(`${world.url}/admin/findings/${id}/show`);
    await support.getByRole('button', { name: 'Assign to me' }).click();
    await support.getByRole('dialog').getByRole('button', { name: 'Assign to me' }).click();
    await until('Sam owns it', async () => (await findings().findOneByOrFail({ id })).ownerId !== null);
    await support.goto(`${world.url}/admin/findings`);
    await support.getByRole('tab', { name: /^Mine/ }).click();
    await support.getByText(`as finding ${id} tells`, { exact: false }).waitFor();
  });
});

describe('a finding that closed by itself', () => {
  const by = { type: 'worker' as const, id: 'reconciliation', name: 'reconciliation', eventId: null, runId: null };

  it.each([
    ['a run', { ...by, runId: 'run_1' }, 'a reconcile run found no difference any more', '/reconcile-runs/run_1/show'],
    ['an event', { ...by, eventId: 'evt_1' }, 'an event from Stripe', '/stripe-events/evt_1/show'],
    ['a decision', by, 'the plan was decided anew', null],
  ])('says so, and leads to %s that closed it', async (_what, resolvedBy, text, address) => {
    const { id: tenantId } = await aTenant(world.context);
    const id = await aFinding(tenantId, { status: 'resolved', resolvedAt: new Date(), resolvedBy });
    await viewer.goto(`${world.url}/admin/findings/${id}/show`);
    const told = viewer.getByRole('alert').filter({ hasText: 'It closed by itself' });
    await told.getByText(text, { exact: false }).waitFor();
    const links = await told.getByRole('link').evaluateAll((all) => all.map((one) => one.getAttribute('href')));
    expect(links).toEqual(address ? [`/admin${address}`] : []);
  });
});

describe('a viewer', () => {
  it('reads the inbox and a finding, and is offered nothing to do', async () => {
    const { id: tenantId } = await aTenant(world.context, { name: 'Watched Ltd' });
    const id = await aFinding(tenantId, { kind: 'unknown-status', cause: 'unknown-status' });
    await viewer.goto(`${world.url}/admin/findings`);
    await viewer.getByRole('row', { name: /Watched Ltd/ }).waitFor();
    expect(await viewer.getByRole('checkbox').count()).toBe(0);
    expect(await viewer.getByRole('tab', { name: /^Mine/ }).count()).toBe(0);
    await viewer.goto(`${world.url}/admin/findings/${id}/show`);
    await viewer.getByText('What it means').waitFor();
    for (const name of ['Sync now', 'Assign to me', 'Snooze', 'Dismiss', 'Reopen'])
      expect(await viewer.getByRole('button', { name }).count()).toBe(0);
  });
});

it("works at a phone's width, light and dark, without scrolling sideways", async () => {
  const { id } = (await findings().find({ order: { id: 'ASC' }, take: 1 }))[0]!;
  for (const scheme of ['light', 'dark'] as const) {
    const phone = await world.person(390, scheme);
    await phone.context().addCookies(await admin.context().cookies());
    for (const [name, address] of [
      ['inbox', '/admin/findings'],
      ['finding', `/admin/findings/${id}/show`],
    ] as const) {
      await phone.goto(`${world.url}${address}`);
      await phone
        .getByText(name === 'inbox' ? 'as finding' : 'First seen')
        .first()
        .waitFor();
      const overflow = await phone.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(overflow).toBeLessThanOrEqual(0);
      await picture(phone, `46-phone-${scheme}-${name}`);
    }
  }
});
