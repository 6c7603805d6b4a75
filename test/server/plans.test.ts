import { systemActor } from '../../server/audit/actor';
import { decideTenant } from '../../server/billing/decide-tenant';
import { PlanChange } from '../../server/billing/plan-change.entity';
import { inTransaction } from '../../server/db/transaction';
import { Plan } from '../../server/plans/plan.entity';
import { DAY } from '../support/clock';
import { aPlan, aSubscription, aTenant } from '../support/factories';
import { type SignedIn, startServer, type TestServer } from '../support/server';

let server: TestServer;
let admin: SignedIn;
let support: SignedIn;
beforeAll(async () => {
  server = await startServer();
  [admin, support] = [await server.signIn('admin'), await server.signIn('support')];
});
afterAll(() => server.close());

const make = (body: object) => admin.agent.post('/api/plans').send(body);
const tenantNow = async (id: string) => (await support.agent.get(`/api/tenants/${id}`).expect(200)).body;
const decide = (id: string) =>
  inTransaction(server.context.db, (tx) => decideTenant(tx, server.context, id, { actor: systemActor }));
const soon = (days: number) => new Date(+server.clock.now() + days * DAY).toISOString();

describe('plans', () => {
  it('are made under the id that was chosen, and shown as they were given', async () => {
    const given = {
      id: 'starter',
      name: 'Starter',
      kind: 'stripe',
      rank: 10,
      description: 'For small teams',
      features: ['Mail support'],
      priceText: '€ 10 a month',
      stripePriceIds: ['price_starter_1', 'price_starter_2'],
      stripeLookupKey: 'starter',
      limits: { seats: 5 },
      trialDays: 14,
    };
    const { body } = await make(given).expect(201);
    expect(body).toMatchObject({ ...given, active: true, isDefault: false, tenantCount: 0, version: 1 });
  });

  it.each<[string, object, string]>([
    ['an id of more than a short word', { id: 'Not A Word' }, 'id'],
    ['an unknown kind', { kind: 'gift' }, 'kind'],
    ['a rank that is no number', { rank: 'top' }, 'rank'],
    ['no seat at all', { limits: { seats: 0 } }, 'limits.seats'],
    ['no name', { name: '' }, 'name'],
  ])('with %s are refused, and the field named', async (_what, given, field) => {
    const { body } = await make({ id: 'some-plan', name: 'Some', kind: 'free', rank: 1, ...given }).expect(400);
    expect(Object.keys(body.errors)).toEqual([field]);
  });

  it('do not share an id, a price or a lookup key', async () => {
    const { id, stripePriceIds } = await aPlan(server.context, { stripeLookupKey: 'shared-key' });
    const other = { id: 'other-plan', name: 'Other', kind: 'stripe', rank: 1 };
    expect((await make({ ...other, id }).expect(409)).body.errors).toHaveProperty('id');
    expect((await make({ ...other, stripePriceIds }).expect(409)).body.errors).toHaveProperty('stripePriceIds');
    await make({ ...other, stripeLookupKey: 'shared-key' }).expect(409);
    expect(await server.context.db.getRepository(Plan).existsBy({ id: 'other-plan' })).toBe(false);
  });

  it('have exactly one default, which moves and is not deleted', async () => {
    await make({ id: 'basic', name: 'Basic', kind: 'free', rank: 1, isDefault: true }).expect(201);
    const defaults = await server.context.db.getRepository(Plan).findBy({ isDefault: 1 });
    expect(defaults.map(({ id }) => id)).toEqual(['basic']);
    expect((await admin.agent.delete('/api/plans/basic').expect(409)).body.code).toBe('default_plan');
    await admin.agent.put('/api/plans/free').send({ isDefault: true }).expect(200);
    const { body } = await admin.agent.get('/api/plans').query({ filter: '{"isDefault":true}' }).expect(200);
    expect(body.map(({ id }: { id: string }) => id)).toEqual(['free']);
  });

  it('that are paid for never become the default', async () => {
    const { id } = await aPlan(server.context);
    const { body } = await admin.agent.put(`/api/plans/${id}`).send({ isDefault: true }).expect(400);
    expect(Object.keys(body.errors)).toEqual(['isDefault']);
  });

  it('of a version that somebody else changed are not changed again', async () => {
    const { id, version } = await aPlan(server.context);
    await admin.agent.put(`/api/plans/${id}`).send({ name: 'First', version }).expect(200);
    const { body } = await admin.agent.put(`/api/plans/${id}`).send({ name: 'Second', version }).expect(409);
    expect(body).toMatchObject({ code: 'stale_version', current: { name: 'First' } });
  });

  it('are deleted while unused, and stay where a tenant is or was on them', async () => {
    const unused = await aPlan(server.context);
    await admin.agent.delete(`/api/plans/${unused.id}`).expect(200);
    await admin.agent.get(`/api/plans/${unused.id}`).expect(404);
    const used = await aPlan(server.context, { kind: 'custom' });
    await aTenant(server.context, { basePlanId: used.id });
    expect((await admin.agent.delete(`/api/plans/${used.id}`).expect(409)).body.code).toBe('plan_in_use');
  });

  it('are for support to read alone', async () => {
    const { id } = await aPlan(server.context);
    await support.agent.get(`/api/plans/${id}`).expect(200);
    await support.agent.post('/api/plans').send({}).expect(403);
    await support.agent.put(`/api/plans/${id}`).send({}).expect(403);
    await support.agent.delete(`/api/plans/${id}`).expect(403);
  });
});

describe('an override', () => {
  const grant = (body: object) => admin.agent.post('/api/overrides').send(body);

  it('lifts the tenant while it lasts, and its end takes the plan back', async () => {
    const { id: planId } = await aPlan(server.context, { kind: 'custom', rank: 50, seatLimit: 9 });
    const { id: tenantId } = await aTenant(server.context);
    const { body } = await grant({ tenantId, planId, reason: 'trial for the fair', endsAt: soon(3) }).expect(201);
    expect(body).toMatchObject({
      tenantId,
      planId,
      pin: false,
      endedAt: null,
      createdBy: { type: 'operator', id: admin.id },
    });
    expect(await tenantNow(tenantId)).toMatchObject({ planId, planSource: 'override', seatLimit: 9 });
    server.clock.advance(3 * DAY + 1000);
    await decide(tenantId);
    server.clock.advance(-3 * DAY - 1000);
    expect(await tenantNow(tenantId)).toMatchObject({ planId: 'free', planSource: 'base', seatLimit: null });
    const steps = await server.context.db.getRepository(PlanChange).find({ where: { tenantId }, order: { at: 'ASC' } });
    expect(steps.map(({ toPlanId, source }) => [toPlanId, source])).toEqual([
      ['free', 'base'],
      [planId, 'override'],
      ['free', 'base'],
    ]);
  });

  it('that is pinned holds a payer down, and ending it gives back what was paid for', async () => {
    const { id: tenantId } = await aTenant(server.context);
    const paid = await aPlan(server.context, { rank: 20 });
    const subscription = await aSubscription(server.context, { tenantId, priceId: paid.stripePriceIds[0]! });
    await decide(tenantId);
    expect(await tenantNow(tenantId)).toMatchObject({
      planId: paid.id,
      planSource: 'subscription',
      subscriptionId: subscription.id,
      subscriptionStatus: 'active',
      stripeCustomerIds: [subscription.customerId],
    });
    const given = { tenantId, planId: 'free', pin: true, reason: 'abuse', endsAt: soon(9) };
    const { body } = await grant(given).expect(201);
    expect(await tenantNow(tenantId)).toMatchObject({ planId: 'free', planSource: 'override' });
    await admin.agent.post(`/api/overrides/${body.id}/end`).send({ reason: 'settled' }).expect(200);
    expect(await tenantNow(tenantId)).toMatchObject({ planId: paid.id, planSource: 'subscription' });
    const again = await admin.agent.post(`/api/overrides/${body.id}/end`).send({}).expect(409);
    expect(again.body.code).toBe('override_ended');
  });

  it.each<[string, object, string]>([
    ['no reason', { reason: '' }, 'reason'],
    ['no end', { endsAt: undefined }, 'endsAt'],
    ['an end that has passed', { endsAt: '2020-01-01T00:00:00Z' }, 'endsAt'],
    ['an unknown tenant', { tenantId: 'ten_none' }, 'tenantId'],
    ['an unknown plan', { planId: 'nowhere' }, 'planId'],
  ])('with %s is refused, and the field named', async (_what, given, field) => {
    const { id: tenantId } = await aTenant(server.context);
    const whole = { tenantId, planId: 'free', reason: 'testing', endsAt: soon(3), ...given };
    expect(Object.keys((await grant(whole).expect(400)).body.errors)).toEqual([field]);
  });

  it('is the business of admins alone', async () => {
    await support.agent.post('/api/overrides').send({}).expect(403);
    await support.agent.post('/api/overrides/ovr_none/end').send({}).expect(403);
    await admin.agent.post('/api/overrides/ovr_none/end').send({}).expect(404);
  });
});

describe('deciding a tenant again', () => {
  it('leaves no second trace where nothing changed', async () => {
    const { tenantId } = await aSubscription(server.context);
    await decide(tenantId!);
    const { version } = await tenantNow(tenantId!);
    await decide(tenantId!);
    expect((await tenantNow(tenantId!)).version).toBe(version);
  });

  it('by two at once records the change once', async () => {
    const { tenantId } = await aSubscription(server.context);
    await Promise.all([1, 2, 3].map(() => decide(tenantId!)));
    expect(await server.context.db.getRepository(PlanChange).countBy({ tenantId: tenantId! })).toBe(2);
  });
});

describe('the overview', () => {
  it('counts what there is, for every role', async () => {
    const { body } = await support.agent.get('/api/overview').expect(200);
    const counted = await server.context.db.query(`SELECT COUNT(*) AS n FROM tenants WHERE status = 'active'`);
    expect(body.tenants.active).toBe(Number(counted[0].n));
    const byPlan = body.plans.map(({ tenants }: { tenants: number }) => tenants);
    expect(byPlan.reduce((sum: number, n: number) => sum + n, 0)).toBe(body.tenants.total);
    expect(body.recentChanges.length).toBeGreaterThan(0);
    expect(body.recentChanges[0]).toMatchObject({
      tenantName: expect.stringMatching(/./),
      toPlanId: expect.any(String),
    });
  });
});
