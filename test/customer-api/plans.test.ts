import { ContactRequest } from '../../server/customer-api/contact-request.entity';
import { Email } from '../../server/emails/email.entity';
import { Tenant } from '../../server/tenants/tenant.entity';
import { aMembership, aPlan } from '../support/factories';
import { startServer, type TestServer } from '../support/server';
import { aCustomer, type Customer, foundedBy } from './people';

let server: TestServer;
let owner: Customer;
let tenantId: string;
beforeAll(async () => {
  server = await startServer();
  await aPlan(server.context, { id: 'starter', name: 'Starter', rank: 10, features: ['export'], priceText: '€9' });
  await aPlan(server.context, { id: 'enterprise', name: 'Enterprise', rank: 30, kind: 'custom', features: ['sso'] });
  await aPlan(server.context, { id: 'old', name: 'Old', rank: 5, active: false });
  await aPlan(server.context, { id: 'basic', name: 'Basic', rank: 1, kind: 'free' });
  owner = await aCustomer(server);
  tenantId = await foundedBy(owner);
});
afterAll(() => server.close());

const actions = (plans: { id: string; action: string }[]) =>
  Object.fromEntries(plans.map(({ id, action }) => [id, action]));

describe('plans', () => {
  it('on offer stand in order of rank, with what can be done about them', async () => {
    const { body } = await owner.agent.get('/v1/plans').expect(200);
    expect(body.items.map(({ id }: { id: string }) => id)).toEqual(['free', 'basic', 'starter', 'enterprise']);
    expect(actions(body.items)).toEqual({ free: 'choose', basic: 'choose', starter: 'choose', enterprise: 'contact' });
    expect(body.items[2]).toMatchObject({ kind: 'stripe', priceText: '€9', features: ['export'] });
    await server.anonymous().get('/v1/plans').expect(401);
  });

  it('of a tenant mark the current one', async () => {
    const { body } = await owner.agent.get(`/v1/tenants/${tenantId}/plan`).expect(200);
    expect(body).toMatchObject({ planId: 'free', source: 'base', status: null, cancelAt: null, seatLimit: null });
    expect(actions(body.plans)).toMatchObject({ free: 'current', starter: 'choose', enterprise: 'contact' });
  });

  it.each(['plan', 'entitlements'])('are polled by their ETag: %s', async (what) => {
    const founder = await aCustomer(server);
    const id = await foundedBy(founder);
    const poll = (etag: string) => founder.agent.get(`/v1/tenants/${id}/${what}`).set('If-None-Match', etag);
    const first = await poll('"none"').expect(200).expect('Cache-Control', 'private, no-cache');
    const again = await poll(first.headers.etag!).expect(304);
    expect(again.text).toBe('');
    await server.context.db.getRepository(Tenant).update({ id }, { basePlanId: 'basic', planId: 'basic' });
    expect((await poll(first.headers.etag!).expect(200)).body.planId).toBe('basic');
  });

  it('by contract are left through sales', async () => {
    const founder = await aCustomer(server);
    const id = await foundedBy(founder);
    await server.context.db.getRepository(Tenant).update({ id }, { basePlanId: 'enterprise', planId: 'enterprise' });
    const { body } = await founder.agent.get(`/v1/tenants/${id}/plan`).expect(200);
    expect(actions(body.plans)).toMatchObject({ free: 'contact', starter: 'choose', enterprise: 'current' });
  });

  it('that are free are chosen at once, by owners alone', async () => {
    const founder = await aCustomer(server);
    const id = await foundedBy(founder);
    const admin = await aCustomer(server);
    await aMembership(server.context, { tenantId: id, userId: admin.id, role: 'admin' });
    const choose = ({ agent }: Customer, planId: string) => agent.post(`/v1/tenants/${id}/plan`).send({ planId });
    expect((await choose(admin, 'basic')).status).toBe(403);
    expect((await choose(founder, 'basic').expect(200)).body).toEqual({ planId: 'basic' });
    expect((await choose(founder, 'enterprise')).body).toMatchObject({ status: 409, code: 'contact_sales' });
    expect((await choose(founder, 'nothing')).body).toMatchObject({
      status: 400,
      errors: { planId: expect.any(String) },
    });
  });

  it('give entitlements: features, and limits where there are any', async () => {
    const path = `/v1/tenants/${tenantId}/entitlements`;
    expect((await owner.agent.get(path).expect(200)).body).toEqual({ planId: 'free', features: [], limits: {} });
    await server.context.db.getRepository(Tenant).update({ id: tenantId }, { seatLimit: 3 });
    expect((await owner.agent.get(path)).body.limits).toEqual({ seats: 3 });
  });

  it('bills are for owners, and empty where nothing was bought', async () => {
    expect((await owner.agent.get(`/v1/tenants/${tenantId}/invoices`).expect(200)).body).toEqual({
      items: [],
      next: null,
    });
    const portal = await owner.agent.post(`/v1/tenants/${tenantId}/billing-portal`);
    expect([portal.status, portal.body.code]).toEqual([409, 'no_customer']);
    const member = await aCustomer(server);
    await aMembership(server.context, { tenantId, userId: member.id, role: 'admin' });
    await member.agent.get(`/v1/tenants/${tenantId}/invoices`).expect(403);
  });
});

describe('a word to sales', () => {
  it('is kept, and mailed to each active admin', async () => {
    const admin = await server.signIn('admin');
    await server.signIn('viewer');
    const given = { message: 'We need more seats.', tenantId, planId: 'enterprise' };
    const { body } = await owner.agent.post('/v1/contact').send(given).expect(201);
    const row = await server.context.db.getRepository(ContactRequest).findOneByOrFail({ id: body.id });
    expect(row).toMatchObject({ userId: owner.id, tenantId, message: given.message });
    const mails = await server.context.db.getRepository(Email).findBy({ kind: 'contact' });
    expect(mails.map(({ to }) => to)).toEqual([admin.email]);
    expect(mails[0]!.data).toMatchObject({ message: given.message, email: owner.email, planId: 'enterprise' });
  });

  it('is refused without a word, about a stranger’s tenant, and after five in an hour', async () => {
    const writer = await aCustomer(server);
    const write = (given: object) => writer.agent.post('/v1/contact').send(given);
    expect((await write({ message: ' ' })).body.errors).toEqual({ message: 'Say what it is about.' });
    await write({ message: 'Hello', tenantId }).expect(404);
    for (let n = 0; n < 5; n += 1) await write({ message: 'Hello' }).expect(201);
    await write({ message: 'Hello' }).expect(429);
  });
});
