import { once } from 'node:events';
import { AuditEntry } from '../../server/audit/audit.entity';
import { stripeCause } from '../../server/billing/cause';
import { Finding } from '../../server/billing/finding.entity';
import { releaseLease, takeLease } from '../../server/billing/lease';
import { PlanChange } from '../../server/billing/plan-change.entity';
import { readState } from '../../server/billing/stripe-state';
import { Subscription } from '../../server/billing/subscription.entity';
import { syncCustomer } from '../../server/billing/sync-customer';
import { openJobs } from '../../server/jobs/settle';
import { driveRun } from '../../server/reconcile/drive-run';
import { ReconcileChange } from '../../server/reconcile/reconcile-run.entity';
import type { SubscriptionPage } from '../../server/stripe/list-page';
import { aTenant } from '../support/factories';
import { until } from './billing-world';
import { SweepWorld, seconds } from './sweep-world';

let world: SweepWorld;
beforeEach(async () => {
  world = await SweepWorld.start();
});
afterEach(() => world.close());

describe('a sweep of the whole account', () => {
  it('finds what no webhook told of, and proves every tenant', async () => {
    const payers = await world.many(130);
    const idle = await aTenant(world.context);
    const run = await world.sweep();
    expect(run).toMatchObject({ status: 'done', scanned: 130, changed: 130, progress: 1, active: null, error: null });
    for (const { tenantId } of payers) expect((await world.tenantNow(tenantId)).planId).toBe('starter');
    expect(await readState(world.context.db, 'whole-sweep')).toMatchObject({ runId: run.id });
    expect((await world.tenantNow(idle.id)).differsSince).toBeNull();
    expect(await world.context.db.getRepository(ReconcileChange).countBy({ runId: run.id, state: 'applied' })).toBe(
      130,
    );
  });

  it('writes nothing where nothing changed', async () => {
    await world.many(40);
    await world.sweep();
    const { db } = world.context;
    const rows = () => db.query('SELECT id, syncedAt, contentHash FROM subscriptions ORDER BY id');
    const audited = () => db.getRepository(AuditEntry).countBy({ resource: 'subscriptions' });
    const before = [await rows(), await audited(), await db.getRepository(PlanChange).count()];
    expect(await world.sweep()).toMatchObject({ status: 'done', scanned: 40, changed: 0 });
    expect([await rows(), await audited(), await db.getRepository(PlanChange).count()]).toEqual(before);
  });

  it('reads every one of many that were made in the same second', async () => {
    const created = seconds() - 500;
    for (let i = 0; i < 250; i += 1) await world.bought(seconds() - created, { tenantId: 'ten_nobody' });
    expect(await world.sweep()).toMatchObject({ scanned: 250, changed: 250 });
    expect(await world.context.db.getRepository(Subscription).count()).toBe(250);
  });

  it('lets nobody fall in between: an old subscription that ended and a new one are weighed together', async () => {
    const old = await world.bought(30_000_000);
    await world.many(150);
    await world.sweep();
    const { customerId, tenantId } = old;
    world.cancel(old.subscriptionId);
    await world.bought(60, { tenantId, customerId, price: world.prices.business });
    await world.sweep();
    expect((await world.tenantNow(tenantId)).planId).toBe('business');
    const history = await world.context.db
      .getRepository(PlanChange)
      .find({ where: { tenantId }, order: { at: 'ASC' } });
    expect(history.map(({ toPlanId }) => toPlanId)).toEqual(['free', 'starter', 'business']);
  });

  it('finds what is gone though everything else is equal, and though it has no hash', async () => {
    const all = await world.many(30);
    await world.sweep();
    const gone = all[7]!;
    world.standIn.state.subscriptions.delete(gone.subscriptionId);
    await world.context.db.getRepository(Subscription).update({ id: gone.subscriptionId }, { contentHash: null });
    expect(await world.sweep()).toMatchObject({ status: 'done', scanned: 29, changed: 1 });
    const mirror = await world.context.db.getRepository(Subscription).findOneByOrFail({ id: gone.subscriptionId });
    expect(mirror.missingSince).not.toBeNull();
    expect(await world.sweep()).toMatchObject({ status: 'done', changed: 0 });
  });

  it('takes nothing for a subscription that Stripe does not list any more, and tells of it', async () => {
    const { tenantId, subscriptionId } = await world.bought(5000);
    await world.sweep();
    world.standIn.state.subscriptions.delete(subscriptionId);
    await world.sweep();
    expect((await world.tenantNow(tenantId)).planId).toBe('starter');
    const found = await world.context.db.getRepository(Finding).findBy({ tenantId });
    expect(found).toEqual([expect.objectContaining({ kind: 'missing-subscription', subscriptionId, status: 'open' })]);
    const before = world.standIn.world.requestCounts.get('GET /customers/:id');
    await world.sweep();
    expect(world.standIn.world.requestCounts.get('GET /customers/:id')).toBe(before);
  });

  it('marks the subscriptions of a customer that Stripe does not know any more', async () => {
    const { tenantId, subscriptionId, customerId } = await world.bought(5000);
    await world.sweep();
    world.standIn.state.subscriptions.delete(subscriptionId);
    world.standIn.state.customers.delete(customerId);
    expect(await world.sweep()).toMatchObject({ status: 'done', changed: 1 });
    expect((await world.tenantNow(tenantId)).planId).toBe('starter');
  });

  it('reads a customer again that was synced after its page was listed', async () => {
    const { tenantId, customerId, subscriptionId } = await world.bought(5000);
    const { context, stripe } = world;
    const ask = stripe.rawRequest.bind(stripe);
    let synced = false;
    stripe.rawRequest = async (...given) => {
      const page: SubscriptionPage = await ask(...given);
      if (synced || page.data.length === 0) return page;
      synced = true;
      world.cancel(subscriptionId);
      await syncCustomer(context, stripe, customerId, stripeCause);
      return page;
    };
    expect(await world.sweep({}, { parallelism: 1 })).toMatchObject({ status: 'done' });
    stripe.rawRequest = ask;
    expect(synced).toBe(true);
    expect((await world.tenantNow(tenantId)).planId).toBe('free');
    const mirror = await context.db.getRepository(Subscription).findOneByOrFail({ id: subscriptionId });
    expect(mirror.status).toBe('canceled');
  });

  it('leaves a customer that a sync holds to that sync, and its tenant unproven until then', async () => {
    const { tenantId, customerId, subscriptionId } = await world.bought(5000);
    await world.sweep();
    world.cancel(subscriptionId);
    const lease = (await takeLease(world.context.db, customerId))!;
    const run = await world.sweep();
    expect(run).toMatchObject({ status: 'done', error: expect.stringContaining('could not be read') });
    expect(await world.tenantNow(tenantId)).toMatchObject({ planId: 'starter', differsSince: expect.any(Date) });
    await releaseLease(world.context.db, lease);
    expect(await openJobs(world.context.db, 'sync-customer', customerId)).toHaveLength(1);
    await syncCustomer(world.context, world.stripe, customerId, stripeCause);
    expect(await world.tenantNow(tenantId)).toMatchObject({ planId: 'free', differsSince: null });
  });

  it('goes on where it was cut off', async () => {
    await world.many(350, 86_400, { tenantId: 'ten_nobody' });
    const { requestCounts } = world.standIn.world;
    const listed = () => requestCounts.get('GET /subscriptions') ?? 0;
    const stop = new AbortController();
    const ask = world.stripe.rawRequest.bind(world.stripe);
    let pages = 0;
    world.stripe.rawRequest = (...given) => {
      pages += 1;
      if (pages === 3) stop.abort();
      return ask(...given);
    };
    const cut = await world.sweep({}, { parallelism: 1, signal: stop.signal });
    world.stripe.rawRequest = ask;
    expect(cut).toMatchObject({ status: 'running', active: 1 });
    expect(cut.scanned).toBeGreaterThan(0);
    expect(cut.scanned).toBeLessThan(350);
    const before = listed();
    expect(await driveRun(world.context, world.stripe, { parallelism: 1 })).toBe(true);
    const done = await world.runs.findOneByOrFail({ id: cut.id });
    expect(done).toMatchObject({ status: 'done', scanned: 350, changed: 350 });
    expect(listed() - before).toBeLessThan(12);
  });

  it('goes on after kill -9, without reading again what was compared', async () => {
    await world.many(900, 3600, { tenantId: 'ten_nobody' });
    const { context, stripe, standIn } = world;
    const id = await world.start();
    standIn.world.faults.apiDelayMs = 100;
    const child = world.driveElsewhere();
    const run = () => world.runs.findOneByOrFail({ id });
    await until(async () => (await run()).scanned >= 300, 20_000);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const cut = await run();
    expect(cut).toMatchObject({ status: 'running', active: 1 });
    expect(cut.scanned).toBeLessThan(900);
    standIn.world.faults.apiDelayMs = 0;
    expect(await driveRun(context, stripe)).toBe(false);
    await world.outliveLease();
    expect(await driveRun(context, stripe, { parallelism: 2 })).toBe(true);
    const done = await run();
    expect(done).toMatchObject({ status: 'done', error: null });
    expect(await context.db.getRepository(Subscription).count()).toBe(900);
    // What was under way is read again. Starting over would read 900 more than the 300.
    expect(done.scanned).toBeLessThan(900 + 300);
  });

  it('survives a fault of Stripe, shows it, and goes on by itself at the next call', async () => {
    await world.many(20);
    world.standIn.world.faults.failNext = 100;
    const cut = await world.sweep();
    expect(cut).toMatchObject({ status: 'running' });
    expect(cut.error).toBeTruthy();
    world.standIn.world.faults.failNext = 0;
    await driveRun(world.context, world.stripe);
    expect(await world.runs.findOneByOrFail({ id: cut.id })).toMatchObject({
      status: 'done',
      scanned: 20,
      error: null,
    });
  });

  it('runs once at a time, over all workers', async () => {
    await world.many(60);
    const { context, stripe } = world;
    await world.start();
    await expect(world.start({ mode: 'dry-run' })).rejects.toThrow('running already');
    const driven = await Promise.all([driveRun(context, stripe), driveRun(context, stripe), driveRun(context, stripe)]);
    expect(driven.filter(Boolean)).toHaveLength(1);
  });
});

it('leaves a finding, over at once, for a plan of a known customer that no webhook told of', async () => {
  const { tenantId, subscriptionId } = await world.bought(5000);
  await world.sweep();
  const findings = world.context.db.getRepository(Finding);
  expect(await findings.countBy({ tenantId })).toBe(0);
  world.cancel(subscriptionId);
  await world.sweep();
  expect(await findings.findBy({ tenantId })).toEqual([
    expect.objectContaining({ kind: 'missed-webhook', status: 'resolved', expected: 'free', actual: 'starter' }),
  ]);
});
