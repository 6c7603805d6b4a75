import { AuditEntry } from '../../server/audit/audit.entity';
import { stripeCause } from '../../server/billing/cause';
import { releaseLease, takeLease } from '../../server/billing/lease';
import { Override } from '../../server/billing/override.entity';
import { syncCustomer } from '../../server/billing/sync-customer';
import { driveRun } from '../../server/reconcile/drive-run';
import { ReconcileChange } from '../../server/reconcile/reconcile-run.entity';
import { Tenant } from '../../server/tenants/tenant.entity';
import { DAY } from '../support/clock';
import { type Agent } from '../support/server';
import { type OperatorWorld, operatorWorld } from './operator-world';

let world: OperatorWorld;
beforeEach(async () => {
  world = await operatorWorld();
  world.standIn.world.faults.dropWebhooks = true;
});
afterEach(() => world.close());

const drive = () => driveRun(world.server.context, world.stripe);
const tenantOf = (id: string) => world.server.context.db.getRepository(Tenant).findOneByOrFail({ id });
const planOf = async (id: string) => (await tenantOf(id)).planId;
const cancel = (id: string) => world.stripe.subscriptions.cancel(id);

/** Tenants who pay in our copy, while Stripe has ended it and nobody told. */
async function lapsed(count: number) {
  const tenants = [];
  for (let i = 0; i < count; i += 1) tenants.push(await world.paying());
  for (const { subscriptionId } of tenants) await cancel(subscriptionId);
  return tenants;
}

async function dryRun(body: object = {}): Promise<string> {
  const { body: run } = await world.admin
    .post('/api/reconcile-runs')
    .send({ mode: 'dry-run', ...body })
    .expect(201);
  await drive();
  return run.id;
}

const post = (agent: Agent, id: string, verb: string, body: object = {}) =>
  agent.post(`/api/reconcile-runs/${id}/${verb}`).send(body);
const runOf = async (id: string) => (await world.viewer.get(`/api/reconcile-runs/${id}`).expect(200)).body;
const rowsOf = async (id: string, filter: object = {}) =>
  (await world.viewer.get(`/api/reconcile-runs/${id}/changes?filter=${JSON.stringify(filter)}`).expect(200)).body;

async function applied(id: string, lowers: number): Promise<void> {
  const confirm = `lower ${lowers} ${lowers === 1 ? 'tenant' : 'tenants'}`;
  await post(world.admin, id, 'apply', lowers > 0 ? { confirm } : {}).expect(200);
  await drive();
}

describe('what a dry run plans', () => {
  it('is kept with why, what hangs on it and whom it concerns, and is told in the totals', async () => {
    const [one] = await lapsed(1);
    const id = await dryRun();
    expect(await runOf(id)).toMatchObject({
      lowered: 1,
      raised: 0,
      open: 1,
      atRisk: [{ amount: 1900, currency: 'eur' }],
      approval: null,
    });
    const { id: tenantId, customerId, subscriptionId } = one!;
    expect(await rowsOf(id, { lowers: true, state: 'planned', toPlanId: 'free' })).toEqual([
      expect.objectContaining({
        tenantId,
        customerId,
        subscriptionId,
        fromPlanId: 'starter',
        atRisk: { amount: 1900, currency: 'eur' },
        state: 'planned',
      }),
    ]);
    const { name } = await tenantOf(tenantId);
    expect(await rowsOf(id, { q: name })).toHaveLength(1);
    expect(await rowsOf(id, { q: 'Nobody called so' })).toEqual([]);
    expect(await rowsOf(id, { lowers: false })).toEqual([]);
    await world.viewer.get(`/api/reconcile-runs/${id}/changes?sort=["atRiskAmount","DESC"]`).expect(200);
    await world.viewer.get(`/api/reconcile-runs/${id}/changes?sort=["reason","DESC"]`).expect(400);
  });
});

describe('applying a plan', () => {
  it('writes exactly the rows that still hold, and leaves each tenant alone that changed since, telling why', async () => {
    const [holds, bought, granted, synced] = (await lapsed(4)) as [Payer, Payer, Payer, Payer];
    const id = await dryRun();
    const anew = await world.stripe.subscriptions.create({
      customer: bought.customerId,
      items: [{ price: world.prices.business }],
    });
    const endsAt = new Date(Date.now() + DAY).toISOString();
    await world.admin
      .post('/api/overrides')
      .send({ tenantId: granted.id, planId: 'business', reason: 'a gift', endsAt })
      .expect(201);
    await syncCustomer(world.server.context, world.stripe, synced.customerId, stripeCause);
    await applied(id, 4);
    expect(await runOf(id)).toMatchObject({ status: 'done', mode: 'apply', applied: 1, stale: 3, failed: 0, open: 0 });
    const rows: ReconcileChange[] = await rowsOf(id);
    const notes = new Map(rows.map(({ tenantId, state, note }) => [tenantId, [state, note]]));
    expect(notes.get(holds.id)).toEqual(['applied', null]);
    expect(notes.get(bought.id)).toEqual([
      'stale',
      `Stripe changed since: subscription ${anew.id} has come, it is active.`,
    ]);
    expect(notes.get(granted.id)?.[0]).toBe('stale');
    expect(notes.get(granted.id)?.[1]).toMatch(/plan changed since/);
    expect(notes.get(synced.id)).toEqual([
      'stale',
      "The tenant's plan changed since: it is Free now, and was Plan starter.",
    ]);
    expect(await planOf(holds.id)).toBe('free');
    expect(await planOf(bought.id)).toBe('starter');
    expect(await planOf(granted.id)).toBe('business');
    const again = await dryRun({ tenantIds: [bought.id] });
    await applied(again, 0);
    expect(await planOf(bought.id)).toBe('business');
  });

  it('refuses a row of a tenant to whom an override was granted that changes no plan', async () => {
    const [one] = (await lapsed(1)) as [Payer];
    const id = await dryRun();
    const endsAt = new Date(Date.now() + DAY).toISOString();
    await world.admin
      .post('/api/overrides')
      .send({ tenantId: one.id, planId: 'starter', reason: 'goodwill', endsAt })
      .expect(201);
    await applied(id, 1);
    expect(await rowsOf(id)).toEqual([
      expect.objectContaining({ state: 'stale', note: 'An override was granted since.' }),
    ]);
    expect(await planOf(one.id)).toBe('starter');
  });

  it('takes all customers of a tenant together: one that lapsed beside one that was bought', async () => {
    const payer = await world.paying();
    await cancel(payer.subscriptionId);
    const { id: customer } = await world.stripe.customers.create({
      payment_method: 'pm_card_visa',
      invoice_settings: { default_payment_method: 'pm_card_visa' },
      metadata: { tenantId: payer.id },
    });
    await world.stripe.subscriptions.create({ customer, items: [{ price: world.prices.business }] });
    const id = await dryRun();
    expect(await rowsOf(id)).toEqual([
      expect.objectContaining({ tenantId: payer.id, fromPlanId: 'starter', toPlanId: 'business', lowers: false }),
    ]);
    await applied(id, 0);
    expect(await planOf(payer.id)).toBe('business');
  });

  it('keeps a row that fails, with the error, and tries it again when it is applied again', async () => {
    const [one] = (await lapsed(1)) as [Payer];
    const id = await dryRun();
    const { db } = world.server.context;
    const lease = (await takeLease(db, one.customerId))!;
    await applied(id, 1);
    expect(await runOf(id)).toMatchObject({ status: 'done', applied: 0, failed: 1, open: 1, openLowers: 1 });
    expect(await rowsOf(id)).toEqual([
      expect.objectContaining({ state: 'failed', note: expect.stringContaining('lease') }),
    ]);
    expect(await planOf(one.id)).toBe('starter');
    await releaseLease(db, lease);
    await applied(id, 1);
    expect(await runOf(id)).toMatchObject({ applied: 1, failed: 0, open: 0 });
    expect(await planOf(one.id)).toBe('free');
  }, 30_000);

  it('can be cancelled: what was not reached is kept apart, and can be applied later', async () => {
    await lapsed(2);
    const id = await dryRun();
    await post(world.admin, id, 'apply', { confirm: 'lower 2 tenants' }).expect(200);
    await post(world.support, id, 'cancel').expect(200);
    expect(await drive()).toBe(false);
    expect(await runOf(id)).toMatchObject({ status: 'cancelled', applied: 0, open: 2 });
    expect(await rowsOf(id, { state: 'cancelled' })).toHaveLength(2);
    await applied(id, 2);
    expect(await runOf(id)).toMatchObject({ status: 'done', applied: 2, open: 0 });
  });

  it('is refused once the plan is a day old', async () => {
    await lapsed(1);
    const id = await dryRun();
    world.server.clock.advance(DAY + 60_000);
    await post(world.admin, id, 'apply', { confirm: 'lower 1 tenant' }).expect(409, /run_too_old/);
  });
});

type Payer = Awaited<ReturnType<OperatorWorld['paying']>>;

describe('more than 20 downgrades', () => {
  it('take a second operator: one asks, another approves, each told in the audit log', async () => {
    const tenants = await lapsed(21);
    const id = await dryRun();
    const confirm = 'lower 21 tenants';
    const apply = (agent: Agent) => post(agent, id, 'apply', { confirm });
    const second = await world.server.signIn('admin');
    await post(second.agent, id, 'withdraw').expect(409, /not_requested/);
    await apply(world.support).expect(403);
    await post(world.admin, id, 'apply').expect(409, /confirm_needed/);
    const twice = await Promise.all([apply(world.admin), apply(world.admin)]);
    expect(twice.map(({ status }) => status).sort()).toEqual([200, 409]);
    const asked = twice.find(({ status }) => status === 200)!.body;
    expect(asked).toMatchObject({
      mode: 'dry-run',
      status: 'done',
      approval: { requestedBy: { name: 'admin one' }, requestedAt: expect.any(String), approvedBy: null },
    });
    await apply(world.admin).expect(409, /second_operator_needed/);
    expect(await drive()).toBe(false);
    await post(world.admin, id, 'withdraw').expect(200);
    expect((await runOf(id)).approval).toBeNull();
    await apply(world.admin).expect(200);
    const started = await Promise.all([apply(second.agent), apply(second.agent)]);
    expect(started.map(({ status }) => status).sort()).toEqual([200, 409]);
    await drive();
    expect(await runOf(id)).toMatchObject({
      status: 'done',
      applied: 21,
      appliedBy: { id: second.id },
      approval: { approvedBy: { id: second.id } },
    });
    for (const tenant of tenants) expect(await planOf(tenant.id)).toBe('free');
    const told = await world.server.context.db
      .getRepository(AuditEntry)
      .find({ where: { resourceId: id }, order: { seq: 'ASC' } });
    expect(told.map(({ action }) => action)).toEqual([
      'reconcile-run.start',
      'reconcile-run.request-approval',
      'reconcile-run.withdraw',
      'reconcile-run.request-approval',
      'reconcile-run.apply',
    ]);
  }, 60_000);
});

describe('a run as a spreadsheet', () => {
  it('holds its rows by the same filters, and no formula', async () => {
    const [one] = (await lapsed(2)) as [Payer];
    await world.admin.put(`/api/tenants/${one.id}`).send({ name: '=HYPERLINK("http://evil")' }).expect(200);
    const id = await dryRun();
    const { text, headers } = await world.viewer.get(`/api/reconcile-runs/${id}/changes.csv`).expect(200);
    expect(headers['content-type']).toMatch(/text\/csv/);
    expect(headers['content-disposition']).toContain(`${id}-changes.csv`);
    const lines = text.trim().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain('Tenant id,Tenant,From,To');
    expect(text).toContain(`"'=HYPERLINK(""http://evil"")"`);
    expect(text).toContain('starter,free,lower');
    expect(text).toContain('1900,EUR,planned');
    const filter = JSON.stringify({ tenantId: one.id });
    const filtered = await world.viewer.get(`/api/reconcile-runs/${id}/changes.csv?filter=${filter}`).expect(200);
    expect(filtered.text.trim().split('\n')).toHaveLength(2);
    await world.viewer.get(`/api/reconcile-runs/${id}/changes.csv?filter={"nonsense":1}`).expect(400);
    await world.viewer.get('/api/reconcile-runs/run_none/changes.csv').expect(404);
  });
});

describe('undoing a run', () => {
  it('plans the way back, refuses who has moved on, grants overrides that outlast a sweep, and is undone itself', async () => {
    const [falls, moved] = (await lapsed(2)) as [Payer, Payer];
    const rises = await world.paying();
    await world.stripe.subscriptions.update(rises.subscriptionId, {
      items: [
        {
          id: (await world.stripe.subscriptions.retrieve(rises.subscriptionId)).items.data[0]!.id,
          price: world.prices.business,
        },
      ],
    });
    const id = await dryRun();
    const undo = (agent: Agent, body: object = { reason: 'a wrong price' }) => post(agent, id, 'undo', body);
    await undo(world.admin).expect(409, /nothing_to_undo/);
    await applied(id, 2);
    await undo(world.support).expect(403);
    await undo(world.admin, {}).expect(400, /reason/);
    const far = new Date(Date.now() + 91 * DAY).toISOString();
    await undo(world.admin, { reason: 'too long', until: far }).expect(400, /until/);
    const { body: way } = await undo(world.admin).expect(201);
    expect(way).toMatchObject({ mode: 'dry-run', trigger: 'undo', undoes: id, status: 'running' });
    await drive();
    expect(await runOf(id)).toMatchObject({ undoneBy: [way.id] });
    expect(await runOf(way.id)).toMatchObject({ status: 'done', lowered: 1, raised: 2 });
    expect(await planOf(falls.id)).toBe('free');
    await world.admin
      .post('/api/overrides')
      .send({ tenantId: moved.id, planId: 'business', reason: 'a gift', endsAt: new Date(Date.now() + DAY) })
      .expect(201);
    await applied(way.id, 1);
    expect(await runOf(way.id)).toMatchObject({ applied: 2, stale: 1 });
    expect([await planOf(falls.id), await planOf(moved.id), await planOf(rises.id)]).toEqual([
      'starter',
      'business',
      'starter',
    ]);
    const overrides = world.server.context.db.getRepository(Override);
    expect(await overrides.findOneByOrFail({ tenantId: falls.id })).toMatchObject({
      pin: false,
      planId: 'starter',
      reason: `Takes back run ${id}: a wrong price`,
    });
    expect(await overrides.findOneByOrFail({ tenantId: rises.id })).toMatchObject({ pin: true, planId: 'starter' });
    await world.admin.post('/api/reconcile-runs').send({ mode: 'apply' }).expect(201);
    await drive();
    expect(await planOf(falls.id)).toBe('starter');

    const { body: back } = await post(world.admin, way.id, 'undo', { reason: 'it was right' }).expect(201);
    await drive();
    await applied(back.id, 1);
    expect(await runOf(back.id)).toMatchObject({ applied: 2, stale: 0 });
    expect([await planOf(falls.id), await planOf(rises.id)]).toEqual(['free', 'business']);
  }, 60_000);
});
