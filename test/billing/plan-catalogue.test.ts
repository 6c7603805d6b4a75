import { randomBytes } from 'node:crypto';
import { systemActor } from '../../server/audit/actor';
import { AuditEntry } from '../../server/audit/audit.entity';
import { decideDueTenants } from '../../server/billing/decide-due';
import { decideTenant } from '../../server/billing/decide-tenant';
import { PlanChange } from '../../server/billing/plan-change.entity';
import { inTransaction } from '../../server/db/transaction';
import { OutboxRow } from '../../server/jobs/outbox.entity';
import { leavePlan } from '../../server/plans/leave-plan';
import { Plan } from '../../server/plans/plan.entity';
import { PlanPrice } from '../../server/plans/plan-price.entity';
import { Tenant } from '../../server/tenants/tenant.entity';
import { aPlan, aSubscription, aTenant } from '../support/factories';
import { type OperatorWorld, operatorWorld } from './operator-world';

let world: OperatorWorld;
beforeAll(async () => {
  world = await operatorWorld();
}, 30_000);
afterAll(() => world.close());
afterEach(() => world.calmDown());

const context = () => world.server.context;
const planOf = async (id: string) => (await context().db.getRepository(Tenant).findOneByOrFail({ id })).planId;
const versionOf = async (id: string) => (await context().db.getRepository(Plan).findOneByOrFail({ id })).version;
const word = (what: string) => `${what}${randomBytes(4).toString('hex')}`;

/** A tenant that pays a price which no plan knows; `kept` is the plan that its subscription last earned. */
async function onUnknownPrice(priceId: string, kept: string | null = null) {
  const tenant = await aTenant(context());
  const items = [
    {
      id: word('si'),
      priceId,
      lookupKey: null,
      quantity: 1,
      currentPeriodEnd: null,
      unitAmount: 2900,
      currency: 'eur',
      interval: 'month' as const,
      intervalCount: 1,
    },
  ];
  await aSubscription(context(), { tenantId: tenant.id, priceId, planId: kept, items });
  await inTransaction(context().db, (tx) => decideTenant(tx, context(), tenant.id, { actor: systemActor }));
  return tenant.id;
}

describe('a price that no plan knows', () => {
  it('is listed with who pays it and what, until a plan maps it', async () => {
    const priceId = word('price_list');
    await onUnknownPrice(priceId);
    await onUnknownPrice(priceId);
    const find = async () => {
      const { body } = await world.viewer.get('/api/unmapped-prices').expect(200);
      return body.results.find((one: { priceId: string }) => one.priceId === priceId);
    };
    expect(await find()).toEqual({
      priceId,
      lookupKey: null,
      subscriptions: 2,
      tenants: 2,
      worth: [{ amount: 5800, currency: 'eur' }],
      keptPlanIds: [null],
    });
    await aPlan(context(), { stripePriceIds: [priceId] });
    expect(await find()).toBeUndefined();
  });

  it('tells by the what-if whom mapping it lifts, writes nothing, and lifts them once it is saved', async () => {
    const priceId = word('price_lift');
    const plan = await aPlan(context(), { rank: 15 });
    const tenantId = await onUnknownPrice(priceId);
    const stripePriceIds = [...plan.stripePriceIds, priceId];
    const { body } = await world.support.post(`/api/plans/${plan.id}/what-if`).send({ stripePriceIds }).expect(200);
    expect(body).toMatchObject({ exact: true, changed: 1, raised: 1, lowered: 0, confirm: null });
    expect(body.rows[0]).toMatchObject({ tenantId, fromPlanId: 'free', toPlanId: plan.id, worth: { amount: 2900 } });
    expect(await versionOf(plan.id)).toBe(plan.version);
    expect(await planOf(tenantId)).toBe('free');
    await world.admin.put(`/api/plans/${plan.id}`).send({ stripePriceIds, version: plan.version }).expect(200);
    await decideDueTenants(context());
    expect(await planOf(tenantId)).toBe(plan.id);
  });

  it('is not mapped to a lower plan than was kept, unless it is said whom that lowers', async () => {
    const priceId = word('price_lower');
    const [high, low] = [await aPlan(context(), { rank: 40 }), await aPlan(context(), { rank: 5 })];
    const tenantId = await onUnknownPrice(priceId, high.id);
    expect(await planOf(tenantId)).toBe(high.id);
    const put = (body: object) => world.admin.put(`/api/plans/${low.id}`).send({ stripePriceIds: [priceId], ...body });
    const refused = await put({}).expect(409);
    expect(refused.body).toMatchObject({ code: 'confirm_needed', detail: expect.stringContaining('lower 1 tenant') });
    await put({ confirm: 'lower 2 tenants' }).expect(409);
    expect(await context().db.getRepository(PlanPrice).existsBy({ priceId })).toBe(false);
    await put({ confirm: 'lower 1 tenant' }).expect(200);
    await decideDueTenants(context());
    expect(await planOf(tenantId)).toBe(low.id);
  });

  it('lifts those who pay it as soon as a plan is made with it, and the what-if of making it says so', async () => {
    const priceId = word('price_new');
    const tenantId = await onUnknownPrice(priceId);
    const plan = { id: word('made'), name: 'Made', kind: 'stripe', rank: 12, stripePriceIds: [priceId] };
    const { body } = await world.admin.post('/api/plans/what-if').send(plan).expect(200);
    expect(body.rows.map((row: { tenantId: string }) => row.tenantId)).toEqual([tenantId]);
    await world.admin.post('/api/plans').send(plan).expect(201);
    await decideDueTenants(context());
    expect(await planOf(tenantId)).toBe(plan.id);
  });
});

describe('the what-if of a change', () => {
  it('tells whose seats change and who has more members than seats', async () => {
    const plan = await aPlan(context(), { kind: 'custom', rank: 30 });
    const { id } = await aTenant(context(), { basePlanId: plan.id });
    await context().db.getRepository(Tenant).update({ id }, { memberCount: 4 });
    const { body } = await world.admin
      .post(`/api/plans/${plan.id}/what-if`)
      .send({ limits: { seats: 3 } })
      .expect(200);
    expect(body).toMatchObject({ changed: 0, seatsChanged: 1, overSeats: 1, confirm: null });
    expect(body.rows[0].seats).toEqual({ from: null, to: 3, members: 4, over: 1 });
  });

  it('takes payers who fall to a plan that is made to rank above theirs for lowered', async () => {
    const paid = await aPlan(context(), { rank: 60 });
    const base = await aPlan(context(), { kind: 'custom', rank: 50 });
    const { id: tenantId } = await aTenant(context(), { basePlanId: base.id });
    await aSubscription(context(), { tenantId, priceId: paid.stripePriceIds[0]! });
    const { body } = await world.admin.post(`/api/plans/${base.id}/what-if`).send({ rank: 61 }).expect(200);
    expect(body).toMatchObject({ changed: 1, lowered: 1, raised: 0, confirm: 'lower 1 tenant' });
    expect((await world.admin.put(`/api/plans/${base.id}`).send({ rank: 61 }).expect(409)).body.code).toBe(
      'confirm_needed',
    );
  });

  it('is for those who may edit or support, of plans that there are, and tells the same faults as saving', async () => {
    const plan = await aPlan(context());
    const path = `/api/plans/${plan.id}/what-if`;
    await world.viewer.post(path).send({}).expect(403);
    await world.server.anonymous().post(path).send({}).expect(401);
    await world.admin.post('/api/plans/nowhere/what-if').send({}).expect(404);
    expect((await world.admin.post(path).send({ rank: 'top' }).expect(400)).body.errors).toHaveProperty('rank');
    const taken = await world.admin
      .post(path)
      .send({ stripePriceIds: [world.prices.starter] })
      .expect(409);
    expect(taken.body.code).toBe('price_taken');
  });
});

describe('a plan that is retired', () => {
  it('moves those whose base plan it is to its successor, and goes on where it was cut off', async () => {
    const [old, next] = [
      await aPlan(context(), { kind: 'custom', rank: 30 }),
      await aPlan(context(), { kind: 'custom', rank: 31 }),
    ];
    const tenants = [
      await aTenant(context(), { basePlanId: old.id }),
      await aTenant(context(), { basePlanId: old.id }),
    ];
    const asked = { successorPlanId: next.id };
    const { body: told } = await world.support.post(`/api/plans/${old.id}/retire/what-if`).send(asked).expect(200);
    expect(told).toMatchObject({ leaving: 2, changed: 2, raised: 2, subscriptions: 0, overrides: 0, confirm: null });
    const { body } = await world.admin.post(`/api/plans/${old.id}/retire`).send(asked).expect(200);
    expect(body).toMatchObject({ active: false, successorId: next.id });
    const owed = await context().db.getRepository(OutboxRow).findBy({ kind: 'leave-plan', subject: old.id });
    expect(owed).toHaveLength(1);
    // As after a kill: one has left, the job is still owed.
    await world.admin.put(`/api/tenants/${tenants[0]!.id}`).send({ basePlanId: next.id }).expect(200);
    await leavePlan(context(), old.id, [owed[0]!.id]);
    for (const { id } of tenants) {
      expect(await planOf(id)).toBe(next.id);
      const steps = await context().db.getRepository(PlanChange).countBy({ tenantId: id, toPlanId: next.id });
      expect(steps).toBe(1);
    }
    expect(await context().db.getRepository(OutboxRow).findOneBy({ id: owed[0]!.id })).toMatchObject({
      status: 'done',
    });
    const audited = { resource: 'plans', resourceId: old.id, action: 'plan.retire' };
    expect(await context().db.getRepository(AuditEntry).countBy(audited)).toBe(1);
  });

  it('needs to be told whom that lowers', async () => {
    const old = await aPlan(context(), { kind: 'custom', rank: 30 });
    await aTenant(context(), { basePlanId: old.id });
    const retire = (body: object) => world.admin.post(`/api/plans/${old.id}/retire`).send(body);
    expect((await retire({ successorPlanId: 'free' }).expect(409)).body.code).toBe('confirm_needed');
    await retire({ successorPlanId: 'free', confirm: 'lower 1 tenant' }).expect(200);
  });

  it('stays with those who pay for it, is chosen by nobody new, and can come back', async () => {
    const plan = await aPlan(context(), { rank: 20 });
    const { tenantId } = await aSubscription(context(), { priceId: plan.stripePriceIds[0]! });
    const decide = () =>
      inTransaction(context().db, (tx) => decideTenant(tx, context(), tenantId!, { actor: systemActor }));
    await decide();
    const { body } = await world.admin.post(`/api/plans/${plan.id}/retire/what-if`).send({}).expect(200);
    expect(body).toMatchObject({ subscriptions: 1, changed: 0, confirm: null });
    await world.admin.post(`/api/plans/${plan.id}/retire`).send({}).expect(200);
    await decide();
    expect(await planOf(tenantId!)).toBe(plan.id);
    expect((await world.admin.post(`/api/plans/${plan.id}/reactivate`).send({}).expect(200)).body.active).toBe(true);
    expect((await world.admin.post(`/api/plans/${plan.id}/reactivate`).send({}).expect(409)).body.code).toBe(
      'not_retired',
    );
  });

  it.each<[string, object, number, string]>([
    ['itself', { successorPlanId: 'SELF' }, 400, 'successorPlanId'],
    ['a plan that there is not', { successorPlanId: 'nowhere' }, 400, 'successorPlanId'],
    ['a plan that is paid for', { successorPlanId: 'starter' }, 400, 'successorPlanId'],
  ])('has no successor that is %s', async (_what, body, status, field) => {
    const plan = await aPlan(context(), { kind: 'custom' });
    const sent = JSON.parse(JSON.stringify(body).replace('SELF', plan.id));
    const answer = await world.admin.post(`/api/plans/${plan.id}/retire`).send(sent).expect(status);
    expect(Object.keys(answer.body.errors)).toEqual([field]);
  });

  it('is never the default, and never of a version that somebody else changed, and for admins alone', async () => {
    expect((await world.admin.post('/api/plans/free/retire').send({}).expect(409)).body.code).toBe('default_plan');
    const plan = await aPlan(context(), { kind: 'custom' });
    const path = `/api/plans/${plan.id}/retire`;
    expect((await world.admin.post(path).send({ version: 99 }).expect(409)).body.code).toBe('stale_version');
    await world.support.post(path).send({}).expect(403);
    await world.support.post(`/api/plans/${plan.id}/reactivate`).send({}).expect(403);
    await world.server.anonymous().post(path).send({}).expect(401);
    await world.admin.post('/api/plans/nowhere/retire').send({}).expect(404);
  });
});

describe('the default plan', () => {
  it('is exactly one, whoever makes, retires and deletes plans at the same time', async () => {
    const ids = await Promise.all(
      [1, 2, 3, 4].map(async () => (await aPlan(context(), { kind: 'free', rank: 1, stripePriceIds: [] })).id),
    );
    const made = word('default');
    const answers = await Promise.all([
      ...ids.map((id) => world.admin.put(`/api/plans/${id}`).send({ isDefault: true })),
      world.admin.post('/api/plans').send({ id: made, name: 'Made', kind: 'free', rank: 1, isDefault: true }),
      world.admin.post(`/api/plans/${ids[0]}/retire`).send({}),
      world.admin.delete(`/api/plans/${ids[1]}`),
    ]);
    expect(answers.map(({ status }) => status).filter((status) => status >= 500)).toEqual([]);
    const defaults = await context().db.getRepository(Plan).findBy({ isDefault: 1 });
    expect(defaults).toHaveLength(1);
    expect(defaults[0]).toMatchObject({ active: true, kind: 'free' });
    await world.admin.put('/api/plans/free').send({ isDefault: true }).expect(200);
  });
});

describe("Stripe's prices", () => {
  it('are told with product, amount, interval and plan, the archived ones last, and found by words', async () => {
    const { id: product } = await world.stripe.products.create({ name: 'Workshop' });
    const recurring = { interval: 'year' as const };
    const gone = await world.stripe.prices.create({ product, currency: 'eur', unit_amount: 100, recurring });
    await world.stripe.prices.update(gone.id, { active: false });
    const sold = await world.stripe.prices.create({
      product,
      currency: 'eur',
      unit_amount: 9900,
      recurring,
      nickname: 'Yearly',
      lookup_key: 'workshop_yearly',
    });
    const { body } = await world.viewer.get('/api/stripe-prices?q=workshop&fresh=true').expect(200);
    expect(body.more).toBe(false);
    expect(body.results).toMatchObject([
      {
        id: sold.id,
        productName: 'Workshop',
        nickname: 'Yearly',
        amount: { amount: 9900, currency: 'eur' },
        interval: { unit: 'year', count: 1 },
        lookupKey: 'workshop_yearly',
        active: true,
        livemode: false,
        planId: null,
      },
      { id: gone.id, active: false },
    ]);
    const known = await world.admin.get(`/api/stripe-prices?ids=${world.prices.starter},price_none`).expect(200);
    expect(known.body.results).toMatchObject([{ id: world.prices.starter, planId: 'starter' }]);
  });

  it('are asked of Stripe once for all who type within a while', async () => {
    await world.admin.get('/api/stripe-prices').expect(200);
    world.calmDown();
    await world.admin.get('/api/stripe-prices?q=product').expect(200);
    expect([...world.standIn.world.requestCounts.keys()]).toEqual([]);
  });
});

describe('while Stripe is away', () => {
  it("its prices can't be picked and it is said why, and plans are saved all the same", async () => {
    const away = await operatorWorld();
    try {
      await away.standIn.stop();
      const { body } = await away.admin.get('/api/stripe-prices').expect(503);
      expect(body.code).toBe('stripe_unavailable');
      await away.admin
        .put('/api/plans/starter')
        .send({ stripePriceIds: ['price_pasted'] })
        .expect(200);
    } finally {
      await away.close();
    }
  }, 60_000);
});
