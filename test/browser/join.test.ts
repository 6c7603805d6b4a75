import type { Page } from 'playwright-core';
import { Invitation } from '../../server/invitations/invitation.entity';
import { InvitationOpening } from '../../server/invitations/invitation-opening.entity';
import { Tenant } from '../../server/tenants/tenant.entity';
import { aMembership, anInvitation, aTenant } from '../support/factories';
import { type BrowserWorld, browserWorld, picture } from './world';

const RUN = Date.now().toString(36);
let world: BrowserWorld;
let count = 0;

beforeAll(async () => {
  world = await browserWorld();
}, 60_000);
afterAll(() => world.close());

interface Invited {
  id: string;
  tenantId: string;
  email: string;
  link: string;
}

/** An invitation to a team, with the link that was mailed. */
async function invited(given: { tenantId?: string } = {}): Promise<Invited> {
  count += 1;
  const email = `join-${count}-${RUN}@guest.example`;
  const tenantId = given.tenantId ?? (await aTenant(world.context, { name: `Team ${count}` })).id;
  const { id } = await anInvitation(world.context, { tenantId, email });
  const mail = await world.mailTo(email);
  return { id, tenantId, email, link: /http\S+\/join#token=[\w-]+/.exec(mail.text)![0] };
}

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { name });

/** Signs in where the page asks for it, by the code of the mail that comes after `before`. */
async function signIn(page: Page, email: string, before: number): Promise<void> {
  await page.getByLabel('Email address').fill(email);
  await page.getByRole('button', { name: 'Email me a code' }).click();
  const mail = await world.mailTo(email, before);
  await page.getByLabel('Code').fill(/\b\d{6}\b/.exec(mail.text)![0]);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

const rows = <Row extends object>(entity: new () => Row) => world.context.db.getRepository(entity);
const verb = async (id: string, change: Partial<Invitation>) => rows(Invitation).update({ id }, change as object);

describe('the page behind a link', () => {
  it('names team, inviter, role and address, asks nobody else, keeps the token to itself and changes nothing', async () => {
    const { id, email, link } = await invited();
    const page = await world.person(390, 'dark');
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    const before = await rows(Invitation).findOneByOrFail({ id });
    await page.goto(link);
    await heading(page, /^Join Team/).waitFor();
    await page.getByText(`invites ${email} as member`).waitFor();
    expect(new Set(asked.map((url) => new URL(url).origin))).toEqual(new Set([world.url]));
    const token = link.split('=')[1]!;
    expect(asked.slice(1).filter((url) => url.includes(token))).toEqual([]);
    expect(page.url()).not.toContain(token);
    expect(await page.evaluate(() => document.referrer + document.cookie)).not.toContain(token);
    const answer = await page.request.post(`${world.url}/v1/invitations/preview`, { data: { token } });
    expect(answer.headers()).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    expect(await rows(Invitation).findOneByOrFail({ id })).toEqual(before);
    expect(await rows(InvitationOpening).countBy({ invitationId: id })).toBeGreaterThan(0);
    await picture(page, 'join-01-phone-dark');
  });

  it('survives the sign-up in between, and a reload', async () => {
    const { id, email, link } = await invited();
    const page = await world.person();
    await page.goto(link);
    await page.getByLabel('Email address').waitFor();
    expect(await page.getByLabel('Email address').inputValue()).toBe(email);
    await page.reload();
    await signIn(page, email, 1);
    await page.getByRole('button', { name: 'Accept the invitation' }).click();
    await page.waitForURL(/\/t\/ten_/);
    expect((await rows(Invitation).findOneByOrFail({ id })).status).toBe('accepted');
  });

  it('offers both ways to whoever is signed in as somebody else', async () => {
    const first = await invited();
    const page = await world.person();
    await page.goto(first.link);
    await signIn(page, first.email, 1);
    await page.getByRole('button', { name: 'Accept the invitation' }).click();
    await page.waitForURL(/\/t\/ten_/);
    const second = await invited();
    await page.goto(second.link);
    await page
      .getByText(`You are signed in as ${first.email}, and the invitation was sent to ${second.email}`)
      .waitFor();
    await page.getByRole('button', { name: `Accept as ${first.email}` }).waitFor();
    await picture(page, 'join-02-somebody-else');
    await page.getByRole('button', { name: `Sign in as ${second.email}` }).click();
    await signIn(page, second.email, 1);
    await page.getByRole('button', { name: 'Accept the invitation' }).click();
    await page.waitForURL(new RegExp(second.tenantId));
  });

  it('takes a member there, and leaves the invitation for whom it is meant', async () => {
    const first = await invited();
    const page = await world.person();
    await page.goto(first.link);
    await signIn(page, first.email, 1);
    await page.getByRole('button', { name: 'Accept the invitation' }).click();
    await page.waitForURL(/\/t\/ten_/);
    const second = await invited({ tenantId: first.tenantId });
    await page.goto(second.link);
    await page.getByText('There is nothing to accept.').waitFor();
    await picture(page, 'join-03-member');
    await page.getByRole('link', { name: /^Go to Team/ }).click();
    await page.waitForURL(new RegExp(first.tenantId));
    expect((await rows(Invitation).findOneByOrFail({ id: second.id })).status).toBe('pending');
  });

  it.each<[string, (one: Invited) => Promise<unknown>, string, RegExp]>([
    [
      'has expired',
      ({ id }) => verb(id, { expiresAt: new Date(0) }),
      'This invitation has expired',
      /Ask for it to be sent again/,
    ],
    [
      'was withdrawn',
      ({ id }) => verb(id, { status: 'revoked', pending: null }),
      'This invitation was withdrawn',
      /Ask for a new one/,
    ],
    [
      'was replaced',
      ({ id }) => verb(id, { tokenHash: `replaced-${id}` }),
      'A newer invitation was sent to you',
      /Open the link in the newest mail/,
    ],
    [
      'is to a suspended team',
      ({ tenantId }) => rows(Tenant).update({ id: tenantId }, { status: 'suspended' }),
      'This team is suspended',
      /Ask whoever invited you/,
    ],
    [
      'is to a deleted team',
      ({ tenantId }) => rows(Tenant).update({ id: tenantId }, { status: 'deleted', deletedAt: new Date() }),
      'This team is gone',
      /is not available any more/,
    ],
    [
      'is to a team without a seat',
      async ({ tenantId }) => {
        await aMembership(world.context, { tenantId });
        await rows(Tenant).update({ id: tenantId }, { seatLimit: 1 });
      },
      'This team is full',
      /Ask Tenantry to free one, then open this link again/,
    ],
  ])('of an invitation that %s says so, and what to do', async (_what, happen, title, sentence) => {
    const one = await invited();
    await happen(one);
    const page = await world.person(390);
    await page.goto(one.link);
    await heading(page, title).waitFor();
    await page.getByText(sentence).waitFor();
    await page.getByRole('link', { name: 'Go to your teams' }).waitFor();
    // Nothing else is told: neither the team, nor whoever invited to it.
    expect(await page.getByText(/Team \d/).count()).toBe(0);
    await picture(page, `join-04-${title.toLowerCase().replaceAll(' ', '-')}`);
    await page.context().close();
  });

  it('of a used one says so to whoever else opens it', async () => {
    const one = await invited();
    const page = await world.person();
    await page.goto(one.link);
    await signIn(page, one.email, 1);
    await page.getByRole('button', { name: 'Accept the invitation' }).click();
    await page.waitForURL(/\/t\/ten_/);
    const other = await world.person(390);
    await other.goto(one.link);
    await heading(other, 'This invitation was accepted already').waitFor();
    await other.getByText('If it was you who accepted it').waitFor();
    await page.context().close();
    await other.context().close();
  });

  it('of an incomplete link, and of none, says what to do', async () => {
    const page = await world.person(390);
    await page.goto(`${world.url}/join#token=abc`);
    await heading(page, 'This link is not complete').waitFor();
    const fresh = await world.person(390);
    await fresh.goto(`${world.url}/join`);
    await heading(fresh, 'No invitation here').waitFor();
  });
});
