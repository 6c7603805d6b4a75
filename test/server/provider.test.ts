import simpleRestProvider from 'ra-data-simple-rest';
import { aMembership, anInvitation, aTenant, aUser } from '../support/factories';
import { PASSWORD, startServer, type TestServer } from '../support/server';

interface HttpError extends Error {
  status: number;
  body: { errors?: Record<string, string>; current?: object };
}

/** What react-admin's fetchJson does, with the operator's cookie added. */
const clientWith =
  (cookie: string) =>
  async (url: string, { headers: given, ...options }: RequestInit = {}) => {
    const headers = new Headers(given);
    headers.set('Accept', 'application/json');
    headers.set('Cookie', cookie);
    if (options.body) headers.set('Content-Type', 'application/json');
    const response = await fetch(url, { ...options, headers });
    const body = await response.text();
    const json = body ? JSON.parse(body) : undefined;
    if (!response.ok) throw Object.assign(new Error(json?.message), { status: response.status, body: json });
    return { status: response.status, headers: response.headers, body, json };
  };

let server: TestServer;
let provider: ReturnType<typeof simpleRestProvider>;
beforeAll(async () => {
  server = await startServer();
  const { email } = await server.signIn('admin');
  const { headers } = await server.anonymous().post('/api/session').send({ email, password: PASSWORD });
  const cookie = (headers['set-cookie'] as unknown as string[])[0]!.split(';')[0]!;
  provider = simpleRestProvider(`${server.url}/api`, clientWith(cookie));
});
afterAll(() => server.close());

const pagination = { page: 1, perPage: 2 };
const sort = { field: 'name', order: 'ASC' } as const;

describe('the stock ra-data-simple-rest provider', () => {
  it('gets a list, a page at a time, with its total', async () => {
    for (const name of ['List one', 'List three', 'List two']) await aTenant(server.context, { name });
    const filter = { q: 'list' };
    const first = await provider.getList('tenants', { pagination, sort, filter });
    expect(first).toMatchObject({ total: 3, data: [{ name: 'List one' }, { name: 'List three' }] });
    const second = await provider.getList('tenants', { pagination: { page: 2, perPage: 2 }, sort, filter });
    expect(second).toMatchObject({ total: 3, data: [{ name: 'List two' }] });
  });

  it('gets an empty list', async () => {
    const empty = await provider.getList('tenants', { pagination, sort, filter: { q: 'nothing like this' } });
    expect(empty).toMatchObject({ total: 0, data: [] });
  });

  it('gets one', async () => {
    const { id, name } = await aTenant(server.context);
    const { data } = await provider.getOne('tenants', { id });
    expect(data).toMatchObject({ id, name, planId: 'free' });
  });

  it('gets many, more than a page of a list holds', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 30; n += 1) ids.push((await aTenant(server.context)).id);
    const { data } = await provider.getMany('tenants', { ids });
    expect(data.map(({ id }) => id).sort()).toEqual([...ids].sort());
  });

  it('gets what refers to a tenant', async () => {
    const { id } = await aTenant(server.context);
    for (let n = 0; n < 3; n += 1) await aMembership(server.context, { tenantId: id });
    await anInvitation(server.context, { tenantId: id });
    const reference = { target: 'tenantId', id, pagination, sort: { field: 'id', order: 'ASC' }, filter: {} } as const;
    const members = await provider.getManyReference('memberships', reference);
    expect([members.total, members.data.length]).toEqual([3, 2]);
    const invitations = await provider.getManyReference('invitations', { ...reference, filter: { status: 'pending' } });
    expect(invitations).toMatchObject({ total: 1, data: [{ tenantId: id, status: 'pending' }] });
  });

  it('creates', async () => {
    const { data } = await provider.create('tenants', { data: { name: 'Created' } });
    expect(data).toMatchObject({ id: expect.stringMatching(/^ten_/), name: 'Created', planId: 'free' });
    const user = await aUser(server.context);
    const member = await provider.create('memberships', {
      data: { tenantId: data.id, userId: user.id, role: 'owner' },
    });
    expect(member.data).toMatchObject({ tenantId: data.id, role: 'owner' });
  });

  it('updates, sending the whole record back, and the version keeps two from overwriting each other', async () => {
    const { id } = await aTenant(server.context);
    const { data: previousData } = await provider.getOne('tenants', { id });
    const update = (name: string) => provider.update('tenants', { id, previousData, data: { ...previousData, name } });
    const { data } = await update('First');
    expect(data).toMatchObject({ name: 'First', version: previousData.version + 1 });
    const refusal: HttpError = await update('Second').catch((error) => error);
    expect([refusal.status, refusal.body.current]).toEqual([409, expect.objectContaining({ name: 'First' })]);
  });

  it('updates many', async () => {
    const ids = [(await aTenant(server.context)).id, (await aTenant(server.context)).id];
    const { data } = await provider.updateMany('tenants', { ids, data: { name: 'Same name' } });
    expect(data).toEqual(ids);
    const { data: after } = await provider.getMany('tenants', { ids });
    expect(after.map(({ name }) => name)).toEqual(['Same name', 'Same name']);
  });

  it('deletes', async () => {
    const previousData = await aTenant(server.context);
    const { data } = await provider.delete('tenants', { id: previousData.id, previousData });
    expect(data).toMatchObject({ id: previousData.id, status: 'deleted' });
  });

  it('deletes many', async () => {
    const members = [await aMembership(server.context), await aMembership(server.context)];
    const ids = members.map(({ id }) => id);
    const { data } = await provider.deleteMany('memberships', { ids });
    expect(data).toEqual(ids);
    expect((await provider.getMany('memberships', { ids })).data).toEqual([]);
  });

  it("hands on the server's errors in the shape that forms show", async () => {
    const refusal: HttpError = await provider.create('tenants', { data: { name: '' } }).catch((error) => error);
    expect(refusal.status).toBe(400);
    expect(refusal.body.errors).toEqual({ name: 'Give the tenant a name.' });
    expect(refusal.message).toContain('Give the tenant a name.');
  });

  it.each([
    'tenants',
    'users',
    'memberships',
    'plans',
    'invitations',
    'subscriptions',
    'plan-changes',
    'overrides',
    'findings',
    'stripe-events',
    'emails',
    'audit-log',
    'operators',
  ])('lists %s as a list without settings of its own asks for it', async (resource) => {
    const given = { pagination: { page: 1, perPage: 25 }, sort: { field: 'id', order: 'ASC' }, filter: {} } as const;
    const { data, total } = await provider.getList(resource, given);
    expect(total).toBeGreaterThanOrEqual(data.length);
    expect(data.every(({ id }) => typeof id === 'string')).toBe(true);
  });
});
