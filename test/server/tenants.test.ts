import { AuditEntry } from '../../server/audit/audit.entity';
import { PlanChange } from '../../server/billing/plan-change.entity';
import { DAY } from '../support/clock';
import { aCustomer, aPlan, aTenant } from '../support/factories';
import { type Agent, type SignedIn, startServer, type TestServer } from '../support/server';

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

type Verb = 'get' | 'post' | 'put' | 'delete';
const call = (agent: Agent, verb: Verb, path: string, body: object = {}) =>
  verb === 'get' ? agent.get(path) : agent[verb](path).send(body);
const auditOf = (tenantId: string) =>
  server.context.db.getRepository(AuditEntry).find({ where: { tenantId }, order: { seq: 'ASC' } });

const ROUTES: [Verb, string, object, allowed: string[]][] = [
  ['get', '', {}, ['admin', 'support', 'viewer']],
  ['get', '/:id', {}, ['admin', 'support', 'viewer']],
  ['post', '', { name: 'New' }, ['admin', 'support']],
  ['put', '/:id', { name: 'Renamed' }, ['admin', 'support']],
  ['post', '/:id/suspend', { reason: 'does not pay' }, ['admin', 'support']],
  ['post', '/:id/reactivate', {}, ['admin', 'support']],
  ['delete', '/:id', {}, ['admin']],
  ['post', '/:id/restore', {}, ['admin']],
];

describe.each(ROUTES)('%s /api/tenants%s', (verb, path, body, allowed) => {
  it('is not for those who are not signed in', async () => {
    const { status, body: problem } = await call(
      server.anonymous(),
      verb,
      `/api/tenants${path.replace(':id', 'ten_x')}`,
      body,
    );
    expect([status, problem.code]).toEqual([401, 'unauthenticated']);
  });

  it.each(['admin', 'support', 'viewer'])(`is for ${allowed.join(', ')}: asked by %s`, async (role) => {
    const { agent } = { admin, support, viewer }[role as 'admin'];
    const { id } = await aTenant(server.context);
    const before = path.endsWith('reactivate') ? 'suspend' : path.endsWith('restore') ? 'delete' : undefined;
    if (before === 'suspend') await admin.agent.post(`/api/tenants/${id}/suspend`).send({ reason: 'testing' });
    if (before === 'delete') await admin.agent.delete(`/api/tenants/${id}`);
    const { status, body: answer } = await call(agent, verb, `/api/tenants${path.replace(':id', id)}`, body);
    if (allowed.includes(role)) expect(status).toBe(verb === 'post' && path === '' ? 201 : 200);
    else expect([status, answer.code]).toEqual([403, 'forbidden']);
  });

  if (path.startsWith('/:id'))
    it('says that an unknown id is unknown', async () => {
      const { status, body: problem } = await call(
        admin.agent,
        verb,
        `/api/tenants${path.replace(':id', 'ten_none')}`,
        body,
      );
      expect([status, problem.code]).toEqual([404, 'not_found']);
      expect(problem).toMatchObject({ title: 'Not found', status: 404, requestId: expect.stringMatching(/^req_/) });
    });
});

describe('a new tenant', () => {
  it('is on the default plan, with its history and audit trail begun', async () => {
    const { body, headers } = await support.agent.post('/api/tenants').send({ name: '  Acme & Söhne ' }).expect(201);
    expect(body).toMatchObject({
      id: expect.stringMatching(/^ten_/),
      name: 'Acme & Söhne',
      status: 'active',
      planId: 'free',
      basePlanId: 'free',
      planSource: 'base',
      memberCount: 0,
      seatLimit: null,
      stripeCustomerIds: [],
      lastVerifiedAt: null,
      deletedAt: null,
      version: 1,
    });
    expect(body.createdAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const [change] = await server.context.db.getRepository(PlanChange).findBy({ tenantId: body.id });
    expect(change).toMatchObject({ fromPlanId: null, toPlanId: 'free', source: 'base', actorId: support.id });
    const [entry] = await auditOf(body.id);
    expect(entry).toMatchObject({
      action: 'tenant.create',
      actorType: 'operator',
      actorId: support.id,
      requestId: headers['x-request-id'],
    });
  });

  it('may start on a plan by contract', async () => {
    const { id } = await aPlan(server.context, { kind: 'custom', rank: 30, seatLimit: 40 });
    const { body } = await support.agent.post('/api/tenants').send({ name: 'Big', basePlanId: id }).expect(201);
    expect(body).toMatchObject({ planId: id, basePlanId: id, seatLimit: 40 });
  });

  it('does not start on a plan that is paid through Stripe, unknown or retired', async () => {
    const paid = await aPlan(server.context);
    const retired = await aPlan(server.context, { kind: 'custom', active: false });
    for (const basePlanId of [paid.id, 'nowhere', retired.id]) {
      const { body } = await support.agent.post('/api/tenants').send({ name: 'Acme', basePlanId }).expect(400);
      expect(Object.keys(body.errors)).toEqual(['basePlanId']);
    }
  });

  it.each<[string, object]>([
    ['no name', {}],
    ['a blank name', { name: '   ' }],
    ['a name too long', { name: 'x'.repeat(121) }],
    ['a name that is no text', { name: 7 }],
    ['an empty one', { name: null }],
  ])('with %s is refused, and the field named', async (_what, given) => {
    const answer = await support.agent.post('/api/tenants').send(given).expect(400);
    expect(answer.type).toBe('application/problem+json');
    expect(answer.body).toMatchObject({ code: 'invalid', errors: { name: expect.any(String) } });
  });
});

describe('changing a tenant', () => {
  it('raises its version, keeps what is read-only, and records before and after', async () => {
    const { id, name } = await aTenant(server.context);
    const read = (await support.agent.get(`/api/tenants/${id}`)).body;
    const given = { ...read, name: 'Renamed', planId: 'other', memberCount: 9, status: 'deleted' };
    const { body } = await support.agent.put(`/api/tenants/${id}`).send(given).expect(200);
    expect(body).toMatchObject({ name: 'Renamed', planId: 'free', memberCount: 0, status: 'active', version: 2 });
    const entry = (await auditOf(id)).at(-1);
    expect(entry).toMatchObject({ action: 'tenant.update', changes: { name: { from: name, to: 'Renamed' } } });
  });

  it('of a version that somebody else changed is refused, with the record as it stands', async () => {
    const { id, version } = await aTenant(server.context);
    await admin.agent.put(`/api/tenants/${id}`).send({ name: 'First', version }).expect(200);
    const { status, body } = await support.agent.put(`/api/tenants/${id}`).send({ name: 'Second', version });
    expect([status, body.code]).toEqual([409, 'stale_version']);
    expect(body.current).toMatchObject({ id, name: 'First', version: version + 1 });
  });

  it('by two at once lets exactly one through', async () => {
    const { id, version } = await aTenant(server.context);
    const answers = await Promise.all(
      ['First', 'Second'].map((name) => admin.agent.put(`/api/tenants/${id}`).send({ name, version })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  it('to what it is already leaves no trace', async () => {
    const { id, name } = await aTenant(server.context);
    await support.agent.put(`/api/tenants/${id}`).send({ name }).expect(200);
    expect(await auditOf(id)).toHaveLength(1);
  });

  it('to another base plan decides its plan anew', async () => {
    const plan = await aPlan(server.context, { kind: 'custom', rank: 40 });
    const { id } = await aTenant(server.context);
    const { body } = await support.agent.put(`/api/tenants/${id}`).send({ basePlanId: plan.id }).expect(200);
    expect(body).toMatchObject({ planId: plan.id, planSource: 'base' });
    const steps = await server.context.db.getRepository(PlanChange).findBy({ tenantId: id });
    expect(steps.map(({ toPlanId }) => toPlanId).sort()).toEqual(['free', plan.id].sort());
  });

  it.each<[string, object, string]>([
    ['a blank name', { name: '' }, 'name'],
    ['an unknown base plan', { basePlanId: 'nowhere' }, 'basePlanId'],
    ['a version that is no number', { version: 'new' }, 'version'],
  ])('with %s is refused, and the field named', async (_what, given, field) => {
    const { id } = await aTenant(server.context);
    const { body } = await support.agent.put(`/api/tenants/${id}`).send(given).expect(400);
    expect(Object.keys(body.errors)).toEqual([field]);
  });
});

describe('a suspended tenant', () => {
  it('needs a reason, which the audit trail keeps', async () => {
    const { id } = await aTenant(server.context);
    const refused = await support.agent.post(`/api/tenants/${id}/suspend`).send({}).expect(400);
    expect(Object.keys(refused.body.errors)).toEqual(['reason']);
    const { body } = await support.agent
      .post(`/api/tenants/${id}/suspend`)
      .send({ reason: 'does not pay' })
      .expect(200);
    expect(body).toMatchObject({ status: 'suspended' });
    expect((await auditOf(id)).at(-1)).toMatchObject({ action: 'tenant.suspend', reason: 'does not pay' });
  });

  it('is not suspended twice, and comes back by being reactivated', async () => {
    const { id } = await aTenant(server.context);
    const suspend = () => support.agent.post(`/api/tenants/${id}/suspend`).send({ reason: 'does not pay' });
    await suspend().expect(200);
    expect((await suspend().expect(409)).body.code).toBe('not_active');
    const { body } = await support.agent.post(`/api/tenants/${id}/reactivate`).send({}).expect(200);
    expect(body.status).toBe('active');
    const again = await support.agent.post(`/api/tenants/${id}/reactivate`).send({}).expect(409);
    expect(again.body.code).toBe('not_suspended');
  });

  it('is still suspended once deleted and restored', async () => {
    const { id } = await aTenant(server.context);
    await support.agent.post(`/api/tenants/${id}/suspend`).send({ reason: 'does not pay' });
    await admin.agent.delete(`/api/tenants/${id}`);
    const { body } = await admin.agent.post(`/api/tenants/${id}/restore`).send({}).expect(200);
    expect(body.status).toBe('suspended');
  });
});

describe('a deleted tenant', () => {
  it('stays readable, is not changed, and comes back as it was', async () => {
    const { id, name } = await aTenant(server.context);
    const customer = await aCustomer(server.context, { tenantId: id, deleted: true });
    const { body } = await admin.agent.delete(`/api/tenants/${id}`).expect(200);
    expect(body).toMatchObject({ status: 'deleted', deletedAt: expect.any(String) });
    await viewer.agent.get(`/api/tenants/${id}`).expect(200);
    const refused = await admin.agent.put(`/api/tenants/${id}`).send({ name: 'Other' }).expect(409);
    expect(refused.body.code).toBe('tenant_deleted');
    const restored = await admin.agent.post(`/api/tenants/${id}/restore`).send({}).expect(200);
    expect(restored.body).toMatchObject({ name, status: 'active', deletedAt: null, stripeCustomerIds: [customer.id] });
  });

  it('is deleted twice to the same effect, with one trace', async () => {
    const { id } = await aTenant(server.context);
    const first = await admin.agent.delete(`/api/tenants/${id}`).expect(200);
    const second = await admin.agent.delete(`/api/tenants/${id}`).expect(200);
    expect(second.body.deletedAt).toBe(first.body.deletedAt);
    expect((await auditOf(id)).map(({ action }) => action)).toEqual(['tenant.create', 'tenant.delete']);
  });

  it('is not restored while it is not deleted', async () => {
    const { id } = await aTenant(server.context);
    const { body } = await admin.agent.post(`/api/tenants/${id}/restore`).send({}).expect(409);
    expect(body.code).toBe('not_deleted');
  });

  it('is not restored after TENANT_RESTORE_DAYS', async () => {
    const { id } = await aTenant(server.context);
    await admin.agent.delete(`/api/tenants/${id}`);
    server.clock.advance(31 * DAY);
    const { body } = await admin.agent.post(`/api/tenants/${id}/restore`).send({}).expect(409);
    server.clock.advance(-31 * DAY);
    expect(body.code).toBe('restore_expired');
  });
});
