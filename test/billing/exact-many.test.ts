import { once } from 'node:events';
import { In } from 'typeorm';
import { type Actor, systemActor } from '../../server/audit/actor';
import { PlanChange } from '../../server/billing/plan-change.entity';
import { Subscription } from '../../server/billing/subscription.entity';
import { createOperator } from '../../server/operators/create-operator';
import { applyRun, cancelRun } from '../../server/reconcile/change-run';
import { driveRun } from '../../server/reconcile/drive-run';
import { ReconcileChange, type ReconcileRun } from '../../server/reconcile/reconcile-run.entity';
import { until } from './billing-world';
import { type Bought, SweepWorld } from './sweep-world';

let world: SweepWorld;
beforeEach(async () => {
  world = await SweepWorld.start();
});
afterEach(() => world.close());

const changes = () => world.context.db.getRepository(ReconcileChange);
const requests = (endpoint: string) => world.standIn.world.requestCounts.get(endpoint) ?? 0;
const runNow = (id: string): Promise<ReconcileRun> => world.runs.findOneByOrFail({ id });

/** Tenants on Starter who pay for Business by now, and nobody told. */
async function upgraded(count: number): Promise<Bought[]> {
  const payers = await world.many(count);
  await world.sweep();
  for (const { subscriptionId } of payers) world.reprice(subscriptionId, world.prices.business);
  return payers;
}

const planned = async (): Promise<string> => (await world.sweep({ mode: 'dry-run' })).id;
const begin = (id: string) => applyRun(world.context, { type: 'operator', id: null, name: 'Tess' }, id, undefined);

/** How often a run changed each tenant's plan. */
async function stepsOf(runId: string, payers: Bought[]): Promise<number[]> {
  const tenantId = In(payers.map((payer) => payer.tenantId));
  const steps = await world.context.db.getRepository(PlanChange).findBy({ runId, tenantId });
  return payers.map((payer) => steps.filter((step) => step.tenantId === payer.tenantId).length);
}

describe('a plan of many rows', () => {
  it('is held against a listing of the account, and each row that changed since is refused', async () => {
    const payers = await upgraded(40);
    const [ended, anew, ...others] = payers as [Bought, Bought, ...Bought[]];
    const quiet = await world.bought(9_000_000);
    await world.sweep({ tenantIds: [quiet.tenantId] });
    const id = await planned();
    expect(await changes().countBy({ runId: id, state: 'planned' })).toBe(41);
    world.cancel(ended.subscriptionId);
    await world.bought(1, { ...anew, price: world.prices.starter });
    const fresh = await world.bought(2);
    const single = requests('GET /customers/:id');
    await begin(id);
    await driveRun(world.context, world.stripe);
    expect(await runNow(id)).toMatchObject({ status: 'done', applied: 39, stale: 2, failed: 0, open: 0 });
    expect(requests('GET /customers/:id') - single).toBeLessThan(5);
    for (const { tenantId } of others) expect((await world.tenantNow(tenantId)).planId).toBe('business');
    for (const { tenantId } of [ended, anew]) expect((await world.tenantNow(tenantId)).planId).toBe('starter');
    // It was not planned: the next run tells of it.
    expect((await world.tenantNow(fresh.tenantId)).planId).toBe('free');
  });

  it('goes on after kill -9 in the middle, and applies no row twice', async () => {
    const payers = await upgraded(20);
    const id = await planned();
    await begin(id);
    world.standIn.world.faults.apiDelayMs = 100;
    const child = world.driveElsewhere();
    const done = () => changes().countBy({ runId: id, state: 'applied' });
    await until(async () => (await done()) >= 4, 20_000);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await done()).toBeLessThan(20);
    world.standIn.world.faults.apiDelayMs = 0;
    await world.outliveLease();
    await driveRun(world.context, world.stripe);
    expect(await runNow(id)).toMatchObject({ status: 'done', applied: 20, stale: 0, failed: 0 });
    expect(await stepsOf(id, payers)).toEqual(payers.map(() => 1));
  }, 40_000);

  it('is cancelled in the middle: what is applied stays, the rest is kept and can be applied', async () => {
    const payers = await upgraded(20);
    const id = await planned();
    await begin(id);
    world.standIn.world.faults.apiDelayMs = 50;
    const driving = driveRun(world.context, world.stripe);
    const done = () => changes().countBy({ runId: id, state: 'applied' });
    await until(async () => (await done()) >= 3, 20_000);
    await cancelRun(world.context, systemActor, id);
    await driving;
    const cut = await runNow(id);
    expect(cut).toMatchObject({ status: 'cancelled', stale: 0, failed: 0 });
    expect(cut.applied).toBe(await done());
    expect(cut.applied + cut.open).toBe(20);
    expect(await changes().countBy({ runId: id, state: 'cancelled' })).toBe(cut.open);
    world.standIn.world.faults.apiDelayMs = 0;
    await begin(id);
    await driveRun(world.context, world.stripe);
    expect(await runNow(id)).toMatchObject({ status: 'done', applied: 20, open: 0 });
    expect(await stepsOf(id, payers)).toEqual(payers.map(() => 1));
  }, 40_000);

  it('is stopped by a fault of Stripe and goes on by itself', async () => {
    await upgraded(5);
    const id = await planned();
    await begin(id);
    world.standIn.world.faults.failNext = 100;
    await driveRun(world.context, world.stripe);
    expect(await runNow(id)).toMatchObject({ status: 'running', error: expect.any(String) });
    world.standIn.world.faults.failNext = 0;
    await driveRun(world.context, world.stripe);
    expect(await runNow(id)).toMatchObject({ status: 'done', applied: 5, error: null });
  });
});

it('writes what differs and changes no plan, though the plan holds no row of it', async () => {
  const [quiet, loud] = (await world.many(2)) as [Bought, Bought];
  await world.sweep();
  world.change(quiet.subscriptionId, (subscription) => {
    subscription.cancel_at_period_end = true;
  });
  world.reprice(loud.subscriptionId, world.prices.business);
  const id = await planned();
  expect(await changes().findBy({ runId: id })).toHaveLength(1);
  await begin(id);
  await driveRun(world.context, world.stripe);
  const mirror = await world.context.db.getRepository(Subscription).findOneByOrFail({ id: quiet.subscriptionId });
  expect(mirror.cancelAtPeriodEnd).toBe(true);
  expect((await world.tenantNow(loud.tenantId)).planId).toBe('business');
});

it('takes a request of somebody who is suspended by now for none, and none of a program', async () => {
  const payers = await world.many(21);
  await world.sweep();
  for (const { subscriptionId } of payers) world.cancel(subscriptionId);
  const id = await planned();
  const admin = async (name: string) => {
    const account = { email: `${name}@example.com`, name, role: 'admin', password: 'a long enough password' } as const;
    return { type: 'operator' as const, id: await createOperator(world.context.db, systemActor, account), name };
  };
  const [gone, asks, approves] = [await admin('gone'), await admin('asks'), await admin('approves')];
  const ask = (actor: Actor) => applyRun(world.context, actor, id, 'lower 21 tenants');
  await ask(gone);
  await world.context.db.query(`UPDATE operators SET status = 'suspended' WHERE id = ?`, [gone.id]);
  await ask(asks);
  expect(await runNow(id)).toMatchObject({ status: 'done', mode: 'dry-run', requestedById: asks.id });
  const key = { type: 'api-key' as const, id: 'key_one', name: 'A program' };
  await expect(ask(key)).rejects.toThrow(/API key/);
  await ask(approves);
  expect(await runNow(id)).toMatchObject({ status: 'running', mode: 'apply', appliedById: approves.id });
});
