import type { TenantRole } from '../../domain/permissions';
import { AuditEntry } from '../../server/audit/audit.entity';
import { Membership } from '../../server/memberships/membership.entity';
import { Tenant } from '../../server/tenants/tenant.entity';
import { aMembership, aTenant } from '../support/factories';
import { startServer, type TestServer } from '../support/server';
import { aCustomer, type Customer, foundedBy } from './people';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const join = async (tenantId: string, role: TenantRole): Promise<Customer> => {
  const customer = await aCustomer(server);
  await aMembership(server.context, { tenantId, userId: customer.id, role });
  return customer;
};

describe('who am I', () => {
  it('makes none where it is told not to, and none by any other call', async () => {
    const { agent } = await aCustomer(server);
    await agent.get('/v1/tenants').expect(200);
    expect((await agent.get('/v1/me?noTenantProvisioning')).body.tenants).toEqual([]);
  });
});

describe('tenants', () => {
  it('are made with the caller as owner, listed in pages and shown', async () => {
    const customer = await aCustomer(server);
    const ids = [
      await foundedBy(customer, 'One'),
      await foundedBy(customer, 'Two'),
      await foundedBy(customer, 'Three'),
    ];
    const first = await customer.agent.get('/v1/tenants?limit=2').expect(200);
    expect(first.body.items.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 2));
    const second = await customer.agent.get(`/v1/tenants?limit=2&after=${first.body.next}`).expect(200);
    expect([second.body.items[0].id, second.body.next]).toEqual([ids[2], null]);
    const shown = await customer.agent.get(`/v1/tenants/${ids[0]}`).expect(200);
    expect(shown.body).toMatchObject({ id: ids[0], name: 'One', role: 'owner', memberCount: 1, planId: 'free' });
  });

  it('need a name', async () => {
    const { agent } = await aCustomer(server);
    const { status, body } = await agent.post('/v1/tenants').send({ name: '  ' });
    expect([status, body.errors]).toEqual([400, { name: 'Give the tenant a name.' }]);
  });

  it('of others are not found, whatever is asked of them', async () => {
    const { agent } = await aCustomer(server);
    const { id } = await aTenant(server.context);
    const asked = [
      agent.get(`/v1/tenants/${id}`),
      agent.patch(`/v1/tenants/${id}`).send({ name: 'Mine' }),
      agent.delete(`/v1/tenants/${id}`),
      agent.get(`/v1/tenants/${id}/members`),
      agent.post(`/v1/tenants/${id}/invitations`).send({ email: 'a@example.com', role: 'member' }),
      agent.get(`/v1/tenants/${id}/plan`),
      agent.get(`/v1/tenants/${id}/entitlements`),
    ];
    for (const { status, body } of await Promise.all(asked)) expect([status, body.code]).toEqual([404, 'not_found']);
  });

  it('that are suspended can be read, but not changed', async () => {
    const owner = await aCustomer(server);
    const id = await foundedBy(owner);
    await server.context.db.getRepository(Tenant).update({ id }, { status: 'suspended', suspendedReason: 'unpaid' });
    for (const path of ['', '/members', '/invitations', '/plan', '/entitlements'])
      await owner.agent.get(`/v1/tenants/${id}${path}`).expect(200);
    const shown = { status: 'suspended', suspendedReason: 'unpaid' };
    expect((await owner.agent.get(`/v1/tenants/${id}`)).body).toMatchObject(shown);
    expect((await owner.agent.get('/v1/me')).body.tenants).toMatchObject([{ id, ...shown }]);
    const writes = [
      owner.agent.patch(`/v1/tenants/${id}`).send({ name: 'New' }),
      owner.agent.delete(`/v1/tenants/${id}`),
      owner.agent.post(`/v1/tenants/${id}/invitations`).send({ email: 'a@example.com', role: 'member' }),
      owner.agent.post(`/v1/tenants/${id}/plan`).send({ planId: 'free' }),
    ];
    for (const { status, body } of await Promise.all(writes)) {
      expect([status, body.code]).toEqual([403, 'tenant_suspended']);
      expect(body.detail).toContain('unpaid');
    }
  });

  it('are deleted by their owner alone, and then gone', async () => {
    const owner = await aCustomer(server);
    const id = await foundedBy(owner);
    const admin = await join(id, 'admin');
    expect((await admin.agent.delete(`/v1/tenants/${id}`)).status).toBe(403);
    await owner.agent.delete(`/v1/tenants/${id}`).expect(204);
    await owner.agent.get(`/v1/tenants/${id}`).expect(404);
    expect((await owner.agent.get('/v1/tenants')).body.items).toEqual([]);
    expect((await server.context.db.getRepository(Tenant).findOneByOrFail({ id })).status).toBe('deleted');
  });

  it('are renamed by owners and admins, not by members', async () => {
    const owner = await aCustomer(server);
    const id = await foundedBy(owner);
    const [admin, member] = [await join(id, 'admin'), await join(id, 'member')];
    const renamed = await admin.agent.patch(`/v1/tenants/${id}`).send({ name: 'Renamed' }).expect(200);
    expect(renamed.body).toMatchObject({ name: 'Renamed', role: 'admin' });
    expect((await member.agent.patch(`/v1/tenants/${id}`).send({ name: 'No' })).status).toBe(403);
  });
});

describe('the ownership', () => {
  const handOver = ({ agent }: Customer, id: string, userId: string) =>
    agent.post(`/v1/tenants/${id}/ownership`).send({ userId });
  const rolesOf = async (tenantId: string) => {
    const members = await server.context.db.getRepository(Membership).findBy({ tenantId });
    return Object.fromEntries(members.map(({ userId, role }) => [userId, role]));
  };

  it('is handed to a member, and who hands it over stays as an admin', async () => {
    const owner = await aCustomer(server);
    const id = await foundedBy(owner);
    const heir = await join(id, 'member');
    const { body } = await handOver(owner, id, heir.id).expect(200);
    expect(body).toMatchObject({ id, role: 'admin' });
    expect(await rolesOf(id)).toEqual({ [owner.id]: 'admin', [heir.id]: 'owner' });
    const changes = await server.context.db
      .getRepository(AuditEntry)
      .findBy({ tenantId: id, action: 'membership.set-role' });
    expect(changes).toHaveLength(2);
    await handOver(owner, id, heir.id).expect(403);
  });

  it('goes to members of the team alone, and not to oneself', async () => {
    const owner = await aCustomer(server);
    const id = await foundedBy(owner);
    const stranger = await aCustomer(server);
    await handOver(owner, id, stranger.id).expect(404);
    const { status, body } = await handOver(owner, id, owner.id);
    expect([status, body.errors]).toEqual([400, { userId: 'is you. Choose another member.' }]);
    expect(await rolesOf(id)).toEqual({ [owner.id]: 'owner' });
  });

  it('is not an admin’s to give', async () => {
    const owner = await aCustomer(server);
    const id = await foundedBy(owner);
    const admin = await join(id, 'admin');
    await handOver(admin, id, admin.id).expect(403);
    expect(await rolesOf(id)).toEqual({ [owner.id]: 'owner', [admin.id]: 'admin' });
  });
});

describe('members', () => {
  it('see each other', async () => {
    const owner = await aCustomer(server);
    const id = await foundedBy(owner);
    const member = await join(id, 'member');
    const { body } = await member.agent.get(`/v1/tenants/${id}/members`).expect(200);
    expect(body.next).toBeNull();
    expect(body.items).toMatchObject([
      { userId: owner.id, email: owner.email, role: 'owner' },
      { userId: member.id, email: member.email, role: 'member' },
    ]);
  });

  it('may leave, but not remove others', async () => {
    const owner = await aCustomer(server);
    const id = await foundedBy(owner);
    const [one, two] = [await join(id, 'member'), await join(id, 'member')];
    expect((await one.agent.delete(`/v1/tenants/${id}/members/${two.id}`)).status).toBe(403);
    await one.agent.delete(`/v1/tenants/${id}/members/${one.id}`).expect(204);
    await one.agent.get(`/v1/tenants/${id}`).expect(404);
  });

  it('never lose their last owner, even when two owners go at once', async () => {
    const one = await aCustomer(server);
    const id = await foundedBy(one);
    const alone = await one.agent.delete(`/v1/tenants/${id}/members/${one.id}`);
    expect([alone.status, alone.body.code]).toEqual([409, 'last_owner']);
    const demoted = await one.agent.patch(`/v1/tenants/${id}/members/${one.id}`).send({ role: 'member' });
    expect([demoted.status, demoted.body.code]).toEqual([409, 'last_owner']);
    const two = await join(id, 'owner');
    const answers = await Promise.all(
      [one, two].map(({ agent, id: user }) => agent.delete(`/v1/tenants/${id}/members/${user}`)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 409]);
    expect(await server.context.db.getRepository(Membership).countBy({ tenantId: id, role: 'owner' })).toBe(1);
  });

  it.each<[TenantRole, TenantRole, TenantRole, number]>([
    ['owner', 'member', 'owner', 200],
    ['owner', 'owner', 'member', 200],
    ['admin', 'member', 'admin', 200],
    ['admin', 'member', 'owner', 403],
    ['admin', 'owner', 'member', 403],
    ['member', 'member', 'member', 403],
  ])('by an %s, from %s to %s: %d', async (by, from, to, status) => {
    const founder = await aCustomer(server);
    const id = await foundedBy(founder);
    const actor = await join(id, by);
    const { userId } = await aMembership(server.context, { tenantId: id, role: from });
    const answer = await actor.agent.patch(`/v1/tenants/${id}/members/${userId}`).send({ role: to });
    expect(answer.status).toBe(status);
    const member = await server.context.db.getRepository(Membership).findOneByOrFail({ tenantId: id, userId });
    expect(member.role).toBe(status === 200 ? to : from);
  });
});
