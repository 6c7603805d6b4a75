import { AuditEntry } from '../../server/audit/audit.entity';
import { Email } from '../../server/emails/email.entity';
import { expireInvitations } from '../../server/invitations/expire-invitations';
import { Invitation } from '../../server/invitations/invitation.entity';
import { signAccessToken } from '../../server/issuer/access-token';
import { SigningKeys } from '../../server/issuer/signing-key';
import { Membership } from '../../server/memberships/membership.entity';
import { Tenant } from '../../server/tenants/tenant.entity';
import { aCustomer, type Customer, foundedBy } from '../customer-api/people';
import { DAY } from '../support/clock';
import { anInvitation, aTenant } from '../support/factories';
import { type SignedIn, startServer, type TestServer } from '../support/server';

const ROUNDS = 12;
const CROWD = 200;

let server: TestServer;
let admin: SignedIn;
let keys: SigningKeys;
let people: string[];
beforeAll(async () => {
  server = await startServer();
  admin = await server.signIn('admin');
  keys = new SigningKeys(server.context);
  people = await Promise.all(Array.from({ length: CROWD }, (_, n) => aPerson(n)));
}, 60_000);
afterAll(() => server.close());

const rows = <Row extends object>(entity: new () => Row) => server.context.db.getRepository(entity);
const read = (id: string) => rows(Invitation).findOneByOrFail({ id });

/** An access token of somebody whom nobody has seen yet. */
const aPerson = async (n: number) =>
  (await signAccessToken(server.context, keys, { subject: `email:crowd-${n}-${Date.now()}`, email: null })).accessToken;

let asked = 0;
/** Each asks from an address of their own: the limit of one address is not what is tried here. */
const accept = (token: string, by: string) => {
  asked += 1;
  const ip = `10.${asked >> 16}.${(asked >> 8) & 255}.${asked & 255}`;
  return server
    .anonymous()
    .post('/v1/invitations/accept')
    .set('X-Forwarded-For', ip)
    .set('Authorization', `Bearer ${by}`)
    .send({ token })
    .then(({ status, body }) => [status, body.code] as [number, string | undefined]);
};

async function tokenOf(invitationId: string): Promise<string> {
  const mails = await rows(Email).find({ where: { invitationId, status: 'queued' }, order: { id: 'DESC' } });
  return server.context.sealer.open(mails[0]!.sealedSecret!);
}

/** Member and accepted invitation, or neither; and the audit trail says the same. */
async function isWhole(id: string, tenantId: string, members: number): Promise<void> {
  const { status } = await read(id);
  const accepted = status === 'accepted';
  expect(await rows(Membership).countBy({ invitationId: id })).toBe(accepted ? 1 : 0);
  expect(await rows(AuditEntry).countBy({ resourceId: id, action: 'invitation.accept' })).toBe(accepted ? 1 : 0);
  const { memberCount } = await rows(Tenant).findOneByOrFail({ id: tenantId });
  expect(memberCount).toBe(await rows(Membership).countBy({ tenantId }));
  expect(memberCount).toBe(members + (accepted ? 1 : 0));
}

it('two hundred who accept one token at once: one becomes a member, the others are told', async () => {
  const { id, tenantId } = await anInvitation(server.context);
  const token = await tokenOf(id);
  const answers = await Promise.all(people.map((by) => accept(token, by)));
  const done = answers.filter(([status]) => status === 200);
  expect(done).toHaveLength(1);
  const told = answers.filter(([status]) => status !== 200).map(([status, code]) => `${status} ${code}`);
  expect([...new Set(told)]).toEqual(['410 invitation_used']);
  await isWhole(id, tenantId, 0);
}, 60_000);

describe.each<[string, (id: string, tenantId: string) => Promise<unknown>, string[]]>([
  ['a revoke', (id) => admin.agent.post(`/api/invitations/${id}/revoke`).send({}), ['accepted', 'revoked']],
  ['a resend', (id) => admin.agent.post(`/api/invitations/${id}/resend`).send({}), ['accepted', 'pending']],
  ['a fresh link', (id) => admin.agent.post(`/api/invitations/${id}/link`).send({}), ['accepted', 'pending']],
  [
    'the deletion of the tenant',
    (_id, tenantId) => admin.agent.delete(`/api/tenants/${tenantId}`),
    ['accepted', 'pending'],
  ],
])('accepting against %s', (_what, other, allowed) => {
  it('leaves one of the two, and never half of each', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { id, tenantId } = await anInvitation(server.context);
      const token = await tokenOf(id);
      const [[status]] = await Promise.all([accept(token, people[round]!), other(id, tenantId)]);
      const { status: now } = await read(id);
      expect(allowed).toContain(now);
      expect(now === 'accepted').toBe(status === 200);
      await isWhole(id, tenantId, 0);
    }
  });
});

it('accepting against its end leaves one of the two', async () => {
  const made = await Promise.all(Array.from({ length: ROUNDS }, () => anInvitation(server.context)));
  const tokens = await Promise.all(made.map(({ id }) => tokenOf(id)));
  server.clock.advance(7 * DAY - 1000);
  const late = await Promise.all(people.slice(0, ROUNDS).map((_, n) => aPerson(1000 + n)));
  const accepting = tokens.map((token, n) => accept(token, late[n]!));
  server.clock.advance(1000);
  await expireInvitations(server.context);
  const answers = await Promise.all(accepting);
  for (const [n, { id, tenantId }] of made.entries()) {
    const { status } = await read(id);
    expect(['accepted', 'expired', 'pending']).toContain(status);
    expect(status === 'accepted').toBe(answers[n]![0] === 200);
    await isWhole(id, tenantId, 0);
  }
  server.clock.advance(-7 * DAY);
});

it('many who want the last seat, invited and inviting: the limit holds', async () => {
  const { id: tenantId } = await aTenant(server.context, { seatLimit: 3 });
  const made = await Promise.all(
    Array.from({ length: 10 }, (_, n) =>
      admin.agent.post('/api/invitations').send({ tenantId, email: `seat-${n}@example.com`, role: 'member' }),
    ),
  );
  const sent = made.filter(({ status }) => status === 201);
  expect(sent).toHaveLength(3);
  await rows(Tenant).update({ id: tenantId }, { seatLimit: 2 });
  const tokens = await Promise.all(sent.map(({ body }) => tokenOf(body.id)));
  const answers = await Promise.all(tokens.map((token, n) => accept(token, people[100 + n]!)));
  const { memberCount } = await rows(Tenant).findOneByOrFail({ id: tenantId });
  expect(memberCount).toBeLessThanOrEqual(2);
  expect(answers.filter(([status]) => status === 200)).toHaveLength(memberCount);
});

it("accepting against the inviter's removal leaves one of the two", async () => {
  for (let round = 0; round < 6; round += 1) {
    const [owner, inviter] = (await Promise.all([aCustomer(server), aCustomer(server)])) as [Customer, Customer];
    const tenantId = await foundedBy(owner);
    const add = { tenantId, userId: inviter.id, role: 'admin' };
    await admin.agent.post('/api/memberships').send(add).expect(201);
    const { body } = await inviter.agent
      .post(`/v1/tenants/${tenantId}/invitations`)
      .send({ email: `race-${round}@example.com`, role: 'member' })
      .expect(201);
    const token = await tokenOf(body.id);
    const [[status]] = await Promise.all([
      accept(token, people[120 + round]!),
      owner.agent.delete(`/v1/tenants/${tenantId}/members/${inviter.id}`).expect(204),
    ]);
    const { status: now } = await read(body.id);
    expect(['accepted', 'revoked']).toContain(now);
    expect(now === 'accepted').toBe(status === 200);
    await isWhole(body.id, tenantId, 1);
  }
});
