import type { Actor } from '../../server/audit/actor';
import { AuditEntry } from '../../server/audit/audit.entity';
import { inTransaction } from '../../server/db/transaction';
import { Email } from '../../server/emails/email.entity';
import { previewInvitation } from '../../server/invitations/accept-invitation';
import { createInvitation } from '../../server/invitations/create-invitation';
import { Invitation } from '../../server/invitations/invitation.entity';
import { memberOf, removeMember } from '../../server/memberships/members';
import { lockTenant } from '../../server/tenants/change-tenant';
import { DAY, MINUTE } from '../support/clock';
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

const rows = <Row extends object>(entity: new () => Row) => server.context.db.getRepository(entity);
const read = (id: string) => rows(Invitation).findOneByOrFail({ id });
const verb = (id: string, name: string, body: object = {}, by = support) =>
  by.agent.post(`/api/invitations/${id}/${name}`).send(body);
const codeOf = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code];
const tokenIn = (url: string) => url.split('#token=')[1]!;
const preview = (token: string) =>
  previewInvitation(server.context, token).then(
    ({ email }) => email,
    (error) => error.problem.code,
  );

/** The token of the newest mail that waits. */
async function mailed(invitationId: string): Promise<string> {
  const mails = await rows(Email).find({ where: { invitationId, status: 'queued' }, order: { id: 'DESC' } });
  return server.context.sealer.open(mails[0]!.sealedSecret!);
}

describe('the term of an invitation', () => {
  it.each([1, 30])('may be %i days, and is kept for the next sending', async (days) => {
    const { id: tenantId } = await aTenant(server.context);
    const { body } = await support.agent
      .post('/api/invitations')
      .send({ tenantId, email: 'term@example.com', role: 'member', expiresInDays: days })
      .expect(201);
    expect(body.termDays).toBe(days);
    const left = (moment: string) => Math.round((+new Date(moment) - +server.context.now()) / DAY);
    expect(left(body.expiresAt)).toBe(days);
    server.clock.advance(DAY / 2);
    const again = await verb(body.id, 'resend').expect(200);
    expect(left(again.body.expiresAt)).toBe(days);
    server.clock.advance(-DAY / 2);
  });

  it.each([0, 31, 1.5, 'ten'])('is refused as %p', async (expiresInDays) => {
    const { id: tenantId } = await aTenant(server.context);
    const given = { tenantId, email: 'term@example.com', role: 'member', expiresInDays };
    const { body } = await support.agent.post('/api/invitations').send(given).expect(400);
    expect(Object.keys(body.errors)).toEqual(['expiresInDays']);
  });

  it('is extended from now on, and the link of the last mail goes on, also after it had expired', async () => {
    const { id } = await anInvitation(server.context);
    const token = await mailed(id);
    server.clock.advance(8 * DAY);
    expect(await preview(token)).toBe('invitation_expired');
    const { body } = await verb(id, 'extend', { days: 3 }).expect(200);
    expect(body.status).toBe('pending');
    expect(await preview(token)).toBe(body.email);
    server.clock.advance(-8 * DAY);
    expect(codeOf(await verb(id, 'extend', { days: 31 }))).toEqual([400, 'invalid']);
  });
});

describe('a link made by hand', () => {
  it('opens the invitation, ends the mailed one, and stands nowhere', async () => {
    const { id, email } = await anInvitation(server.context);
    const old = await mailed(id);
    const { body, headers } = await verb(id, 'link').expect(200);
    expect(headers['cache-control']).toBe('no-store');
    expect(await preview(tokenIn(body.url))).toBe(email);
    expect(await preview(old)).toBe('invitation_replaced');
    expect(await read(id)).toMatchObject({ status: 'pending', deliveryStatus: 'failed' });
    const audit = await rows(AuditEntry).findOneByOrFail({ resourceId: id, action: 'invitation.link' });
    expect(JSON.stringify(audit)).not.toContain(tokenIn(body.url));
    const mails = await rows(Email).findBy({ invitationId: id });
    expect(mails.map(({ status, sealedSecret }) => [status, sealedSecret])).toEqual([['failed', null]]);
  });

  it('counts as a sending: a second within the minute, and a sixth within the day, are refused', async () => {
    const { id } = await anInvitation(server.context);
    for (let n = 0; n < 5; n += 1) {
      await verb(id, n % 2 ? 'link' : 'resend').expect(200);
      expect((await verb(id, 'link')).status).toBe(429);
      server.clock.advance(2 * MINUTE);
    }
    const { body, headers } = await verb(id, 'resend').expect(429);
    expect(body.detail).toContain('5 times within a day');
    expect(Number(headers['retry-after'])).toBeGreaterThan(3600);
    server.clock.advance(DAY);
    await verb(id, 'resend').expect(200);
    server.clock.advance(-DAY - 10 * MINUTE);
  });

  it('two at once give one link', async () => {
    const { id } = await anInvitation(server.context);
    const statuses = (await Promise.all([verb(id, 'link'), verb(id, 'link'), verb(id, 'resend')])).map((a) => a.status);
    expect(statuses.sort()).toEqual([200, 429, 429]);
  });
});

describe('a wrong address', () => {
  it('is corrected: the invitation goes to the right one, and the old link ends', async () => {
    const { id } = await anInvitation(server.context, { email: 'ann@gmial.com' });
    const old = await mailed(id);
    const { body } = await verb(id, 'readdress', { email: 'Ann@gmail.com' }).expect(200);
    expect(body).toMatchObject({ email: 'Ann@gmail.com', status: 'pending', deliveryStatus: 'queued' });
    expect(await preview(await mailed(id))).toBe('Ann@gmail.com');
    expect(await preview(old)).toBe('invitation_replaced');
    const [, mail] = await rows(Email).find({ where: { invitationId: id }, order: { id: 'ASC' } });
    expect(mail).toMatchObject({ to: 'Ann@gmail.com', status: 'queued' });
  });

  it('is refused where it is the same, bad, or has an invitation of its own', async () => {
    const { id, tenantId } = await anInvitation(server.context, { email: 'one@example.com' });
    await anInvitation(server.context, { tenantId, email: 'two@example.com' });
    expect(codeOf(await verb(id, 'readdress', { email: 'ONE@example.com' }))).toEqual([400, 'invalid']);
    expect(codeOf(await verb(id, 'readdress', { email: 'nonsense' }))).toEqual([400, 'invalid']);
    expect(codeOf(await verb(id, 'readdress', { email: 'two@example.com' }))).toEqual([409, 'already_invited']);
    expect(await preview(await mailed(id))).toBe('one@example.com');
  });
});

it('viewers have no verb, support has all', async () => {
  const { id } = await anInvitation(server.context);
  for (const [name, body] of [
    ['extend', { days: 3 }],
    ['link', {}],
    ['readdress', { email: 'x@example.com' }],
  ] as const)
    expect((await verb(id, name, body, viewer)).status).toBe(403);
});

describe('in bulk', () => {
  it('each is done by itself, and each has its result', async () => {
    const [one, two, gone] = [
      await anInvitation(server.context),
      await anInvitation(server.context),
      await anInvitation(server.context),
    ];
    await verb(gone.id, 'revoke').expect(200);
    const ids = [one.id, gone.id, two.id, 'inv_nobody'];
    const extended = await support.agent.post('/api/invitations/bulk/extend').send({ ids, days: 20 }).expect(200);
    expect(extended.body.results.map(({ ok }: { ok: boolean }) => ok)).toEqual([true, false, true, false]);
    const resent = await support.agent.post('/api/invitations/bulk/resend').send({ ids }).expect(200);
    expect(resent.body.results.map(({ ok }: { ok: boolean }) => ok)).toEqual([true, false, true, false]);
    const revoked = await support.agent.post('/api/invitations/bulk/revoke').send({ ids }).expect(200);
    expect(revoked.body.results[1]).toEqual({ id: gone.id, ok: false, error: expect.stringContaining('withdrawn') });
    expect((await read(two.id)).status).toBe('revoked');
    await support.agent.post('/api/invitations/bulk/extend').send({ ids }).expect(400);
  });
});

describe('when the inviter', () => {
  const actorOf = (user: { id: string; name: string }): Actor => ({ type: 'user', id: user.id, name: user.name });

  /** A tenant with an owner, and a user who has invited somebody as a member and somebody as an admin. */
  async function invited(role: 'owner' | 'admin' = 'admin') {
    const { context } = server;
    const { id: tenantId } = await aTenant(context);
    const [boss, user] = [await aUser(context, { name: 'Boss' }), await aUser(context, { name: 'Ida' })];
    await aMembership(context, { tenantId, userId: boss.id, role: 'owner' });
    const membership = await aMembership(context, { tenantId, userId: user.id, role });
    const made = await Promise.all(
      (['member', 'admin'] as const).map((given) =>
        inTransaction(context.db, async (tx) =>
          createInvitation(tx, context, actorOf(user), await lockTenant(tx, tenantId), {
            email: `${given}-${tenantId}@example.com`,
            role: given,
            inviterRole: role,
          }),
        ),
      ),
    );
    const { id: byOperator } = await anInvitation(context, { tenantId });
    return { tenantId, boss, user, membership, ids: made.map(({ id }) => id), byOperator };
  }
  const states = (ids: string[]) =>
    Promise.all(
      ids.map(async (id) => {
        const { status, revokedReason, standsForName } = await read(id);
        return [status, revokedReason, standsForName];
      }),
    );

  it('is removed, what they invited ends, and nobody else loses anything', async () => {
    const { membership, ids, byOperator } = await invited();
    const token = await mailed(ids[0]!);
    await admin.agent.delete(`/api/memberships/${membership.id}`).expect(200);
    expect(await states(ids)).toEqual(ids.map(() => ['revoked', 'inviter_removed', null]));
    expect((await read(byOperator)).status).toBe('pending');
    expect(await preview(token)).toBe('invitation_revoked');
    const audit = await rows(AuditEntry).findOneByOrFail({ resourceId: ids[0]!, action: 'invitation.revoke' });
    expect(audit.reason).toBe('inviter_removed');
  });

  it('leaves, the longest-standing owner stands for them, and is named', async () => {
    const { tenantId, user, boss, ids } = await invited();
    const token = await mailed(ids[0]!);
    await inTransaction(server.context.db, async (tx) => {
      await lockTenant(tx, tenantId);
      await removeMember(tx, actorOf(user), await memberOf(tx, tenantId, { userId: user.id }));
    });
    expect(await states(ids)).toEqual(ids.map(() => ['pending', null, 'Boss']));
    expect(await previewInvitation(server.context, token)).toMatchObject({ inviterName: 'Boss' });
    const { body } = await support.agent.get(`/api/invitations/${ids[0]}`).expect(200);
    expect(body).toMatchObject({ invitedBy: { name: 'Ida' }, standsFor: { id: boss.id, name: 'Boss' } });
  });

  it('is made a member, or an admin, what they could not invite any more ends', async () => {
    const { membership, ids } = await invited();
    await support.agent.put(`/api/memberships/${membership.id}`).send({ role: 'member' }).expect(200);
    expect(await states(ids)).toEqual(ids.map(() => ['revoked', 'inviter_demoted', null]));
    const other = await invited('owner');
    await support.agent.put(`/api/memberships/${other.membership.id}`).send({ role: 'admin' }).expect(200);
    expect(await states(other.ids)).toEqual(other.ids.map(() => ['pending', null, null]));
  });

  it('is suspended, what they invited ends in every tenant', async () => {
    const { user, ids } = await invited();
    await admin.agent.put(`/api/users/${user.id}`).send({ status: 'suspended' }).expect(200);
    expect(await states(ids)).toEqual(ids.map(() => ['revoked', 'inviter_suspended', null]));
  });
});
