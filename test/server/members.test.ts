import { AuditEntry } from '../../server/audit/audit.entity';
import { newId } from '../../server/db/id';
import { Membership } from '../../server/memberships/membership.entity';
import { Tenant } from '../../server/tenants/tenant.entity';
import { Identity } from '../../server/users/identity.entity';
import { aMembership, aTenant, aUser } from '../support/factories';
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
const memberCount = async (id: string) => (await repository(Tenant).findOneByOrFail({ id })).memberCount;
const add = (body: object) => support.agent.post('/api/memberships').send(body);

describe('a membership', () => {
  it('is made, counted in the tenant, and written into the audit trail', async () => {
    const tenant = await aTenant(server.context);
    const user = await aUser(server.context);
    const { body } = await add({ tenantId: tenant.id, userId: user.id, role: 'owner' }).expect(201);
    expect(body).toMatchObject({ tenantId: tenant.id, userId: user.id, role: 'owner', version: 1 });
    expect(await memberCount(tenant.id)).toBe(1);
    const trail = await repository(AuditEntry).findBy({ tenantId: tenant.id, resource: 'memberships' });
    expect(trail).toMatchObject([{ action: 'membership.create', actorId: support.id, resourceId: body.id }]);
  });

  it('is made once, however many ask at once', async () => {
    const { id: tenantId } = await aTenant(server.context);
    const { id: userId } = await aUser(server.context);
    const answers = await Promise.all([1, 2, 3].map(() => add({ tenantId, userId, role: 'member' })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expect(await memberCount(tenantId)).toBe(1);
  });

  it('takes a seat, and none is made beyond the last', async () => {
    const { id: tenantId } = await aTenant(server.context, { seatLimit: 1 });
    const users = [await aUser(server.context), await aUser(server.context)];
    const answers = await Promise.all(users.map(({ id }) => add({ tenantId, userId: id, role: 'member' })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(answers.find(({ status }) => status === 409)?.body.code).toBe('seats_full');
  });

  it.each<[string, object, string]>([
    ['no tenant', { userId: 'usr_none', role: 'member' }, 'tenantId'],
    ['an unknown tenant', { tenantId: 'ten_none', userId: 'usr_none', role: 'member' }, 'tenantId'],
    ['no user', { tenantId: 'ten_none', role: 'member' }, 'userId'],
    ['an unknown role', { tenantId: 'ten_none', userId: 'usr_none', role: 'king' }, 'role'],
  ])('with %s is refused, and the field named', async (_what, given, field) => {
    expect(Object.keys((await add(given).expect(400)).body.errors)).toEqual([field]);
  });

  it('of an unknown user is refused', async () => {
    const { id: tenantId } = await aTenant(server.context);
    const { body } = await add({ tenantId, userId: 'usr_none', role: 'member' }).expect(400);
    expect(Object.keys(body.errors)).toEqual(['userId']);
  });

  it('gets another role; one that somebody else changed does not', async () => {
    const { id, version } = await aMembership(server.context);
    const change = (role: string) => support.agent.put(`/api/memberships/${id}`).send({ role, version });
    expect((await change('admin').expect(200)).body).toMatchObject({ role: 'admin', version: version + 1 });
    expect((await change('owner').expect(409)).body).toMatchObject({
      code: 'stale_version',
      current: { role: 'admin' },
    });
  });

  it('that is removed is gone and counts no more', async () => {
    const { id, tenantId } = await aMembership(server.context);
    await admin.agent.delete(`/api/memberships/${id}`).expect(200);
    await viewer.agent.get(`/api/memberships/${id}`).expect(404);
    await admin.agent.delete(`/api/memberships/${id}`).expect(404);
    expect(await memberCount(tenantId)).toBe(0);
  });

  it('is removed by admins alone, and changed by nobody who only reads', async () => {
    const { id } = await aMembership(server.context);
    await support.agent.delete(`/api/memberships/${id}`).expect(403);
    await viewer.agent.put(`/api/memberships/${id}`).send({ role: 'owner' }).expect(403);
    await viewer.agent.post('/api/memberships').send({}).expect(403);
  });
});

describe('the last owner of a tenant', () => {
  it('neither steps down nor goes', async () => {
    const { id, tenantId } = await aMembership(server.context, { role: 'owner' });
    await aMembership(server.context, { tenantId });
    const steppingDown = await support.agent.put(`/api/memberships/${id}`).send({ role: 'member' }).expect(409);
    expect(steppingDown.body).toMatchObject({ code: 'last_owner', errors: { role: expect.any(String) } });
    expect((await admin.agent.delete(`/api/memberships/${id}`).expect(409)).body.code).toBe('last_owner');
  });

  it('stays even when two owners go at once', async () => {
    const one = await aMembership(server.context, { role: 'owner' });
    const two = await aMembership(server.context, { role: 'owner', tenantId: one.tenantId });
    const answers = await Promise.all([one, two].map(({ id }) => admin.agent.delete(`/api/memberships/${id}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await repository(Membership).countBy({ tenantId: one.tenantId, role: 'owner' })).toBe(1);
  });
});

describe('users', () => {
  it('are made, found by address whatever its case, and shown with identities and tenants', async () => {
    const { body } = await support.agent.post('/api/users').send({ email: 'Una@Example.com', name: 'Una' }).expect(201);
    expect(body).toMatchObject({
      id: expect.stringMatching(/^usr_/),
      identities: [],
      tenantCount: 0,
      status: 'active',
    });
    await aMembership(server.context, { userId: body.id });
    await repository(Identity).insert({ id: newId('idn'), issuer: 'https://login', subject: 's-1', userId: body.id });
    const filter = JSON.stringify({ email: 'una@example.COM' });
    const found = await viewer.agent.get('/api/users').query({ filter }).expect(200);
    expect(found.body).toMatchObject([
      { id: body.id, tenantCount: 1, identities: [{ issuer: 'https://login', subject: 's-1' }] },
    ]);
    expect(found.body[0]).not.toHaveProperty('emailKey');
  });

  it('may share an address: it tells nobody apart', async () => {
    for (const name of ['One', 'Two'])
      await support.agent.post('/api/users').send({ email: 'both@example.com', name }).expect(201);
  });

  it('are found by tenant, by words of the name and of the address', async () => {
    const user = await aUser(server.context, { name: 'Quentin Quill', email: 'quentin@feather.example' });
    const { tenantId } = await aMembership(server.context, { userId: user.id });
    for (const filter of [{ tenantId }, { q: 'quill' }, { q: 'feather' }]) {
      const { body } = await viewer.agent
        .get('/api/users')
        .query({ filter: JSON.stringify(filter) })
        .expect(200);
      expect(body.map(({ id }: { id: string }) => id)).toEqual([user.id]);
    }
  });

  it('are changed and suspended, with the audit trail holding no address in clear', async () => {
    const { id, version } = await aUser(server.context);
    const given = { email: 'changed@example.com', status: 'suspended', version };
    const { body } = await support.agent.put(`/api/users/${id}`).send(given).expect(200);
    expect(body).toMatchObject({ email: 'changed@example.com', status: 'suspended', version: version + 1 });
    expect((await support.agent.put(`/api/users/${id}`).send(given).expect(409)).body.code).toBe('stale_version');
    const trail = await repository(AuditEntry).findBy({ resource: 'users', resourceId: id });
    expect(trail).toMatchObject([{ action: 'user.update', changes: { status: { from: 'active', to: 'suspended' } } }]);
    expect(JSON.stringify(trail)).not.toContain('changed@example.com');
  });

  it.each<[string, object, string]>([
    ['an address that is none', { email: 'me' }, 'email'],
    ['an unknown status', { status: 'asleep' }, 'status'],
  ])('with %s are refused, and the field named', async (_what, given, field) => {
    const { id } = await aUser(server.context);
    expect(Object.keys((await support.agent.put(`/api/users/${id}`).send(given).expect(400)).body.errors)).toEqual([
      field,
    ]);
  });

  it('are not made or changed by viewers', async () => {
    const { id } = await aUser(server.context);
    await viewer.agent.post('/api/users').send({ email: 'a@example.com' }).expect(403);
    await viewer.agent.put(`/api/users/${id}`).send({ name: 'x' }).expect(403);
    await support.agent.put('/api/users/usr_none').send({ name: 'x' }).expect(404);
  });
});
