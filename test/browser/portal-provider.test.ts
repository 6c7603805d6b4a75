import type { Page } from 'playwright-core';
import { anInvitation, aTenant } from '../support/factories';
import { type OidcProvider, oidcProvider } from '../support/oidc';
import { addressOf, isSound, mailReader } from './portal-person';
import { type BrowserWorld, browserWorld } from './world';

const OLGA = { sub: 'olga', email: addressOf('olga'), email_verified: true, name: 'Olga Berg' };

let world: BrowserWorld;
let provider: OidcProvider;
let mails: ReturnType<typeof mailReader>;
beforeAll(async () => {
  world = await browserWorld(async (url) => {
    provider = await oidcProvider(url);
    return provider.env;
  });
  mails = mailReader(world);
}, 60_000);
afterAll(async () => {
  await world.close();
  provider.stop();
});

const enter = (page: Page) => page.getByRole('button', { name: 'Continue with Acme ID' }).click();
const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { name });

describe('with a provider in the settings', () => {
  it('a new user comes in with one click, and has a team', async () => {
    await provider.person(OLGA);
    const page = await world.person();
    await page.goto(world.url);
    await page.getByRole('button', { name: 'Continue with Acme ID' }).waitFor();
    await isSound(page, '30-provider');
    await enter(page);
    await page.getByRole('link', { name: /^Olga.*team owner$/ }).waitFor();
    expect(page.url()).not.toContain('code=');
    await page.reload();
    await page.getByRole('link', { name: /^Olga.*team owner$/ }).waitFor();
  });

  it('who says no there is told so, and can still use a code', async () => {
    await provider.person({ error: 'access_denied' });
    const page = await world.person(390, 'dark');
    await page.goto(world.url);
    await enter(page);
    await page.getByText('The sign-in at Acme ID was cancelled. Nothing has changed.').waitFor();
    await isSound(page, '31-provider-refused');
    await page.reload();
    await page.getByLabel('Email address').waitFor();
    expect(await page.getByText('was cancelled').count()).toBe(0);
    await mails.signIn(page, addressOf('nick'));
    await heading(page, 'Your teams').waitFor();
  });

  it('an invitation outlives the way there and back', async () => {
    const email = addressOf('iris');
    const { id: tenantId } = await aTenant(world.context, { name: 'Rocket Lab' });
    await anInvitation(world.context, { tenantId, email });
    const page = await world.person();
    await page.goto(await mails.link(email));
    await heading(page, 'Join Rocket Lab').waitFor();
    await provider.person({ sub: 'iris', email, email_verified: true, name: 'Iris' });
    await enter(page);
    await page.getByRole('button', { name: 'Accept the invitation' }).click();
    await heading(page, 'Rocket Lab').waitFor();
  });

  it('the identity there can be added to an account, and taken away', async () => {
    const page = await world.person();
    await page.goto(`${world.url}/profile`);
    await mails.signIn(page, addressOf('lena'));
    await provider.person({ sub: 'lena', email: 'lena@elsewhere.example', email_verified: true });
    await page.getByRole('button', { name: 'Add Acme ID' }).click();
    await page.getByText('You can sign in with Acme ID as well from now on.').waitFor();
    await isSound(page, '32-provider-added');
    const entry = page.getByRole('listitem').filter({ hasText: provider.issuer });
    await entry.getByText('lena@elsewhere.example').waitFor();
    await entry.getByRole('button').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await entry.waitFor({ state: 'detached' });
  });

  it('an identity that is in a team already is not taken over', async () => {
    const page = await world.person();
    await page.goto(`${world.url}/profile`);
    await mails.signIn(page, addressOf('mona'));
    await provider.person(OLGA);
    await page.getByRole('button', { name: 'Add Acme ID' }).click();
    await page.getByText('That identity has an account of its own').waitFor();
    expect(await page.getByRole('listitem').filter({ hasText: provider.issuer }).count()).toBe(0);
  });
});
