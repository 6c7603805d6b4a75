import { setTimeout as pause } from 'node:timers/promises';
import { AuditEntry } from '../../server/audit/audit.entity';
import { ApiKey } from '../../server/operators/api-key.entity';
import { sha256 } from '../../server/secrets';
import { aTenant } from '../support/factories';
import { type SignedIn, startServer, type TestServer } from '../support/server';

let server: TestServer;
let admin: SignedIn;
beforeAll(async () => {
  server = await startServer();
  admin = await server.signIn('admin');
});
afterAll(() => server.close());

const keys = () => server.context.db.getRepository(ApiKey);
const make = async (given: object = {}) => {
  const body = { name: 'Nightly export', role: 'support', ...given };
  return (await admin.agent.post('/api/api-keys').send(body).expect(201)).body;
};
const withKey = (secret: string) => server.anonymous().set('Authorization', `Bearer ${secret}`);

describe('an API key', () => {
  it('shows its secret in the answer that made it, and is kept as a hash', async () => {
    const { secret, ...record } = await make({ expiresAt: '2099-01-01T00:00:00.000Z' });
    expect(secret).toMatch(/^tk_[\w-]{43}$/);
    expect(record).toMatchObject({ name: 'Nightly export', role: 'support', lastUsedAt: null });
    expect(record).toMatchObject({ prefix: secret.slice(0, 11), createdBy: { type: 'operator', id: admin.id } });
    const row = await keys().findOneByOrFail({ id: record.id });
    expect(row.secretHash).toBe(sha256(secret));
    const { body: shown } = await admin.agent.get(`/api/api-keys/${record.id}`).expect(200);
    const { body: listed } = await admin.agent.get('/api/api-keys').expect(200);
    const entries = await server.context.db.getRepository(AuditEntry).findBy({ resourceId: record.id });
    expect(entries.map(({ action }) => action)).toEqual(['api-key.create']);
    for (const told of [shown, listed, entries]) {
      expect(JSON.stringify(told)).not.toContain(secret);
      expect(JSON.stringify(told)).not.toContain(row.secretHash);
    }
  });

  it('lets a program do what its role may, and stands in the audit trail by name', async () => {
    const { id, secret } = await make({ name: 'CRM' });
    const { body: tenant } = await withKey(secret).post('/api/tenants').send({ name: 'Made by CRM' }).expect(201);
    const filter = encodeURIComponent(JSON.stringify({ tenantId: tenant.id }));
    const { body: trail } = await withKey(secret).get(`/api/audit-log?filter=${filter}`).expect(200);
    expect(trail[0].actor).toEqual({ type: 'api-key', id, name: 'CRM' });
    expect((await keys().findOneByOrFail({ id })).lastUsedAt).not.toBeNull();
  });

  it('may no more than its role, and manages neither operators nor keys whatever its role', async () => {
    const { id } = await aTenant(server.context);
    const viewer = await make({ role: 'viewer' });
    await withKey(viewer.secret).get(`/api/tenants/${id}`).expect(200);
    const { body } = await withKey(viewer.secret).post(`/api/tenants/${id}/suspend`).send({ reason: 'late' });
    expect(body).toMatchObject({ status: 403, code: 'forbidden' });
    const all = await make({ role: 'admin' });
    await withKey(all.secret).get('/api/plans').expect(200);
    for (const resource of ['operators', 'api-keys']) await withKey(all.secret).get(`/api/${resource}`).expect(403);
    await withKey(all.secret).get('/api/session').expect(401);
  });

  it('counts alone where it is shown: the cookie beside it opens nothing', async () => {
    await admin.agent.get('/api/tenants').set('Authorization', 'Bearer tk_wrong').expect(401);
    const { secret } = await make({ role: 'viewer' });
    await admin.agent.get('/api/operators').set('Authorization', `Bearer ${secret}`).expect(403);
  });

  it('opens nothing once it is deleted or has expired', async () => {
    const deleted = await make();
    await admin.agent.delete(`/api/api-keys/${deleted.id}`).expect(200);
    const expired = await make();
    await keys().update({ id: expired.id }, { expiresAt: new Date(Date.now() - 1000) });
    for (const { secret } of [deleted, expired]) {
      const { body } = await withKey(secret).get('/api/tenants');
      expect(body).toMatchObject({ status: 401, code: 'unauthenticated' });
    }
    await admin.agent.get(`/api/api-keys/${deleted.id}`).expect(404);
    expect((await admin.agent.delete(`/api/api-keys/${deleted.id}`)).status).toBe(404);
  });

  it('is renamed and prolonged, and its role stays', async () => {
    const { id } = await make();
    const given = { name: 'Weekly export', expiresAt: '2099-06-01T00:00:00.000Z', role: 'admin' };
    const { body } = await admin.agent.put(`/api/api-keys/${id}`).send(given).expect(200);
    expect(body).toMatchObject({ name: 'Weekly export', expiresAt: '2099-06-01T00:00:00.000Z', role: 'support' });
  });

  it.each([
    ['no name', { name: ' ' }, 'name'],
    ['an unknown role', { role: 'root' }, 'role'],
    ['an end that is no time', { expiresAt: 'tomorrow' }, 'expiresAt'],
    ['an end that is past', { expiresAt: '2001-01-01T00:00:00.000Z' }, 'expiresAt'],
  ])('is not made with %s', async (_what, given, field) => {
    const before = await keys().count();
    const { body } = await admin.agent.post('/api/api-keys').send({ name: 'x', role: 'viewer', ...given });
    expect([body.status, Object.keys(body.errors)]).toEqual([400, [field]]);
    expect(await keys().count()).toBe(before);
  });

  it('is marked as used at most once a minute', async () => {
    const { id, secret } = await make();
    await withKey(secret).get('/api/tenants').expect(200);
    const { lastUsedAt } = await keys().findOneByOrFail({ id });
    await pause(20);
    await withKey(secret).get('/api/tenants').expect(200);
    expect((await keys().findOneByOrFail({ id })).lastUsedAt).toEqual(lastUsedAt);
  });
});
