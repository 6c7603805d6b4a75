import type { Page } from 'playwright-core';
import { Email } from '../../server/emails/email.entity';
import { Invitation } from '../../server/invitations/invitation.entity';
import { anInvitation, aTenant } from '../support/factories';
import { type BrowserWorld, browserWorld, OPERATOR, picture, signedIn, until } from './world';

const RUN = Date.now().toString(36);
let world: BrowserWorld;
let staff: Page;

beforeAll(async () => {
  world = await browserWorld();
  staff = await signedIn(world, OPERATOR);
}, 60_000);
afterAll(() => world.close());

const rows = <Row extends object>(entity: new () => Row) => world.context.db.getRepository(entity);
const address = (name: string) => `${name}-${RUN}@guest.example`;

describe('support follows an invitation', () => {
  it('sees what happened, corrects the address, and hands over a link', async () => {
    const wrong = `ann-${RUN}@gmial.com`;
    const { id } = await anInvitation(world.context, { email: wrong });
    await world.mailTo(wrong);
    await staff.goto(`${world.url}/admin/invitations/${id}/show`);
    await staff.getByText('Mail handed to the mail server').waitFor();
    await staff.getByText(`Did you mean ann-${RUN}@gmail.com?`).waitFor();
    await picture(staff, 'invitation-01-mistyped');
    await staff.getByRole('button', { name: 'Correct the address' }).click();
    const right = staff.getByLabel('Right address');
    expect(await right.inputValue()).toBe(`ann-${RUN}@gmail.com`);
    await staff.getByRole('button', { name: 'Correct and send' }).click();
    await staff.getByText('Address corrected by Ada').waitFor();
    const mail = await world.mailTo(`ann-${RUN}@gmail.com`);
    const mailed = /http\S+\/join#token=[\w-]+/.exec(mail.text)![0];
    // The next fresh link must wait a minute: the sending is made older instead.
    await world.context.db.query('UPDATE invitation_tokens SET createdAt = createdAt - INTERVAL 2 MINUTE');
    await staff.getByRole('button', { name: 'Copy a fresh link' }).click();
    await staff.getByRole('button', { name: 'Make the link' }).click();
    const link = await staff.getByRole('textbox', { name: 'Link' }).inputValue();
    await picture(staff, 'invitation-02-link');
    await staff.getByRole('button', { name: 'Close' }).click();
    const guest = await world.person(390);
    await guest.goto(mailed);
    await guest.getByRole('heading', { name: 'A newer invitation was sent to you' }).waitFor();
    await guest.goto(link);
    await guest.getByRole('heading', { name: /^Join/ }).waitFor();
    await staff.getByText('Fresh link made by Ada').waitFor();
    await guest.context().close();
  });

  it('resends many at once, and is told of each', async () => {
    const { id: tenantId } = await aTenant(world.context, { name: `Bulk ${RUN}` });
    const made = [];
    for (let n = 0; n < 13; n += 1)
      made.push(await anInvitation(world.context, { tenantId, email: address(`bulk${n}`) }));
    await rows(Invitation).update({ id: made[3]!.id }, { status: 'revoked', pending: null });
    await staff.goto(`${world.url}/admin/invitations?filter=${encodeURIComponent(JSON.stringify({ tenantId }))}`);
    await staff.getByText(address('bulk12')).waitFor();
    await staff.getByRole('checkbox').first().check();
    await staff.getByRole('button', { name: 'Resend' }).click();
    await picture(staff, 'invitation-03-bulk');
    await staff.getByRole('dialog').getByRole('button', { name: 'Resend' }).click();
    await staff.getByText('12 invitations queued.').waitFor();
    await staff.getByText('1 invitation refused').waitFor();
    await staff.getByText('This invitation was withdrawn').waitFor();
    await picture(staff, 'invitation-04-bulk-done');
    await staff.getByRole('button', { name: 'Close' }).click();
    await until('each has a second mail', async () => (await rows(Email).countBy({ tenantId })) === 25);
  });
});

describe('a list of people', () => {
  it('is pasted with faults, looked at line by line, and invited; the same again sends nothing', async () => {
    const { id: tenantId } = await aTenant(world.context, { name: `Import ${RUN}` });
    const open = async () => {
      await staff.goto(`${world.url}/admin/invitations`);
      await staff.getByRole('button', { name: 'Invite many' }).click();
      await staff.getByRole('dialog').getByLabel('Tenant').fill(`Import ${RUN}`);
      await staff.getByRole('option', { name: new RegExp(`Import ${RUN}`) }).click();
    };
    const csv = `email,role\n${address('one')},admin\n${address('ONE')}\nnonsense\n${address('two')},emperor\n${address('three')}`;
    await open();
    await staff.getByLabel('List').fill(csv);
    await staff.getByRole('button', { name: 'Preview' }).click();
    await staff.getByText('2 mails go out. 3 lines left out.').waitFor();
    await staff.getByText('It stands in line 2 already.').waitFor();
    await staff.getByText('This is no email address.').waitFor();
    await staff.getByText('The role must be one of').waitFor();
    await picture(staff, 'import-01-preview');
    expect(await rows(Invitation).countBy({ tenantId })).toBe(0);
    await staff.getByRole('button', { name: 'Invite 2 people' }).click();
    await staff.getByText('2 invitations are on the way.').waitFor();
    await picture(staff, 'import-02-done');
    await staff.getByRole('button', { name: 'Close' }).click();
    expect((await world.mailTo(address('one'))).subject).toContain(`Import ${RUN}`);
    await open();
    await staff
      .locator('input[type=file]')
      .setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(`\uFEFF${csv}`) });
    await until('the file is read', async () => (await staff.getByLabel('List').inputValue()).includes('emperor'));
    await staff.getByRole('button', { name: 'Preview' }).click();
    await staff.getByText('Nobody on this list can be invited').waitFor();
    expect(await staff.getByRole('button', { name: /^Invite 0/ }).isDisabled()).toBe(true);
    expect(await rows(Email).countBy({ tenantId })).toBe(2);
  });

  it('beyond the seats is refused before anything is sent, on a phone too', async () => {
    const { id: tenantId } = await aTenant(world.context, { name: `Full ${RUN}`, seatLimit: 1 });
    const phone = await world.person(390, 'dark');
    await phone.context().addCookies(await staff.context().cookies());
    await phone.goto(`${world.url}/admin/invitations`);
    await phone.getByRole('button', { name: 'Invite many' }).click();
    await phone.getByRole('dialog').getByLabel('Tenant').fill(`Full ${RUN}`);
    await phone.getByRole('option', { name: new RegExp(`Full ${RUN}`) }).click();
    await phone.getByLabel('List').fill(`${address('a')}\n${address('b')}`);
    await phone.getByRole('button', { name: 'Preview' }).click();
    await phone.getByText('2 people would be invited, and 1 seat is free.').waitFor();
    expect(await phone.getByRole('button', { name: 'Invite 2 people' }).isDisabled()).toBe(true);
    await picture(phone, 'import-03-phone');
    expect(await rows(Invitation).countBy({ tenantId })).toBe(0);
  });
});
