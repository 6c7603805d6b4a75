import { Email } from '../../server/emails/email.entity';
import { Invitation } from '../../server/invitations/invitation.entity';
import { Membership } from '../../server/memberships/membership.entity';
import { Tenant } from '../../server/tenants/tenant.entity';
import { DAY } from '../support/clock';
import { aMembership } from '../support/factories';
import { startServer, type TestServer } from '../support/server';
import { aCustomer, anEmail, type Customer, foundedBy, secretOf } from './people';

let server: TestServer;
let owner: Customer;
let tenantId: string;
beforeAll(async () => {
  server = await startServer();
  owner = await aCustomer(server);
  tenantId = await foundedBy(owner, 'Acme');
});
afterAll(() => server.close());

const invite = (email: string, role = 'member', by = owner) =>
  by.agent.post(`/v1/tenants/${tenantId}/invitations`).send({ email, role });

async function anInvitation(email = anEmail()): Promise<{ id: string; email: string; token: string }> {
  const { body } = await invite(email).expect(201);
  return { id: body.id, email, token: await secretOf(server, email, 'invitation') };
}
const preview = (token: string) => server.anonymous().post('/v1/invitations/preview').send({ token });
const accept = ({ agent }: Customer, token: string) => agent.post('/v1/invitations/accept').send({ token });

describe('inviting', () => {
  it('mails a link, and lists the invitation without its token', async () => {
    const { id, email, token } = await anInvitation();
    const { body } = await owner.agent.get(`/v1/tenants/${tenantId}/invitations?status=pending`).expect(200);
    const shown = body.items.find((one: { id: string }) => one.id === id);
    expect(shown).toMatchObject({ email, role: 'member', status: 'pending', invitedBy: { name: owner.email } });
    expect(JSON.stringify(body)).not.toContain(token);
    expect(JSON.stringify(body)).not.toMatch(/tokenHash|emailKey/);
  });

  it('once more while one is pending is a conflict', async () => {
    const { email } = await anInvitation();
    const { status, body } = await invite(email.toUpperCase());
    expect([status, body.code]).toEqual([409, 'already_invited']);
  });

  it('is for owners and admins, and nobody gives a role above the own', async () => {
    const admin = await aCustomer(server);
    const member = await aCustomer(server);
    await aMembership(server.context, { tenantId, userId: admin.id, role: 'admin' });
    await aMembership(server.context, { tenantId, userId: member.id, role: 'member' });
    expect((await invite(anEmail(), 'member', member)).status).toBe(403);
    const above = await invite(anEmail(), 'owner', admin);
    expect([above.status, above.body.code]).toEqual([403, 'role_above_own']);
    await invite(anEmail(), 'admin', admin).expect(201);
  });

  it('names the fields that are wrong', async () => {
    const { status, body } = await invite('nobody', 'king');
    expect([status, Object.keys(body.errors).sort()]).toEqual([400, ['email', 'role']]);
  });

  it('again rotates the link; withdrawn, no link is good', async () => {
    const { id, email, token } = await anInvitation();
    await owner.agent.post(`/v1/tenants/${tenantId}/invitations/${id}/resend`).expect(200);
    const fresh = await secretOf(server, email, 'invitation');
    expect((await preview(token)).body).toMatchObject({ status: 410, code: 'invitation_replaced' });
    expect(await server.context.db.getRepository(Email).countBy({ invitationId: id, status: 'queued' })).toBe(1);
    await preview(fresh).expect(200);
    const gone = await owner.agent.delete(`/v1/tenants/${tenantId}/invitations/${id}`).expect(200);
    expect(gone.body.status).toBe('revoked');
    expect((await preview(fresh)).body).toMatchObject({ status: 410, code: 'invitation_revoked' });
  });

  it('of another tenant is not found', async () => {
    const { id } = await anInvitation();
    const stranger = await aCustomer(server);
    const own = await foundedBy(stranger);
    await stranger.agent.delete(`/v1/tenants/${own}/invitations/${id}`).expect(404);
    await stranger.agent.delete(`/v1/tenants/${tenantId}/invitations/${id}`).expect(404);
  });
});

describe('a link', () => {
  it('shows what it offers without sign-in, and changes nothing', async () => {
    const { id, email, token } = await anInvitation();
    const { body, headers } = await preview(token).expect(200);
    expect(body).toMatchObject({
      tenantName: 'Acme',
      inviterName: owner.email,
      role: 'member',
      email,
      status: 'pending',
    });
    expect(headers['set-cookie']).toBeUndefined();
    expect(body).not.toHaveProperty('accessToken');
    const row = await server.context.db.getRepository(Invitation).findOneByOrFail({ id });
    expect(row.status).toBe('pending');
  });

  it('that is not ours is not found', async () => {
    const { status, body } = await preview('x'.repeat(43));
    expect([status, body.code]).toEqual([404, 'invitation_not_found']);
    expect((await server.anonymous().post('/v1/invitations/preview').send({})).body.errors).toEqual({
      token: 'is required.',
    });
  });
});

describe('accepting', () => {
  it('needs a signed-in user', async () => {
    const { token } = await anInvitation();
    await server.anonymous().post('/v1/invitations/accept').send({ token }).expect(401);
  });

  it('twice at once makes one membership, and the mail is given up', async () => {
    const { id, email, token } = await anInvitation();
    const guest = await aCustomer(server, email);
    const answers = await Promise.all([accept(guest, token), accept(guest, token)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[0]!.body).toMatchObject({ tenantId, role: 'member', tenant: { id: tenantId, name: 'Acme' } });
    expect(await server.context.db.getRepository(Membership).countBy({ tenantId, userId: guest.id })).toBe(1);
    const row = await server.context.db.getRepository(Invitation).findOneByOrFail({ id });
    expect(row).toMatchObject({ status: 'accepted', acceptedByUserId: guest.id, addressMismatch: false });
  });

  it('by two people at once lets one in', async () => {
    const { token } = await anInvitation();
    const guests = [await aCustomer(server), await aCustomer(server)];
    const answers = await Promise.all(guests.map((guest) => accept(guest, token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 410]);
  });

  it('from another address is recorded', async () => {
    const { id, token } = await anInvitation();
    await accept(await aCustomer(server), token).expect(200);
    const row = await server.context.db.getRepository(Invitation).findOneByOrFail({ id });
    expect(row.addressMismatch).toBe(true);
  });

  it('by a member leaves the invitation open for somebody else', async () => {
    const { id, token } = await anInvitation();
    expect((await accept(owner, token).expect(200)).body.role).toBe('owner');
    expect((await server.context.db.getRepository(Invitation).findOneByOrFail({ id })).status).toBe('pending');
  });

  it('is over when the invitation has expired or its tenant is away', async () => {
    const own = await startServer();
    try {
      const founder = await aCustomer(own);
      const id = await foundedBy(founder);
      const email = anEmail();
      await founder.agent.post(`/v1/tenants/${id}/invitations`).send({ email, role: 'member' }).expect(201);
      const token = await secretOf(own, email, 'invitation');
      const tenants = own.context.db.getRepository(Tenant);
      await tenants.update({ id }, { status: 'suspended' });
      expect((await accept(await aCustomer(own), token)).body).toMatchObject({ status: 403, code: 'tenant_suspended' });
      await tenants.update({ id }, { status: 'active' });
      own.clock.advance(8 * DAY);
      const late = await aCustomer(own, email);
      expect((await accept(late, token)).body).toMatchObject({ status: 410, code: 'invitation_expired' });
    } finally {
      await own.close();
    }
  });
});
