import type { Actor } from '../../server/audit/actor';
import { AuditEntry } from '../../server/audit/audit.entity';
import { inTransaction } from '../../server/db/transaction';
import { Email } from '../../server/emails/email.entity';
import { acceptInvitation, previewInvitation } from '../../server/invitations/accept-invitation';
import { Invitation } from '../../server/invitations/invitation.entity';
import { OutboxRow } from '../../server/jobs/outbox.entity';
import { Membership } from '../../server/memberships/membership.entity';
import { Tenant } from '../../server/tenants/tenant.entity';
import type { User } from '../../server/users/user.entity';
import { DAY } from '../support/clock';
import { aMembership, anInvitation, aTenant, aUser } from '../support/factories';
import { type SignedIn, startServer, type TestServer } from '../support/server';

let server: TestServer;
let admin: SignedIn;
let support: SignedIn;
let viewer: SignedIn;
beforeAll(async () => {
  server = await startServer();
  [admin, support, viewer] = [
    await server.signIn('admin'),
    await server.signIn('support'),
    await server.signIn('viewer'),
  ];
});
afterAll(() => server.close());

const repository = <Row extends object>(entity: new () => Row) => server.context.db.getRepository(entity);
const read = (id: string) => repository(Invitation).findOneByOrFail({ id });
const mailsOf = (invitationId: string) =>
  repository(Email).find({ where: { invitationId }, order: { createdAt: 'ASC', id: 'ASC' } });
const refusalOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error) => error.problem?.code ?? error,
  );
const invite = (body: object) => support.agent.post('/api/invitations').send(body);
const resend = (id: string) => support.agent.post(`/api/invitations/${id}/resend`).send({});
const revoke = (id: string) => support.agent.post(`/api/invitations/${id}/revoke`).send({});

/** The token of the newest mail that still waits, as the worker would put it into the link. */
async function tokenOf(invitationId: string): Promise<string> {
  const { sealedSecret } = (await mailsOf(invitationId)).findLast(({ status }) => status === 'queued') as Email;
  return server.context.sealer.open(sealedSecret!);
}

const accept = (token: string, user: User): Promise<Membership> => {
  const actor: Actor = { type: 'user', id: user.id, name: user.name };
  return inTransaction(server.context.db, (tx) => acceptInvitation(tx, server.context, actor, token, user));
};

describe('inviting', () => {
  it('makes a pending invitation, queues its mail and owes the job that sends it', async () => {
    const tenant = await aTenant(server.context);
    const { body } = await invite({ tenantId: tenant.id, email: ' Ann@Example.com ', role: 'admin' }).expect(201);
    expect(body).toMatchObject({
      id: expect.stringMatching(/^inv_/),
      tenantId: tenant.id,
      email: 'Ann@Example.com',
      role: 'admin',
      status: 'pending',
      sentCount: 0,
      deliveryStatus: 'queued',
      invitedBy: { type: 'operator', id: support.id, name: 'support one' },
      acceptedAt: null,
      version: 1,
    });
    const days = (Date.parse(body.expiresAt) - Date.now()) / DAY;
    expect(days).toBeCloseTo(7, 1);
    const [mail, ...more] = await mailsOf(body.id);
    expect(more).toEqual([]);
    expect(mail).toMatchObject({ kind: 'invitation', to: 'Ann@Example.com', status: 'queued', tenantId: tenant.id });
    expect(await repository(OutboxRow).findBy({ kind: 'send-email', subject: mail!.id })).toHaveLength(1);
  });

  it('shows the token nowhere but sealed in the unsent mail', async () => {
    const { id, tokenHash } = await anInvitation(server.context);
    const token = await tokenOf(id);
    const [mail] = await mailsOf(id);
    const shown = await Promise.all(
      [`/api/invitations/${id}`, `/api/emails/${mail!.id}`].map(async (path) => (await admin.agent.get(path)).text),
    );
    const rows = JSON.stringify([await read(id), { ...mail, sealedSecret: null }, await repository(AuditEntry).find()]);
    for (const text of [...shown, rows]) expect(text).not.toContain(token);
    for (const text of shown) expect(text).not.toMatch(new RegExp(`${tokenHash}|sealedSecret|tokenHash`));
  });

  it.each([
    ['the same address', 'ann@example.com'],
    ['the same address in other letters', 'ANN@Example.com'],
  ])('%s twice is refused while the first is pending', async (_what, email) => {
    const { id: tenantId } = await aTenant(server.context);
    await invite({ tenantId, email: 'ann@example.com', role: 'member' }).expect(201);
    const { body } = await invite({ tenantId, email, role: 'member' }).expect(409);
    expect(body).toMatchObject({ code: 'already_invited', errors: { email: expect.any(String) } });
  });

  it('takes addresses that differ in an accent for two', async () => {
    const { id: tenantId } = await aTenant(server.context);
    for (const email of ['muller@example.com', 'müller@example.com', 'müller@bücher.example'])
      await invite({ tenantId, email, role: 'member' }).expect(201);
    const decomposed = 'MÜLLER@example.com'.normalize('NFD');
    expect((await invite({ tenantId, email: decomposed, role: 'member' }).expect(409)).body.code).toBe(
      'already_invited',
    );
  });

  it.each(['two@example.com, three@example.com', 'Ann <ann@example.com>', 'a@b', 'a b@example.com', 'a@example..com'])(
    '"%s", which is not one address, is refused',
    async (email) => {
      const { id: tenantId } = await aTenant(server.context);
      const { body } = await invite({ tenantId, email, role: 'member' }).expect(400);
      expect(Object.keys(body.errors)).toEqual(['email']);
    },
  );

  it('one address ten times at once makes one invitation and one mail', async () => {
    const { id: tenantId } = await aTenant(server.context);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => invite({ tenantId, email: 'once@example.com', role: 'member' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 9 }, () => 409)]);
    expect(await repository(Email).countBy({ tenantId })).toBe(1);
  });

  it('an address whose invitation has expired makes a new one', async () => {
    const { id: tenantId } = await aTenant(server.context);
    const first = await anInvitation(server.context, { tenantId, email: 'late@example.com' });
    await repository(Invitation).update({ id: first.id }, { expiresAt: new Date(Date.now() - 1000) });
    await invite({ tenantId, email: 'late@example.com', role: 'member' }).expect(201);
    expect(await read(first.id)).toMatchObject({ status: 'expired', pending: null });
  });

  it.each<[string, object, string]>([
    ['no tenant', { email: 'a@example.com', role: 'member' }, 'tenantId'],
    ['an unknown tenant', { tenantId: 'ten_none', email: 'a@example.com', role: 'member' }, 'tenantId'],
    ['an address that is none', { tenantId: 'ten_none', email: 'ann', role: 'member' }, 'email'],
    ['an unknown role', { tenantId: 'ten_none', email: 'a@example.com', role: 'king' }, 'role'],
  ])('with %s is refused, and the field named', async (_what, given, field) => {
    const { body } = await invite(given).expect(400);
    expect(Object.keys(body.errors)).toEqual([field]);
  });

  it('to a suspended or deleted tenant is refused', async () => {
    const { id: tenantId } = await aTenant(server.context);
    const given = { tenantId, email: 'a@example.com', role: 'member' };
    await support.agent.post(`/api/tenants/${tenantId}/suspend`).send({ reason: 'testing' });
    expect((await invite(given).expect(403)).body.code).toBe('tenant_suspended');
    await admin.agent.delete(`/api/tenants/${tenantId}`);
    expect((await invite(given).expect(409)).body.code).toBe('tenant_deleted');
  });

  it('beyond the seats, which members and pending invitations take, is refused', async () => {
    const { id: tenantId } = await aTenant(server.context, { seatLimit: 2 });
    await aMembership(server.context, { tenantId });
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((name) => invite({ tenantId, email: `${name}@example.com`, role: 'member' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.body.code).toBe('seats_full');
  });

  it('is not for viewers', async () => {
    const { id, tenantId } = await anInvitation(server.context);
    const given = { tenantId, email: 'a@example.com', role: 'member' };
    await viewer.agent.post('/api/invitations').send(given).expect(403);
    await viewer.agent.post(`/api/invitations/${id}/resend`).send({}).expect(403);
    await viewer.agent.post(`/api/invitations/${id}/revoke`).send({}).expect(403);
    await viewer.agent.get(`/api/invitations/${id}`).expect(200);
  });
});

describe('resending', () => {
  it('rotates the token, restarts the clock and keeps the row; the mail that waited is given up', async () => {
    const { id, expiresAt } = await anInvitation(server.context);
    const old = await tokenOf(id);
    server.clock.advance(DAY);
    const { body } = await resend(id).expect(200);
    server.clock.advance(-DAY);
    expect(+new Date(body.expiresAt) - +expiresAt).toBeGreaterThan(DAY - 60_000);
    const [first, second] = await mailsOf(id);
    expect(first).toMatchObject({ status: 'failed', sealedSecret: null });
    expect(second).toMatchObject({ status: 'queued' });
    expect(second?.messageId).not.toBe(first?.messageId);
    const fresh = await tokenOf(id);
    expect(await refusalOf(previewInvitation(server.context, old))).toBe('invitation_replaced');
    expect(await refusalOf(accept(old, await aUser(server.context)))).toBe('invitation_replaced');
    expect(await previewInvitation(server.context, fresh)).toMatchObject({ status: 'pending' });
  });

  it('makes an expired one pending again', async () => {
    const { id } = await anInvitation(server.context);
    await repository(Invitation).update({ id }, { status: 'expired', pending: null });
    expect((await resend(id).expect(200)).body.status).toBe('pending');
  });

  it('is refused once accepted or revoked', async () => {
    const { id } = await anInvitation(server.context);
    await revoke(id).expect(200);
    expect((await resend(id).expect(409)).body.code).toBe('invitation_revoked');
  });

  it('is refused where the address has another that is pending', async () => {
    const first = await anInvitation(server.context, { email: 'twice@example.com' });
    await repository(Invitation).update({ id: first.id }, { status: 'expired', pending: null });
    await anInvitation(server.context, { tenantId: first.tenantId, email: 'twice@example.com' });
    expect((await resend(first.id).expect(409)).body.code).toBe('already_invited');
  });

  it('a second time within the minute is refused, and leaves the first link good', async () => {
    const { id } = await anInvitation(server.context);
    await resend(id).expect(200);
    const { body, headers } = await resend(id).expect(429);
    expect(body.code).toBe('too_many_requests');
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(await previewInvitation(server.context, await tokenOf(id))).toMatchObject({ status: 'pending' });
  });
});

describe('revoking', () => {
  it('ends the link, erases the token of the mail that waits, and frees the seat', async () => {
    const { id: tenantId } = await aTenant(server.context, { seatLimit: 1 });
    const { id } = await anInvitation(server.context, { tenantId });
    const token = await tokenOf(id);
    expect((await revoke(id).expect(200)).body.status).toBe('revoked');
    expect((await mailsOf(id))[0]).toMatchObject({ status: 'failed', sealedSecret: null });
    expect(await refusalOf(accept(token, await aUser(server.context)))).toBe('invitation_revoked');
    await invite({ tenantId, email: 'next@example.com', role: 'member' }).expect(201);
  });

  it('twice is refused', async () => {
    const { id } = await anInvitation(server.context);
    await revoke(id).expect(200);
    expect((await revoke(id).expect(409)).body.code).toBe('invitation_revoked');
  });
});

describe('accepting', () => {
  it('makes the user a member in the role offered, and leaves its trace', async () => {
    const user = await aUser(server.context, { email: 'Guest@Example.com' });
    const { id, tenantId } = await anInvitation(server.context, { email: 'guest@example.com', role: 'admin' });
    const membership = await accept(await tokenOf(id), user);
    expect(membership).toMatchObject({ tenantId, userId: user.id, role: 'admin', invitationId: id });
    expect(await read(id)).toMatchObject({ status: 'accepted', acceptedByUserId: user.id, addressMismatch: false });
    expect(await repository(Tenant).findOneByOrFail({ id: tenantId })).toMatchObject({ memberCount: 1 });
    expect((await mailsOf(id))[0]).toMatchObject({ sealedSecret: null });
    const actions = await repository(AuditEntry).find({ where: { tenantId }, order: { seq: 'ASC' } });
    expect(actions.map(({ action }) => action)).toEqual([
      'tenant.create',
      'invitation.create',
      'membership.create',
      'invitation.accept',
    ]);
  });

  it('by two users at once gives exactly one membership', async () => {
    const { id, tenantId } = await anInvitation(server.context);
    const token = await tokenOf(id);
    const users = [await aUser(server.context), await aUser(server.context)];
    const outcomes = await Promise.all(users.map((user) => refusalOf(accept(token, user))));
    expect(outcomes.sort()).toEqual(['done', 'invitation_used']);
    expect(await repository(Membership).countBy({ tenantId })).toBe(1);
  });

  it('by one user five times at once gives the same membership each time', async () => {
    const { id, tenantId } = await anInvitation(server.context);
    const token = await tokenOf(id);
    const user = await aUser(server.context);
    const memberships = await Promise.all(Array.from({ length: 5 }, () => accept(token, user)));
    expect(new Set(memberships.map((one) => one.id)).size).toBe(1);
    expect(await repository(Tenant).findOneByOrFail({ id: tenantId })).toMatchObject({ memberCount: 1 });
  });

  it('by a member already does not burn the invitation for another', async () => {
    const member = await aMembership(server.context);
    const { id } = await anInvitation(server.context, { tenantId: member.tenantId, role: 'owner' });
    const token = await tokenOf(id);
    const same = await accept(token, { ...(await aUser(server.context)), id: member.userId });
    expect(same).toMatchObject({ id: member.id, role: 'member' });
    expect(await read(id)).toMatchObject({ status: 'pending' });
    expect(await accept(token, await aUser(server.context))).toMatchObject({ role: 'owner' });
  });

  it.each([['another@example.com'], [null]])(
    'with the address %s is allowed with the token, and recorded',
    async (email) => {
      const { id } = await anInvitation(server.context);
      await accept(await tokenOf(id), await aUser(server.context, { email }));
      expect(await read(id)).toMatchObject({ status: 'accepted', addressMismatch: true });
    },
  );

  it('against a revoke at the same moment leaves one of the two, never both', async () => {
    const { id, tenantId } = await anInvitation(server.context);
    const token = await tokenOf(id);
    const user = await aUser(server.context);
    const [accepted, revoked] = await Promise.all([refusalOf(accept(token, user)), revoke(id)]);
    const { status } = await read(id);
    expect([accepted === 'done', revoked.status === 200].filter(Boolean)).toHaveLength(1);
    expect(status).toBe(accepted === 'done' ? 'accepted' : 'revoked');
    expect(await repository(Membership).countBy({ tenantId })).toBe(accepted === 'done' ? 1 : 0);
  });

  it('takes the seat that the invitation held, though the tenant is full', async () => {
    const { id: tenantId } = await aTenant(server.context, { seatLimit: 1 });
    const { id } = await anInvitation(server.context, { tenantId });
    expect(await accept(await tokenOf(id), await aUser(server.context))).toMatchObject({ tenantId });
  });

  it('is refused where the seats were taken away meanwhile', async () => {
    const { id: tenantId } = await aTenant(server.context, { seatLimit: 2 });
    const { id } = await anInvitation(server.context, { tenantId });
    await aMembership(server.context, { tenantId });
    await repository(Tenant).update({ id: tenantId }, { seatLimit: 1 });
    expect(await refusalOf(accept(await tokenOf(id), await aUser(server.context)))).toBe('seats_full');
  });

  it.each<[string, (id: string, tenantId: string) => Promise<unknown>, string]>([
    ['expired', (id) => repository(Invitation).update({ id }, { expiresAt: new Date(0) }), 'invitation_expired'],
    [
      'of a suspended tenant',
      (_id, tenantId) => support.agent.post(`/api/tenants/${tenantId}/suspend`).send({ reason: 'testing' }),
      'tenant_suspended',
    ],
    ['of a deleted tenant', (_id, tenantId) => admin.agent.delete(`/api/tenants/${tenantId}`), 'tenant_unavailable'],
  ])('one %s is refused, as its page says beforehand', async (_what, happen, code) => {
    const { id, tenantId } = await anInvitation(server.context);
    const token = await tokenOf(id);
    await happen(id, tenantId);
    expect(await refusalOf(previewInvitation(server.context, token))).toBe(code);
    expect(await refusalOf(accept(token, await aUser(server.context)))).toBe(code);
    expect(await repository(Membership).countBy({ tenantId })).toBe(0);
  });

  it('with a token that nobody made is refused', async () => {
    expect(await refusalOf(accept('x'.repeat(43), await aUser(server.context)))).toBe('invitation_not_found');
  });
});

describe('looking at an invitation', () => {
  it('tells tenant, inviter and role to whoever holds the token, however often, and changes nothing', async () => {
    const { id, tenantId } = await anInvitation(server.context);
    const token = await tokenOf(id);
    const before = JSON.stringify([await read(id), await repository(AuditEntry).countBy({ tenantId })]);
    const { name: tenantName } = await repository(Tenant).findOneByOrFail({ id: tenantId });
    for (let n = 0; n < 3; n += 1)
      expect(await previewInvitation(server.context, token)).toMatchObject({ tenantName, inviterName: 'Tenantry' });
    expect(JSON.stringify([await read(id), await repository(AuditEntry).countBy({ tenantId })])).toBe(before);
  });
});
