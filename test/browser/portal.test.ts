import type { Page } from 'playwright-core';
import { Tenant } from '../../server/tenants/tenant.entity';
import { addressOf, faultsOf, isSound, mailReader } from './portal-person';
import { type BrowserWorld, browserWorld, until } from './world';

const VERA = addressOf('vera');
const WORK = addressOf('vera-work');
const OTTO = addressOf('otto');

let world: BrowserWorld;
let vera: Page;
let mail: ReturnType<typeof mailReader>;
beforeAll(async () => {
  world = await browserWorld();
  mail = mailReader(world);
  vera = await world.person();
}, 60_000);
afterAll(() => world.close());

describe("a customer's user in the portal", () => {
  it('signs in by a code and has a first team', async () => {
    await vera.goto(world.url);
    await vera.getByRole('heading', { name: 'Sign in' }).waitFor();
    await isSound(vera, '01-sign-in');
    await mail.signIn(vera, VERA);
    await vera.getByRole('heading', { name: 'Your teams' }).waitFor();
    await vera.getByRole('link', { name: /team owner/ }).waitFor();
    await isSound(vera, '02-home');
  });

  it('makes a second team, and goes from one to the other by the keyboard alone', async () => {
    await vera.getByLabel('Name of a new team').fill('Rocket Lab');
    await vera.keyboard.press('Enter');
    await vera.getByRole('heading', { name: 'Rocket Lab' }).waitFor();
    await vera.goto(world.url);
    await vera.getByLabel('Find a team').focus();
    await vera.keyboard.type('rock');
    await vera.keyboard.press('ArrowDown');
    await vera.keyboard.press('Enter');
    await vera.waitForURL(/\/t\/ten_/);
    await vera.goto(world.url);
    await vera.getByLabel('Find a team').waitFor();
    const first = vera.locator('a.choice').first();
    expect(await first.innerText()).toMatch(/Rocket Lab[\s\S]*opened last/);
    await vera.getByLabel('Find a team').focus();
    await vera.keyboard.type('vera');
    await vera.keyboard.press('Enter');
    await vera.getByRole('heading', { name: /vera.*team/ }).waitFor();
    await vera.getByRole('button', { name: 'Switch team' }).focus();
    await vera.keyboard.press('Enter');
    await vera.getByRole('dialog').waitFor();
    await isSound(vera, '02-switch');
    await vera.keyboard.press('Escape');
    await vera.getByRole('dialog').waitFor({ state: 'hidden' });
    await vera.keyboard.press('Enter');
    await vera.keyboard.type('rocket');
    await vera.keyboard.press('Enter');
    await vera.getByRole('heading', { name: 'Rocket Lab' }).waitFor();
    await vera.getByRole('dialog').waitFor({ state: 'hidden' });
  });

  it('tells the own name, and ties a second address to the account', async () => {
    await vera.getByRole('link', { name: 'Profile' }).click();
    await vera.getByLabel('Your name').fill('Vera Vogel');
    await vera.getByRole('button', { name: 'Save' }).click();
    await vera.getByText('Your name is saved.').waitFor();
    await vera.getByRole('button', { name: 'Add another address' }).click();
    await vera.getByLabel('Another address of yours').fill(WORK);
    await vera.getByRole('button', { name: 'Email me a code' }).click();
    await vera.getByLabel('Code').fill(await mail.code(WORK));
    await vera.getByRole('button', { name: 'Add this address' }).click();
    await vera.getByText(`You can sign in with ${WORK} as well`).waitFor();
    await isSound(vera, '03-profile');
    const second = await world.person(390, 'dark');
    await second.goto(world.url);
    await mail.signIn(second, WORK);
    await second.getByRole('link', { name: /Rocket Lab/ }).waitFor();
    await second.goto(`${world.url}/profile`);
    await second.getByText('Chrome on Linux').first().waitFor();
    await isSound(second, '04-profile-phone');
    await second.context().close();
  });

  it('sees every page sound, light and dark, wide and narrow', async () => {
    const phone = await world.person(390, 'dark');
    await phone.context().addCookies(await vera.context().cookies());
    for (const page of [vera, phone])
      for (const tab of ['', '/team', '/plan', '/settings']) {
        await page.goto(world.url);
        await page.getByRole('link', { name: /Rocket Lab/ }).click();
        await page.waitForURL(/\/t\/ten_/);
        await page.goto(`${page.url()}${tab}`);
        await page.getByRole('heading', { name: 'Rocket Lab' }).waitFor();
        await page.waitForLoadState('networkidle');
        expect([page === phone, tab, await faultsOf(page)]).toEqual([page === phone, tab, []]);
      }
    await phone.context().close();
  });

  it('deletes a team by typing its name, and brings it back', async () => {
    await vera.goto(world.url);
    await vera.getByRole('link', { name: /Rocket Lab/ }).click();
    await vera.getByRole('link', { name: 'Settings' }).click();
    const remove = vera.getByRole('button', { name: 'Delete for everybody' });
    expect(await remove.isDisabled()).toBe(true);
    await vera.getByLabel(/to confirm/).fill('Rocket Lab');
    await remove.click();
    await vera.getByText('can be restored until').waitFor();
    await isSound(vera, '05-deleted');
    const tenants = world.context.db.getRepository(Tenant);
    expect((await tenants.findOneByOrFail({ name: 'Rocket Lab' })).status).toBe('deleted');
    await vera.getByRole('button', { name: 'Restore' }).click();
    await vera.getByRole('heading', { name: 'Rocket Lab' }).waitFor();
    expect((await tenants.findOneByOrFail({ name: 'Rocket Lab' })).status).toBe('active');
  });

  it('invites a colleague, hands the team over to them, and leaves it', async () => {
    const otto = await world.person();
    await otto.goto(world.url);
    await mail.signIn(otto, OTTO);
    await otto.getByRole('heading', { name: 'Your teams' }).waitFor();
    await vera.getByRole('link', { name: 'Team', exact: true }).click();
    await vera.getByLabel('Email address').fill(OTTO);
    await vera.getByRole('button', { name: /invite/i }).click();
    await otto.goto(await mail.link(OTTO));
    await otto.getByRole('button', { name: /^accept/i }).click();
    await otto.waitForURL(/\/t\/ten_/);
    await vera.reload();
    await vera.getByText(OTTO).first().waitFor();
    await isSound(vera, '06-team');
    await vera.getByRole('link', { name: 'Settings' }).click();
    await vera.getByLabel('New owner').selectOption({ label: OTTO });
    await vera.getByRole('button', { name: 'Hand over' }).click();
    await isSound(vera, '07-hand-over');
    await vera.getByRole('dialog').getByRole('button', { name: 'Hand over' }).click();
    await vera.getByText('is the owner of this team now, and you are an admin of it').waitFor();
    expect(await vera.getByLabel('New owner').count()).toBe(0);
    await vera.getByRole('link', { name: 'Overview' }).click();
    await vera.getByText('You are an admin').waitFor();
    await vera.getByRole('link', { name: 'Team', exact: true }).click();
    await vera.getByRole('button', { name: /leave/i }).click();
    await vera.getByRole('dialog').getByRole('button', { name: /leave/i }).click();
    await vera.getByRole('heading', { name: 'Your teams' }).waitFor();
    expect(await vera.getByRole('link', { name: /Rocket Lab/ }).count()).toBe(0);
    await otto.reload();
    await otto.getByText('You are an owner').waitFor();
    await otto.context().close();
  });

  it('signs out everywhere: another browser has to sign in again', async () => {
    const other = await world.person();
    await other.goto(world.url);
    await mail.signIn(other, VERA);
    await other.getByRole('heading', { name: 'Your teams' }).waitFor();
    await vera.getByRole('link', { name: 'Profile' }).click();
    await vera.getByRole('button', { name: 'Sign out everywhere' }).click();
    await vera.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere' }).click();
    await vera.getByRole('heading', { name: 'Sign in' }).waitFor();
    await until('the other browser is signed out', async () => {
      await other.reload();
      return other.getByLabel('Email address').isVisible();
    });
  });
});
