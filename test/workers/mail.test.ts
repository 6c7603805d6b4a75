import { systemActor } from '../../server/audit/actor';
import { AuditEntry } from '../../server/audit/audit.entity';
import { inTransaction } from '../../server/db/transaction';
import { Email } from '../../server/emails/email.entity';
import { queueEmail } from '../../server/emails/queue-email';
import { MailServerAway, sendEmail } from '../../server/emails/send-email';
import { openTransport } from '../../server/emails/transport';
import { lockInvitation, resendInvitation, revokeInvitation } from '../../server/invitations/change-invitation';
import { Invitation } from '../../server/invitations/invitation.entity';
import { OutboxRow } from '../../server/jobs/outbox.entity';
import { RetrySoon } from '../../server/jobs/settle';
import { makeContext, type TestContext } from '../support/context';
import { anInvitation } from '../support/factories';
import { type SmtpServer, smtpServer } from './fake-smtp';

let made: TestContext;
let smtp: SmtpServer;
let transport: ReturnType<typeof openTransport>;
beforeAll(async () => {
  smtp = await smtpServer();
  made = await makeContext({ SMTP_URL: smtp.url, STRIPE_API_BASE: 'http://127.0.0.1:9' });
  transport = openTransport(smtp.url);
});
afterAll(async () => {
  transport.close();
  await smtp.close();
  await made.close();
});
beforeEach(() => {
  smtp.messages.length = 0;
  smtp.refuseWith = undefined;
});

const emails = () => made.context.db.getRepository(Email);
const emailsOf = (invitationId: string) => emails().find({ where: { invitationId }, order: { id: 'ASC' } });
const emailOf = async (invitationId: string) => (await emailsOf(invitationId))[0]!;
const jobOf = (subject: string) =>
  made.context.db.getRepository(OutboxRow).findOneByOrFail({ kind: 'send-email', subject });
const invitationNow = (id: string) => made.context.db.getRepository(Invitation).findOneByOrFail({ id });
const send = (id: string) => sendEmail(made.context, transport, id);
/** The message as people read it: quoted-printable undone. */
const readable = (message: string) => message.replace(/=\n/g, '').replace(/=3D/g, '=');

describe('an invitation mail', () => {
  it('is sent as HTML and text with the link, and everything that follows is written at once', async () => {
    const { id } = await anInvitation(made.context);
    const email = await emailOf(id);
    await send(email.id);
    expect(smtp.messages).toHaveLength(1);
    const message = readable(smtp.messages[0]!);
    expect(message).toContain(`Message-ID: ${email.messageId}`);
    expect(message).toMatch(/Auto-Submitted: auto-generated/i);
    expect(message).toContain('text/plain');
    expect(message).toContain('text/html');
    const links = message.match(/http:\/\/localhost:4380\/join#token=[\w-]{43}/g);
    expect(new Set(links).size).toBe(1);
    expect(await emailOf(id)).toMatchObject({
      status: 'sent',
      sealedSecret: null,
      attempts: 1,
      smtpResponse: expect.stringContaining('250'),
    });
    expect(await invitationNow(id)).toMatchObject({
      deliveryStatus: 'sent',
      sentCount: 1,
      lastSentAt: expect.any(Date),
    });
    expect((await jobOf(email.id)).status).toBe('done');
    expect(
      await made.context.db.getRepository(AuditEntry).countBy({ resourceId: email.id, action: 'email.send' }),
    ).toBe(1);
  });

  it('goes out once, however many workers try', async () => {
    const { id } = await anInvitation(made.context);
    const email = await emailOf(id);
    const tries = await Promise.allSettled([send(email.id), send(email.id), send(email.id)]);
    await send(email.id);
    for (const one of tries) if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(RetrySoon);
    expect(smtp.messages).toHaveLength(1);
    expect((await invitationNow(id)).sentCount).toBe(1);
  });

  it('is taken over from a worker that died, with the same Message-ID', async () => {
    const { id } = await anInvitation(made.context);
    const email = await emailOf(id);
    await emails().update({ id: email.id }, { status: 'sending', claimedAt: new Date(Date.now() - 121_000) });
    await send(email.id);
    expect(smtp.messages[0]).toContain(email.messageId);
  });

  it('is not sent after the invitation was revoked or sent anew', async () => {
    const { context } = made;
    const revoked = await anInvitation(context);
    await inTransaction(context.db, async (tx) => {
      const { invitation } = await lockInvitation(tx, revoked.id);
      await revokeInvitation(tx, context, systemActor, invitation);
    });
    await emails().update({ invitationId: revoked.id }, { status: 'queued', lastError: null });
    await send((await emailOf(revoked.id)).id);
    expect(await emailOf(revoked.id)).toMatchObject({ status: 'failed', lastError: 'withdrawn', sealedSecret: null });

    const resent = await anInvitation(context);
    const older = await emailOf(resent.id);
    await inTransaction(context.db, async (tx) => {
      const { invitation, tenant } = await lockInvitation(tx, resent.id);
      await resendInvitation(tx, context, systemActor, invitation, tenant);
    });
    await emails().update({ id: older.id }, { status: 'queued', sealedSecret: older.sealedSecret });
    await send(older.id);
    expect(smtp.messages).toHaveLength(0);
    const newer = (await emailsOf(resent.id)).find((one) => one.id !== older.id)!;
    await send(newer.id);
    expect(smtp.messages).toHaveLength(1);
    expect(await invitationNow(resent.id)).toMatchObject({ deliveryStatus: 'sent', sentCount: 1 });
  });
});

describe('a mail server that does not take the message', () => {
  it('fails it for good on 5xx, and erases the token', async () => {
    smtp.refuseWith = '550 no such user';
    const { id } = await anInvitation(made.context);
    const email = await emailOf(id);
    await send(email.id);
    expect(await emailOf(id)).toMatchObject({
      status: 'failed',
      sealedSecret: null,
      lastError: expect.stringContaining('550'),
    });
    expect((await invitationNow(id)).deliveryStatus).toBe('failed');
    expect((await jobOf(email.id)).status).toBe('done');
  });

  it('keeps it for another try on 4xx, token and all', async () => {
    smtp.refuseWith = '451 come back later';
    const { id } = await anInvitation(made.context);
    const email = await emailOf(id);
    await expect(send(email.id)).rejects.toMatchObject({ responseCode: 451 });
    expect(await emailOf(id)).toMatchObject({ status: 'queued', sealedSecret: email.sealedSecret });
    smtp.refuseWith = undefined;
    await send(email.id);
    expect(smtp.messages[0]).toContain(email.messageId);
  });

  it('says that it is away, and keeps the message', async () => {
    const away = openTransport('smtp://127.0.0.1:9');
    const { id } = await anInvitation(made.context);
    const email = await emailOf(id);
    await expect(sendEmail(made.context, away, email.id)).rejects.toBeInstanceOf(MailServerAway);
    expect(await emailOf(id)).toMatchObject({ status: 'queued', sealedSecret: email.sealedSecret });
    away.close();
  });
});

it('sends a sign-in code, and escapes what people wrote', async () => {
  const { context } = made;
  const [code, contact] = await inTransaction(context.db, async (tx) => [
    await queueEmail(tx, context, { kind: 'sign-in-code', to: 'ann@example.com', data: {}, secret: '482913' }),
    await queueEmail(tx, context, {
      kind: 'contact',
      to: 'ops@example.com',
      data: { name: '<img src=x>', email: 'ann@example.com', message: 'Hi\n\n<script>alert(1)</script>' },
    }),
  ]);
  await send(code!);
  expect(smtp.messages[0]).toContain('482913');
  await send(contact!);
  const html = readable(smtp.messages[1]!).split('text/html')[1]!;
  expect(html).not.toContain('<script>');
  expect(html).not.toContain('<img');
  expect(smtp.messages[1]).toContain('Reply-To: ann@example.com');
});
