import type { Page } from 'playwright-core';
import { type BrowserWorld, browserWorld, OPERATOR, picture } from './world';

// The mailbox outlives a run: each run's guest has an address of its own.
const GUEST = `nia-${Date.now().toString(36)}@newcomer.example`;

let world: BrowserWorld;
let staff: Page;
let guest: Page;

beforeAll(async () => {
  world = await browserWorld();
  staff = await world.person();
  guest = await world.person(390);
}, 60_000);
afterAll(() => world.close());

describe('the story of a newcomer, step by step', () => {
  it('lets an operator sign in and create a tenant', async () => {
    await staff.goto(`${world.url}/admin/`);
    await staff.fill('input[name=username]', OPERATOR.email);
    await staff.fill('input[name=password]', OPERATOR.password);
    await picture(staff, '01-sign-in');
    await staff.getByRole('button', { name: 'Sign in' }).click();
    await staff.getByText('Tenants by plan').waitFor();
    await picture(staff, '02-overview');
    await staff.goto(`${world.url}/admin/tenants/create`);
    await staff.getByLabel('Name').fill('Newcomer Ltd');
    await staff.getByRole('button', { name: 'Save' }).click();
    await staff.getByRole('heading', { name: 'Plan history' }).waitFor();
    await staff.getByText('from its base plan').waitFor();
  });

  it('mails the invitation that the operator makes', async () => {
    await staff.getByRole('link', { name: 'Invite' }).click();
    await staff.getByLabel('Email').fill(GUEST);
    await staff.getByLabel('Role').click();
    await staff.getByRole('option', { name: 'owner' }).click();
    await staff.getByRole('button', { name: 'Save' }).click();
    await staff.getByRole('heading', { name: GUEST, exact: true }).waitFor();
    const mail = await world.mailTo(GUEST);
    expect(mail.subject).toContain('Newcomer Ltd');
    expect(mail.text).toMatch(/\/join#token=[\w-]{43}/);
  });

  it('names tenant and inviter on the page behind the link, signs in by a code and accepts by a click', async () => {
    const invitation = await world.mailTo(GUEST);
    await guest.goto(/http\S+\/join#token=[\w-]+/.exec(invitation.text)![0]);
    await guest.getByRole('heading', { name: 'Join Newcomer Ltd' }).waitFor();
    await guest.getByText(`Ada invites ${GUEST}`).waitFor();
    expect(guest.url()).not.toContain('token');
    await picture(guest, '03-join-phone');
    await guest.getByLabel('Email address').fill(GUEST);
    await guest.getByRole('button', { name: 'Email me a code' }).click();
    const code = /\b\d{6}\b/.exec((await world.mailTo(GUEST, 1)).text)![0];
    await guest.locator('input[autocomplete="one-time-code"]').fill(code);
    await guest.getByRole('button', { name: /sign in/i }).click();
    await guest.getByRole('button', { name: /^(accept|join)/i }).click();
    await guest.waitForURL(/\/t\/ten_/);
    await picture(guest, '04-joined-phone');
  });

  it('buys a plan at Stripe and comes back to it', async () => {
    const tenantUrl = /^.*\/t\/ten_\w+/.exec(guest.url())![0];
    await guest.goto(`${tenantUrl}/plan`);
    await guest.getByRole('heading', { name: 'Starter' }).waitFor();
    await picture(guest, '05-plans-phone');
    await guest
      .getByRole('button', { name: /choose|buy|upgrade/i })
      .first()
      .click();
    await guest.waitForURL(/\/checkout\//);
    await picture(guest, '06-checkout-phone');
    await guest.getByRole('button', { name: /^Decline/ }).click();
    await guest
      .getByText(/declined/i)
      .first()
      .waitFor();
    await guest.getByRole('button', { name: /^Pay/ }).click();
    await guest.waitForURL(/\/plan/);
    await guest.getByText('Thank you. You are on Starter now.').waitFor();
    await picture(guest, '07-bought-phone');
  });

  it('shows plan, history and audit trail changed on the tenant page', async () => {
    await staff.goto(`${world.url}/admin/tenants`);
    await staff.getByText('Newcomer Ltd').click();
    await staff.getByText('from a Stripe subscription').waitFor();
    await staff.getByText('tenant.change-plan').waitFor();
    await staff.getByText('invitation.accept').waitFor();
    await picture(staff, '08-tenant');
  });

  it("works at a phone's width, light and dark, without scrolling sideways", async () => {
    const phone = await world.person(390, 'dark');
    await phone.context().addCookies(await staff.context().cookies());
    const tenantPage = new URL(staff.url()).pathname;
    for (const address of ['/admin/', '/admin/tenants', '/admin/invitations', tenantPage]) {
      await phone.goto(`${world.url}${address}`);
      await phone.getByRole('main').waitFor();
      await phone.waitForTimeout(800);
      const overflow = await phone.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(overflow).toBeLessThanOrEqual(0);
      await picture(phone, `09-phone-dark${address.replaceAll('/', '-')}`);
    }
  });
});
