import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { AuditEntry } from '../../server/audit/audit.entity';
import { Email } from '../../server/emails/email.entity';
import { EmailEvent } from '../../server/emails/email-event.entity';
import { queueEmail } from '../../server/emails/queue-email';
import { sendEmail } from '../../server/emails/send-email';
import { providerIdIn } from '../../server/emails/settle-emails';
import { Suppression } from '../../server/emails/suppression.entity';
import { Invitation } from '../../server/invitations/invitation.entity';
import { anInvitation } from '../support/factories';
import { type SignedIn, startServer, type TestServer } from '../support/server';

const SECRET = 'a secret of thirty-two characters or more';
const MAILGUN_KEY = 'mailgun-signing-key';
const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

let server: TestServer;
let support: SignedIn;
beforeAll(async () => {
  server = await startServer({
    EMAIL_WEBHOOK_SECRET: SECRET,
    MAILGUN_SIGNING_KEY: MAILGUN_KEY,
    SENDGRID_WEBHOOK_PUBLIC_KEY: pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
  });
  support = await server.signIn('support');
});
afterAll(() => server.close());

const rows = <Row extends object>(entity: new () => Row) => server.context.db.getRepository(entity);
const unique = () => randomBytes(6).toString('hex');
const seconds = () => Math.floor(+server.context.now() / 1000);
const codeOf = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code];

/** An invitation whose mail has gone out. */
async function sent(email = `guest-${unique()}@example.com`) {
  const { id, tenantId } = await anInvitation(server.context, { email });
  const mail = await rows(Email).findOneByOrFail({ invitationId: id });
  await rows(Email).update({ id: mail.id }, { status: 'sent', sealedSecret: null, sentAt: new Date() });
  await rows(Invitation).update({ id }, { deliveryStatus: 'sent' });
  return { id, tenantId, email, mail };
}

interface Told {
  id?: string;
  type: string;
  messageId: string;
  detail?: string;
  at?: string;
}

const signed = (text: string, at = seconds(), key = SECRET) =>
  `t=${at},v1=${createHmac('sha256', key).update(`${at}.${text}`).digest('hex')}`;
const post = (text: string, signature = signed(text), path = '/webhooks/email') =>
  server.anonymous().post(path).set('Content-Type', 'application/json').set('Tenantry-Signature', signature).send(text);
const tell = (...events: Told[]) =>
  post(
    JSON.stringify(
      events.map(({ id = unique(), at = server.context.now().toISOString(), ...told }) => ({ id, at, ...told })),
    ),
  );

describe('what the generic webhook tells', () => {
  it('delivered: the message and nothing else says so', async () => {
    const { id, mail } = await sent();
    await tell({ type: 'delivered', messageId: mail.messageId }).expect(200);
    expect((await rows(Email).findOneByOrFail({ id: mail.id })).deliveredAt).not.toBeNull();
    expect((await rows(Invitation).findOneByOrFail({ id })).deliveryStatus).toBe('sent');
  });

  it('bounced: the invitation says so, the address is not mailed again until it is cleared', async () => {
    const { id, tenantId, email, mail } = await sent(`ann-${unique()}@gmial.com`);
    await tell({ type: 'bounced', messageId: mail.messageId, detail: '550 no such user' }).expect(200);
    expect(await rows(Email).findOneByOrFail({ id: mail.id })).toMatchObject({
      status: 'bounced',
      lastError: '550 no such user',
    });
    expect((await rows(Invitation).findOneByOrFail({ id })).deliveryStatus).toBe('bounced');
    const refused = await support.agent.post(`/api/invitations/${id}/resend`).send({}).expect(409);
    expect(refused.body).toMatchObject({ code: 'address_bounced', detail: expect.stringContaining('@gmail.com?') });
    const other = { tenantId, email: email.toUpperCase(), role: 'member' };
    await support.agent.post(`/api/invitations/${id}/revoke`).send({}).expect(200);
    const again = await support.agent.post('/api/invitations').send(other).expect(409);
    expect(Object.keys(again.body.errors)).toEqual(['email']);
    const { body: list } = await support.agent
      .get('/api/suppressions')
      .query({ filter: JSON.stringify({ email }) })
      .expect(200);
    expect(list).toMatchObject([{ email, reason: 'bounced', detail: '550 no such user', emailId: mail.id }]);
    expect(list[0]).not.toHaveProperty('emailKey');
    const viewer = await server.signIn('viewer');
    await viewer.agent.post(`/api/suppressions/${list[0].id}/clear`).send({}).expect(403);
    await support.agent.post(`/api/suppressions/${list[0].id}/clear`).send({}).expect(200);
    await support.agent.post(`/api/suppressions/${list[0].id}/clear`).send({}).expect(404);
    await support.agent.post('/api/invitations').send(other).expect(201);
    const audits = await rows(AuditEntry).find({ where: { action: 'suppression.clear' }, order: { id: 'DESC' } });
    expect(audits[0]?.resourceId).toBe(list[0].id);
  });

  it('bounced, of an older mail: the newest one decides what the invitation says', async () => {
    const { id, mail } = await sent();
    await support.agent.post(`/api/invitations/${id}/resend`).send({}).expect(200);
    await tell({ type: 'bounced', messageId: mail.messageId }).expect(200);
    expect((await rows(Invitation).findOneByOrFail({ id })).deliveryStatus).toBe('queued');
  });

  it('deferred changes nothing but the trace; complained stops further mail', async () => {
    const { id, email, mail } = await sent();
    await tell({ type: 'deferred', messageId: mail.messageId, detail: 'greylisted' }).expect(200);
    expect(await rows(Suppression).countBy({ email })).toBe(0);
    await tell({ type: 'complained', messageId: mail.messageId }).expect(200);
    expect(await rows(Suppression).findOneByOrFail({ email })).toMatchObject({ reason: 'complained' });
    expect((await rows(Invitation).findOneByOrFail({ id })).deliveryStatus).toBe('sent');
    const { body } = await support.agent.get(`/api/emails/${mail.id}`).expect(200);
    expect(body.events.map(({ kind }: { kind: string }) => kind)).toEqual(['deferred', 'complained']);
  });

  it('twice, late and at the same time: each event counts once, and a delivery does not undo a bounce', async () => {
    const { mail } = await sent();
    const event = { id: unique(), type: 'bounced', messageId: mail.messageId };
    const answers = await Promise.all([tell(event), tell(event), tell(event)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    await tell({ type: 'delivered', messageId: mail.messageId }).expect(200);
    expect(await rows(EmailEvent).countBy({ emailId: mail.id, kind: 'bounced' })).toBe(1);
    expect((await rows(Email).findOneByOrFail({ id: mail.id })).status).toBe('bounced');
    expect(await rows(AuditEntry).countBy({ action: 'email.bounce', resourceId: mail.id })).toBe(1);
  });

  it('of an unknown message, or of an unknown kind: taken, and changes nothing', async () => {
    const { mail } = await sent();
    const id = unique();
    await tell(
      { id, type: 'bounced', messageId: '<nobody@example.com>' },
      { type: 'opened', messageId: mail.messageId },
    ).expect(200);
    expect(await rows(EmailEvent).findOneByOrFail({ providerEventId: id })).toMatchObject({ emailId: null });
    expect((await rows(Email).findOneByOrFail({ id: mail.id })).status).toBe('sent');
  });

  it('while the message is being sent: asked to come again', async () => {
    const { mail } = await sent();
    await rows(Email).update({ id: mail.id }, { status: 'sending' });
    const { status, headers } = await tell({ type: 'bounced', messageId: mail.messageId });
    expect([status, headers['retry-after']]).toEqual([503, '5']);
    expect(await rows(EmailEvent).countBy({ emailId: mail.id })).toBe(0);
  });

  it('finds a message by what its server calls it', async () => {
    const { mail } = await sent();
    await rows(Email).update({ id: mail.id }, { providerMessageId: '4F2B1C0' });
    await tell({ type: 'delivered', messageId: '4F2B1C0' }).expect(200);
    expect((await rows(Email).findOneByOrFail({ id: mail.id })).deliveredAt).not.toBeNull();
  });
});

describe('who may tell', () => {
  const body = JSON.stringify([{ id: 'x', type: 'bounced', messageId: 'y', at: '2026-11-27T00:00:00Z' }]);
  it.each<[string, () => string]>([
    ['no signature', () => ''],
    ['a signature by another key', () => signed(body, seconds(), 'x'.repeat(32))],
    ['a signature of another body', () => signed(`${body} `)],
    ['a signature of ten minutes ago', () => signed(body, seconds() - 600)],
    ['a signature of the future', () => signed(body, seconds() + 600)],
    ['a signature of no time', () => `t=x,v1=${createHmac('sha256', SECRET).update(`x.${body}`).digest('hex')}`],
  ])('%s is refused, and nothing is kept', async (_what, signature) => {
    const before = await rows(EmailEvent).count();
    expect(codeOf(await post(body, signature()))).toEqual([400, 'bad_signature']);
    expect(await rows(EmailEvent).count()).toBe(before);
  });

  it('bad JSON, missing fields and too large a body are told apart', async () => {
    expect(codeOf(await post('{'))).toEqual([400, 'bad_event']);
    expect((await post('[{"id":"x"}]')).status).toBe(400);
    expect((await post(`"${'x'.repeat(1_100_000)}"`)).status).toBe(413);
  });

  it('without a key the address does not exist', async () => {
    const bare = await startServer();
    try {
      for (const path of ['', '/mailgun', '/sendgrid'])
        await bare.anonymous().post(`/webhooks/email${path}`).send({}).expect(404);
    } finally {
      await bare.close();
    }
  });
});

describe('Mailgun', () => {
  const event = (messageId: string, data: object, key = MAILGUN_KEY, timestamp = String(seconds())) => {
    const token = unique();
    const signature = createHmac('sha256', key).update(`${timestamp}${token}`).digest('hex');
    return server
      .anonymous()
      .post('/webhooks/email/mailgun')
      .send({
        signature: { timestamp, token, signature },
        'event-data': {
          id: unique(),
          timestamp: seconds() + 0.5,
          message: { headers: { 'message-id': messageId.replace(/[<>]/g, '') } },
          ...data,
        },
      });
  };

  it.each<[object, string, boolean]>([
    [
      { event: 'failed', severity: 'permanent', 'delivery-status': { message: 'no such user', code: 550 } },
      'bounced',
      true,
    ],
    [{ event: 'failed', severity: 'temporary' }, 'deferred', false],
    [{ event: 'complained' }, 'complained', true],
    [{ event: 'delivered' }, 'delivered', false],
  ])('%j is %s', async (data, kind, suppressed) => {
    const { email, mail } = await sent();
    await event(mail.messageId, data).expect(200);
    expect((await rows(EmailEvent).findOneByOrFail({ emailId: mail.id })).kind).toBe(kind);
    expect(await rows(Suppression).countBy({ email })).toBe(suppressed ? 1 : 0);
  });

  it('is refused with another key, or an old signature; clicks and the like are taken and left', async () => {
    const { mail } = await sent();
    expect(codeOf(await event(mail.messageId, { event: 'delivered' }, 'other'))).toEqual([400, 'bad_signature']);
    const old = String(seconds() - 10 * 60);
    expect(codeOf(await event(mail.messageId, { event: 'delivered' }, MAILGUN_KEY, old))).toEqual([
      400,
      'bad_signature',
    ]);
    await event(mail.messageId, { event: 'clicked' }).expect(200);
    expect(await rows(EmailEvent).countBy({ emailId: mail.id })).toBe(0);
  });
});

describe('SendGrid', () => {
  const events = (list: object[], key = pair.privateKey) => {
    const text = JSON.stringify(list);
    const timestamp = String(seconds());
    const signature = sign('sha256', Buffer.from(timestamp + text), key).toString('base64');
    return server
      .anonymous()
      .post('/webhooks/email/sendgrid')
      .set('Content-Type', 'application/json')
      .set('X-Twilio-Email-Event-Webhook-Signature', signature)
      .set('X-Twilio-Email-Event-Webhook-Timestamp', timestamp)
      .send(text);
  };
  const one = (messageId: string, given: object) => ({
    sg_event_id: unique(),
    'smtp-id': messageId,
    timestamp: seconds(),
    email: 'x@example.com',
    ...given,
  });

  it('tells of many at once', async () => {
    const [first, second, third] = [await sent(), await sent(), await sent()];
    await events([
      one(first.mail.messageId, { event: 'bounce', type: 'bounce', reason: '550 gone' }),
      one(second.mail.messageId, { event: 'bounce', type: 'blocked', reason: 'try later' }),
      one(third.mail.messageId, { event: 'delivered', response: '250 OK' }),
      one(third.mail.messageId, { event: 'open' }),
    ]).expect(200);
    const kinds = await Promise.all(
      [first, second, third].map(async ({ mail }) =>
        (await rows(EmailEvent).findBy({ emailId: mail.id })).map(({ kind }) => kind),
      ),
    );
    expect(kinds).toEqual([['bounced'], ['deferred'], ['delivered']]);
  });

  it('is refused with another key', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    expect(codeOf(await events([], other.privateKey))).toEqual([400, 'bad_signature']);
    await server.anonymous().post('/webhooks/email/sendgrid').send([]).expect(400);
  });
});

describe('a message that waits for an address which came back meanwhile', () => {
  const transport = { sendMail: jest.fn(), verify: jest.fn(), close: jest.fn() };
  it.each<['bounced' | 'complained', 'invitation' | 'sign-in-code', boolean]>([
    ['bounced', 'invitation', false],
    ['complained', 'invitation', false],
    ['bounced', 'sign-in-code', false],
    ['complained', 'sign-in-code', true],
  ])('%s: %s goes out: %p', async (reason, kind, goes) => {
    transport.sendMail.mockReset().mockResolvedValue({ response: '250 2.0.0 Ok: queued as 4F2B1C0' });
    const to = `late-${unique()}@example.com`;
    const { context } = server;
    let id: string;
    if (kind === 'invitation') {
      const { id: invitationId } = await anInvitation(context, { email: to });
      id = (await rows(Email).findOneByOrFail({ invitationId })).id;
    } else id = await context.db.transaction((tx) => queueEmail(tx, context, { kind, to, data: {}, secret: '123456' }));
    const row = { id: `sup_${unique()}`, email: to, emailKey: to, reason, detail: null, emailId: null };
    await rows(Suppression).insert(row);
    await sendEmail(context, transport as never, id);
    expect(transport.sendMail).toHaveBeenCalledTimes(goes ? 1 : 0);
    const email = await rows(Email).findOneByOrFail({ id });
    expect([email.status, email.sealedSecret]).toEqual([goes ? 'sent' : 'failed', null]);
    expect(email.providerMessageId).toBe(goes ? '4F2B1C0' : null);
  });
});

test.each([
  ['250 2.0.0 Ok: queued as 4F2B1C0', '4F2B1C0'],
  ['250 OK id=1tXyzA-0001-2b', '1tXyzA-0001-2b'],
  ['250 Ok 0102018c-3f2a', null],
  [undefined, null],
])('of the answer %p the id is %p', (response, id) => expect(providerIdIn(response)).toBe(id));
