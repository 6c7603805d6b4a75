import { applyEmailEvents } from '../../server/emails/apply-email-events';
import { Email } from '../../server/emails/email.entity';
import { sendEmail } from '../../server/emails/send-email';
import { Invitation } from '../../server/invitations/invitation.entity';
import { InvitationOpening } from '../../server/invitations/invitation-opening.entity';
import { noteOpening } from '../../server/invitations/openings';
import type { Trace } from '../../server/invitations/trace';
import { aCustomer } from '../customer-api/people';
import { DAY, SECOND } from '../support/clock';
import { anInvitation } from '../support/factories';
import { type SignedIn, startServer, type TestServer } from '../support/server';

const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

let server: TestServer;
let support: SignedIn;
beforeAll(async () => {
  server = await startServer();
  support = await server.signIn('support');
});
afterAll(() => server.close());

const rows = <Row extends object>(entity: new () => Row) => server.context.db.getRepository(entity);
const trace = async (id: string): Promise<Trace> =>
  (await support.agent.get(`/api/invitations/${id}/trace`).expect(200)).body;
const kinds = async (id: string) => (await trace(id)).steps.map(({ kind }) => kind);
const actions = async (id: string) => (await trace(id)).next.map(({ action }) => action);
const taking = { sendMail: async () => ({ response: '250 2.0.0 Ok: queued as 4F2B1C0' }) };
const refusing = {
  sendMail: async () => {
    throw Object.assign(new Error('550 no such user'), { responseCode: 550 });
  },
};

/** An invitation whose mail waits, and the token in it. */
async function waiting(email?: string) {
  const { id } = await anInvitation(server.context, email ? { email } : {});
  const mail = await rows(Email).findOneByOrFail({ invitationId: id });
  return { id, mail, token: server.context.sealer.open(mail.sealedSecret!) };
}
const send = (mail: Email, transport: object = taking) => sendEmail(server.context, transport as never, mail.id);
const preview = (token: string, agent = CHROME) =>
  server.anonymous().post('/v1/invitations/preview').set('User-Agent', agent).send({ token });
/** Waits until the openings are of these kinds: they are noted, and told apart, beside the answer. */
async function noted(invitationId: string, expected: InvitationOpening['kind'][]): Promise<void> {
  let found: string[] = [];
  for (let n = 0; n < 100; n += 1) {
    const openings = await rows(InvitationOpening).find({ where: { invitationId }, order: { at: 'ASC' } });
    found = openings.map(({ kind }) => kind);
    if (String(found) === String(expected)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(found).toEqual(expected);
}

it('from the invitation to the membership, step by step', async () => {
  const { id, mail, token } = await waiting();
  expect(await kinds(id)).toEqual(['created', 'queued']);
  await send(mail);
  await applyEmailEvents(server.context, 'generic', [
    { id: `d-${id}`, kind: 'delivered', messageId: mail.messageId, at: server.context.now(), detail: null },
  ]);
  await preview(token).expect(200);
  await noted(id, ['opened']);
  const { agent } = await aCustomer(server);
  await agent.post('/v1/invitations/accept').send({ token }).expect(200);
  expect(await kinds(id)).toEqual(['created', 'queued', 'sent', 'delivered', 'opened', 'accept']);
  const { steps, next } = await trace(id);
  expect(steps[2]?.detail).toBe('250 2.0.0 Ok: queued as 4F2B1C0');
  expect(steps[4]?.detail).toBe('Chrome');
  expect(next).toEqual([]);
});

it('over a failure, a fresh link and a correction of the address', async () => {
  const { id, mail } = await waiting('ann@gmial.com');
  await send(mail, refusing);
  expect(await actions(id)).toEqual(['readdress', 'link', 'revoke']);
  await support.agent.post(`/api/invitations/${id}/link`).send({}).expect(200);
  // The clock of the audit trail is not the tests': the sending is made older instead.
  await server.context.db.query('UPDATE invitation_tokens SET createdAt = createdAt - INTERVAL 2 MINUTE');
  await support.agent.post(`/api/invitations/${id}/readdress`).send({ email: 'ann@gmail.com' }).expect(200);
  const told = (await trace(id)).steps.map(({ kind, detail }) => [kind, detail]);
  expect(told).toEqual([
    ['created', 'Tenantry'],
    ['queued', 'ann@gmial.com'],
    ['failed', '550 no such user'],
    ['link', 'support one'],
    ['readdress', 'support one'],
    ['queued', 'ann@gmail.com'],
  ]);
});

describe('openings', () => {
  it('by scanners, and several within a second, are told apart and never count', async () => {
    const { id, mail, token } = await waiting();
    await send(mail);
    await preview(token, 'Mozilla/5.0 (compatible; Barracuda)').expect(200);
    await noted(id, ['scanned']);
    server.clock.advance(5 * SECOND);
    const at = server.clock.now();
    const atOnce = { ...server.context, now: () => at };
    await Promise.all([1, 2, 3].map(() => noteOpening(atOnce, token, CHROME)));
    await noted(id, ['scanned', 'scanned', 'scanned', 'scanned']);
    server.clock.advance(5 * SECOND);
    await preview(token).expect(200);
    await noted(id, ['scanned', 'scanned', 'scanned', 'scanned', 'opened']);
    expect((await kinds(id)).filter((kind) => kind === 'opened')).toHaveLength(1);
    server.clock.advance(-10 * SECOND);
  });

  it('change nothing else, keep no address of origin, and are no more than fifty', async () => {
    const { id, token } = await waiting();
    const before = JSON.stringify(await rows(Invitation).findOneByOrFail({ id }));
    for (let n = 0; n < 55; n += 1) {
      await noteOpening(server.context, token, CHROME);
      server.clock.advance(2 * SECOND);
    }
    server.clock.advance(-110 * SECOND);
    expect(JSON.stringify(await rows(Invitation).findOneByOrFail({ id }))).toBe(before);
    const found = await rows(InvitationOpening).findBy({ invitationId: id });
    expect(found).toHaveLength(50);
    expect(Object.keys(found[0]!).sort()).toEqual(['agent', 'at', 'id', 'invitationId', 'kind']);
  });

  it('of a token that nobody made are not kept', async () => {
    const nobodys = 'x'.repeat(43);
    const before = await rows(InvitationOpening).count();
    await preview(nobodys).expect(404);
    await noteOpening(server.context, nobodys, CHROME);
    expect(await rows(InvitationOpening).count()).toBe(before);
  });

  it('that can not be noted are not in the way of the page', async () => {
    const { token } = await waiting();
    const { db } = server.context;
    await db.query('RENAME TABLE invitation_openings TO invitation_openings_away');
    try {
      await preview(token).expect(200);
    } finally {
      await db.query('RENAME TABLE invitation_openings_away TO invitation_openings');
    }
  });
});

it('what can be done next follows from what happened', async () => {
  const { id, mail } = await waiting();
  expect(await actions(id)).toEqual(['revoke']);
  await send(mail);
  server.clock.advance(3 * DAY);
  expect(await actions(id)).toEqual(['resend', 'link', 'revoke']);
  server.clock.advance(5 * DAY);
  expect(await actions(id)).toEqual(['resend', 'extend', 'revoke']);
  expect((await kinds(id)).at(-1)).toBe('expire');
  server.clock.advance(-8 * DAY);
  await applyEmailEvents(server.context, 'generic', [
    { id: `b-${id}`, kind: 'bounced', messageId: mail.messageId, at: server.context.now(), detail: '550' },
  ]);
  const after = await trace(id);
  expect(after.next.map(({ action }) => action)).toEqual(['readdress', 'clear-suppression', 'link', 'revoke']);
  await support.agent.post(`/api/suppressions/${after.suppressionId}/clear`).send({}).expect(200);
});

it('is nobody else’s: without a sign-in, and of no invitation', async () => {
  await server.anonymous().get('/api/invitations/inv_x/trace').expect(401);
  await support.agent.get('/api/invitations/inv_nobody/trace').expect(404);
});
