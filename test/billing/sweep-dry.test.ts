import { systemActor } from '../../server/audit/actor';
import { createOperator } from '../../server/operators/create-operator';
import { applyRun } from '../../server/reconcile/change-run';
import { driveRun } from '../../server/reconcile/drive-run';
import { ReconcileChange, ReconcileRow } from '../../server/reconcile/reconcile-run.entity';
import { type Bought, SweepWorld } from './sweep-world';

let world: SweepWorld;
beforeEach(async () => {
  world = await SweepWorld.start();
});
afterEach(() => world.close());

describe('a dry run', () => {
  it('tells what would change and writes none of it, until it is applied', async () => {
    const [one, two] = (await world.many(2)) as [Bought, Bought];
    await world.sweep();
    world.cancel(one.subscriptionId);
    world.reprice(two.subscriptionId, world.prices.business);
    const dry = await world.sweep({ mode: 'dry-run' });
    expect(dry).toMatchObject({ status: 'done', changed: 2, lowered: 1, braked: false });
    const changes = () => world.context.db.getRepository(ReconcileChange).findBy({ runId: dry.id });
    expect(await changes()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ tenantId: one.tenantId, toPlanId: 'free', lowers: true, state: 'planned' }),
        expect.objectContaining({ tenantId: two.tenantId, toPlanId: 'business', lowers: false, state: 'planned' }),
      ]),
    );
    for (const { tenantId } of [one, two]) {
      const tenant = await world.tenantNow(tenantId);
      expect(tenant.planId).toBe('starter');
      expect(tenant.differsSince).not.toBeNull();
    }
    await world.apply(dry.id);
    expect((await world.tenantNow(one.tenantId)).planId).toBe('free');
    expect(await world.tenantNow(two.tenantId)).toMatchObject({ planId: 'business', differsSince: null });
  });
});

describe('a rehearsal', () => {
  it('forgets none of what the run has written, and is not counted beside it', async () => {
    const known = await world.many(21);
    await world.sweep();
    for (const { subscriptionId } of known) world.reprice(subscriptionId, world.prices.business);
    await world.many(3, 7200);
    const run = await world.sweep();
    expect(run).toMatchObject({ status: 'done', mode: 'apply', braked: false, changed: 24, lowered: 0 });
    const changes = world.context.db.getRepository(ReconcileChange);
    expect(await changes.countBy({ runId: run.id, state: 'applied' })).toBe(24);
    expect(await changes.countBy({ runId: run.id })).toBe(24);
  });

  it('that was cut off is told once', async () => {
    const { subscriptionId } = await world.bought(5000);
    await world.sweep();
    world.cancel(subscriptionId);
    const stop = new AbortController();
    const { retrieve } = world.stripe.customers;
    // An overdue customer is read by itself, in the rehearsal.
    const overdue = await world.bought(6000);
    world.change(overdue.subscriptionId, (subscription) => {
      subscription.status = 'past_due';
    });
    world.stripe.customers.retrieve = ((...given: Parameters<typeof retrieve>) => {
      stop.abort();
      return retrieve.apply(world.stripe.customers, given);
    }) as typeof retrieve;
    const cut = await world.sweep({ mode: 'dry-run' }, { signal: stop.signal });
    world.stripe.customers.retrieve = retrieve;
    expect(cut).toMatchObject({ status: 'running', listed: true, lowered: 1 });
    await driveRun(world.context, world.stripe);
    expect(await world.runs.findOneByOrFail({ id: cut.id })).toMatchObject({ status: 'done', lowered: 1 });
    const changes = world.context.db.getRepository(ReconcileChange);
    expect(await changes.countBy({ runId: cut.id, lowers: true })).toBe(1);
  });
});

describe('the brake', () => {
  it('stops a run as a dry run that would lower more than 20 tenants and 2 of 100 payers', async () => {
    const payers = await world.many(21);
    await world.sweep();
    for (const { subscriptionId } of payers) world.cancel(subscriptionId);
    const run = await world.sweep();
    expect(run).toMatchObject({ status: 'done', mode: 'dry-run', braked: true, lowered: 21 });
    for (const { tenantId } of payers) expect((await world.tenantNow(tenantId)).planId).toBe('starter');
    const admin = async (name: string) => {
      const account = {
        email: `${name}@example.com`,
        name,
        role: 'admin',
        password: 'a long enough password',
      } as const;
      return { type: 'operator' as const, id: await createOperator(world.context.db, systemActor, account), name };
    };
    await applyRun(world.context, await admin('ada'), run.id, 'lower 21 tenants');
    expect(await world.runs.findOneByOrFail({ id: run.id })).toMatchObject({ status: 'done', mode: 'dry-run' });
    await applyRun(world.context, await admin('bob'), run.id, 'lower 21 tenants');
    await driveRun(world.context, world.stripe);
    const applied = await world.runs.findOneByOrFail({ id: run.id });
    expect(applied).toMatchObject({ status: 'done', mode: 'apply', lowered: 21, applied: 21, stale: 0 });
    for (const { tenantId } of payers) expect((await world.tenantNow(tenantId)).planId).toBe('free');
  });

  it('lets 20 through', async () => {
    const payers = await world.many(20);
    await world.sweep();
    for (const { subscriptionId } of payers) world.cancel(subscriptionId);
    expect(await world.sweep()).toMatchObject({ status: 'done', mode: 'apply', braked: false, lowered: 20 });
  });
});

describe('a run of chosen tenants', () => {
  it('reads their customers alone', async () => {
    const [one, two] = (await world.many(2)) as [Bought, Bought];
    await world.sweep();
    world.cancel(one.subscriptionId);
    world.cancel(two.subscriptionId);
    const run = await world.sweep({ tenantIds: [one.tenantId] });
    expect(run).toMatchObject({ status: 'done', scanned: 1, lowered: 1 });
    expect((await world.tenantNow(one.tenantId)).planId).toBe('free');
    expect((await world.tenantNow(two.tenantId)).planId).toBe('starter');
    expect(await world.context.db.getRepository(ReconcileRow).countBy({ runId: run.id })).toBe(0);
  });
});
