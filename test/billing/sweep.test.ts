import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type Stripe from 'stripe';
import { buildCustomer, buildSubscription } from '../../dev/stripe';
import { systemActor } from '../../server/audit/actor';
import { AuditEntry } from '../../server/audit/audit.entity';
import { stripeCause } from '../../server/billing/cause';
import { Finding } from '../../server/billing/finding.entity';
import { releaseLease, takeLease } from '../../server/billing/lease';
import { PlanChange } from '../../server/billing/plan-change.entity';
import { readState } from '../../server/billing/stripe-state';
import { Subscription } from '../../server/billing/subscription.entity';
import { syncCustomer } from '../../server/billing/sync-customer';
import type { Config } from '../../server/config';
import { openJobs } from '../../server/jobs/settle';
import { createOperator } from '../../server/operators/create-operator';
import { applyRun } from '../../server/reconcile/change-run';
import { type DriveOptions, driveRun } from '../../server/reconcile/drive-run';
import { ReconcileChange, ReconcileRow, ReconcileRun } from '../../server/reconcile/reconcile-run.entity';
import { type NewRun, startRun } from '../../server/reconcile/start-run';
import { Tenant } from '../../server/tenants/tenant.entity';
import { testEnv } from '../support/context';
import { aTenant } from '../support/factories';
import { type BillingWorld, billingWorld, until } from './billing-world';

let world: BillingWorld;
beforeEach(async () => {
  world = await billingWorld();
  world.standIn.world.faults.dropWebhooks = true;
});
afterEach(() => world.close());

const actor = { type: 'operator' as const, id: null, name: 'Tess' };
const runs = () => world.context.db.getRepository(ReconcileRun);
const tenantNow = (id: string) => world.context.db.getRepository(Tenant).findOneByOrFail({ id });
const seconds = () => Math.floor(Date.now() / 1000);

async function sweep(run: Partial<NewRun> = {}, options: DriveOptions = {}): Promise<ReconcileRun> {
  const id = await startRun(world.context, { mode: 'apply', trigger: 'operator', actor, ...run });
  await driveRun(world.context, world.stripe, options);
  return runs().findOneByOrFail({ id });
}

async function apply(id: string, confirm = 'lower 1 tenant'): Promise<ReconcileRun> {
  await applyRun(world.context, actor, id, confirm);
  await driveRun(world.context, world.stripe);
  return runs().findOneByOrFail({ id });
}

/** The settings that another process needs to work in the same world. */
const settingsOf = ({ databaseUrl, redisUrl, stripe }: Config): NodeJS.ProcessEnv => ({
  DATABASE_URL: databaseUrl,
  REDIS_URL: redisUrl,
  STRIPE_API_BASE: stripe.apiBase,
  STRIPE_MAX_RPS: '1000',
  STRIPE_MAX_RPS_TOTAL: '1000',
});

interface Bought {
  tenantId: string;
  customerId: string;
  subscriptionId: string;
}

/** A subscription in Stripe alone, as if its webhook had been lost, made `ago` seconds before now. */
async function bought(ago: number, options: { tenantId?: string; customerId?: string; price?: string } = {}) {
  const { state } = world.standIn;
  const tenantId = options.tenantId ?? (await aTenant(world.context)).id;
  const created = seconds() - ago;
  const customer = options.customerId
    ? state.customers.get(options.customerId)!
    : state.customers.put(buildCustomer({ created, metadata: { tenantId } }));
  const subscription = buildSubscription({
    created,
    customer: customer.id,
    status: 'active',
    period: { start: created, end: seconds() + 86_400 },
    items: [{ price: state.prices.get(options.price ?? world.prices.starter)!, quantity: 1 }],
  });
  state.subscriptions.put(subscription);
  return { tenantId, customerId: customer.id, subscriptionId: subscription.id };
}

async function many(count: number, gap = 3600, options: { tenantId?: string } = {}): Promise<Bought[]> {
  const all: Bought[] = [];
  for (let i = 0; i < count; i += 1) all.push(await bought(gap * (i + 1), options));
  return all;
}

const change = (id: string, mutate: (subscription: Stripe.Subscription) => void) =>
  mutate(world.standIn.state.subscriptions.get(id)!);
const cancel = (id: string) =>
  change(id, (subscription) => {
    subscription.status = 'canceled';
    subscription.ended_at = seconds();
  });

describe('a sweep of the whole account', () => {
  it('finds what no webhook told of, and proves every tenant', async () => {
    const payers = await many(130);
    const idle = await aTenant(world.context);
    const run = await sweep();
    expect(run).toMatchObject({ status: 'done', scanned: 130, changed: 130, progress: 1, active: null, error: null });
    for (const { tenantId } of payers) expect((await tenantNow(tenantId)).planId).toBe('starter');
    expect(await readState(world.context.db, 'whole-sweep')).toMatchObject({ runId: run.id });
    expect((await tenantNow(idle.id)).differsSince).toBeNull();
    expect(await world.context.db.getRepository(ReconcileChange).countBy({ runId: run.id, state: 'applied' })).toBe(
      130,
    );
  });

  it('writes nothing where nothing changed', async () => {
    await many(40);
    await sweep();
    const { db } = world.context;
    const rows = () => db.query('SELECT id, syncedAt, contentHash FROM subscriptions ORDER BY id');
    const audited = () => db.getRepository(AuditEntry).countBy({ resource: 'subscriptions' });
    const before = [await rows(), await audited(), await db.getRepository(PlanChange).count()];
    expect(await sweep()).toMatchObject({ status: 'done', scanned: 40, changed: 0 });
    expect([await rows(), await audited(), await db.getRepository(PlanChange).count()]).toEqual(before);
  });

  it('reads every one of many that were made in the same second', async () => {
    const created = seconds() - 500;
    for (let i = 0; i < 250; i += 1) await bought(seconds() - created, { tenantId: 'ten_nobody' });
    expect(await sweep()).toMatchObject({ scanned: 250, changed: 250 });
    expect(await world.context.db.getRepository(Subscription).count()).toBe(250);
  });

  it('lets nobody fall in between: an old subscription that ended and a new one are weighed together', async () => {
    const old = await bought(30_000_000);
    await many(150);
    await sweep();
    const { customerId, tenantId } = old;
    cancel(old.subscriptionId);
    await bought(60, { tenantId, customerId, price: world.prices.business });
    await sweep();
    expect((await tenantNow(tenantId)).planId).toBe('business');
    const history = await world.context.db
      .getRepository(PlanChange)
      .find({ where: { tenantId }, order: { at: 'ASC' } });
    expect(history.map(({ toPlanId }) => toPlanId)).toEqual(['free', 'starter', 'business']);
  });

  it('finds what is gone though everything else is equal, and though it has no hash', async () => {
    const all = await many(30);
    await sweep();
    const gone = all[7]!;
    world.standIn.state.subscriptions.delete(gone.subscriptionId);
    await world.context.db.getRepository(Subscription).update({ id: gone.subscriptionId }, { contentHash: null });
    expect(await sweep()).toMatchObject({ status: 'done', scanned: 29, changed: 1 });
    const mirror = await world.context.db.getRepository(Subscription).findOneByOrFail({ id: gone.subscriptionId });
    expect(mirror.missingSince).not.toBeNull();
    expect(await sweep()).toMatchObject({ status: 'done', changed: 0 });
  });

  it('takes nothing for a subscription that Stripe does not list any more, and tells of it', async () => {
    const { tenantId, subscriptionId } = await bought(5000);
    await sweep();
    world.standIn.state.subscriptions.delete(subscriptionId);
    await sweep();
    expect((await tenantNow(tenantId)).planId).toBe('starter');
    const found = await world.context.db.getRepository(Finding).findBy({ tenantId });
    expect(found).toEqual([expect.objectContaining({ kind: 'missing-subscription', subscriptionId, status: 'open' })]);
    const before = world.standIn.world.requestCounts.get('GET /customers/:id');
    await sweep();
    expect(world.standIn.world.requestCounts.get('GET /customers/:id')).toBe(before);
  });

  it('marks the subscriptions of a customer that Stripe does not know any more', async () => {
    const { tenantId, subscriptionId, customerId } = await bought(5000);
    await sweep();
    world.standIn.state.subscriptions.delete(subscriptionId);
    world.standIn.state.customers.delete(customerId);
    expect(await sweep()).toMatchObject({ status: 'done', changed: 1 });
    expect((await tenantNow(tenantId)).planId).toBe('starter');
  });

  it('reads a customer again that was synced after its page was listed', async () => {
    const { tenantId, customerId, subscriptionId } = await bought(5000);
    const { context, stripe } = world;
    const list = stripe.subscriptions.list.bind(stripe.subscriptions);
    let synced = false;
    stripe.subscriptions.list = ((...given: Parameters<typeof list>) => {
      if (synced || given[0]?.customer) return list(...given);
      return (async () => {
        const page = await list(...given);
        if (page.data.length === 0) return page;
        synced = true;
        cancel(subscriptionId);
        await syncCustomer(context, stripe, customerId, stripeCause);
        return page;
      })();
    }) as typeof list;
    expect(await sweep({}, { parallelism: 1 })).toMatchObject({ status: 'done' });
    stripe.subscriptions.list = list;
    expect((await tenantNow(tenantId)).planId).toBe('free');
    const mirror = await context.db.getRepository(Subscription).findOneByOrFail({ id: subscriptionId });
    expect(mirror.status).toBe('canceled');
  });

  it('leaves a customer that a sync holds to that sync, and its tenant unproven until then', async () => {
    const { tenantId, customerId, subscriptionId } = await bought(5000);
    await sweep();
    cancel(subscriptionId);
    const lease = (await takeLease(world.context.db, customerId))!;
    const run = await sweep();
    expect(run).toMatchObject({ status: 'done', error: expect.stringContaining('could not be read') });
    expect(await tenantNow(tenantId)).toMatchObject({ planId: 'starter', differsSince: expect.any(Date) });
    await releaseLease(world.context.db, lease);
    expect(await openJobs(world.context.db, 'sync-customer', customerId)).toHaveLength(1);
    await syncCustomer(world.context, world.stripe, customerId, stripeCause);
    expect(await tenantNow(tenantId)).toMatchObject({ planId: 'free', differsSince: null });
  });

  it('goes on where it was cut off', async () => {
    await many(350, 86_400, { tenantId: 'ten_nobody' });
    const { requestCounts } = world.standIn.world;
    const listed = () => requestCounts.get('GET /subscriptions') ?? 0;
    const stop = new AbortController();
    const { list } = world.stripe.subscriptions;
    const bound = list.bind(world.stripe.subscriptions);
    let pages = 0;
    world.stripe.subscriptions.list = ((...given: Parameters<typeof bound>) => {
      pages += 1;
      if (pages === 3) stop.abort();
      return bound(...given);
    }) as typeof list;
    const cut = await sweep({}, { parallelism: 1, signal: stop.signal });
    world.stripe.subscriptions.list = bound;
    expect(cut).toMatchObject({ status: 'running', active: 1 });
    expect(cut.scanned).toBeGreaterThan(0);
    expect(cut.scanned).toBeLessThan(350);
    const before = listed();
    expect(await driveRun(world.context, world.stripe, { parallelism: 1 })).toBe(true);
    const done = await runs().findOneByOrFail({ id: cut.id });
    expect(done).toMatchObject({ status: 'done', scanned: 350, changed: 350 });
    expect(listed() - before).toBeLessThan(12);
  });

  it('goes on after kill -9, without reading again what was compared', async () => {
    await many(900, 3600, { tenantId: 'ten_nobody' });
    const { context, stripe, standIn } = world;
    const id = await startRun(context, { mode: 'apply', trigger: 'operator', actor });
    standIn.world.faults.apiDelayMs = 100;
    const child = fork(join(__dirname, 'sweep-process.ts'), {
      execArgv: ['-r', join(__dirname, '../../dev/launch/swc-register.cjs')],
      env: { ...process.env, ...testEnv(), ...settingsOf(context.config) },
    });
    const run = () => runs().findOneByOrFail({ id });
    await until(async () => (await run()).scanned >= 300, 20_000);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const cut = await run();
    expect(cut).toMatchObject({ status: 'running', active: 1 });
    expect(cut.scanned).toBeLessThan(900);
    standIn.world.faults.apiDelayMs = 0;
    expect(await driveRun(context, stripe)).toBe(false);
    await context.db.query(`UPDATE leases SET expiresAt = UTC_TIMESTAMP(3) WHERE name = 'sweep'`);
    expect(await driveRun(context, stripe, { parallelism: 2 })).toBe(true);
    const done = await run();
    expect(done).toMatchObject({ status: 'done', error: null });
    expect(await context.db.getRepository(Subscription).count()).toBe(900);
    // What was under way is read again. Starting over would read 900 more than the 300.
    expect(done.scanned).toBeLessThan(900 + 300);
  });

  it('survives a fault of Stripe, shows it, and goes on by itself at the next call', async () => {
    await many(20);
    world.standIn.world.faults.failNext = 100;
    const cut = await sweep();
    expect(cut).toMatchObject({ status: 'running' });
    expect(cut.error).toBeTruthy();
    world.standIn.world.faults.failNext = 0;
    await driveRun(world.context, world.stripe);
    expect(await runs().findOneByOrFail({ id: cut.id })).toMatchObject({ status: 'done', scanned: 20, error: null });
  });

  it('runs once at a time, over all workers', async () => {
    await many(60);
    const { context, stripe } = world;
    await startRun(context, { mode: 'apply', trigger: 'operator', actor });
    await expect(startRun(context, { mode: 'dry-run', trigger: 'operator', actor })).rejects.toThrow('running already');
    const driven = await Promise.all([driveRun(context, stripe), driveRun(context, stripe), driveRun(context, stripe)]);
    expect(driven.filter(Boolean)).toHaveLength(1);
  });
});

it('leaves a finding, over at once, for a plan of a known customer that no webhook told of', async () => {
  const { tenantId, subscriptionId } = await bought(5000);
  await sweep();
  const findings = world.context.db.getRepository(Finding);
  expect(await findings.countBy({ tenantId })).toBe(0);
  cancel(subscriptionId);
  await sweep();
  expect(await findings.findBy({ tenantId })).toEqual([
    expect.objectContaining({ kind: 'missed-webhook', status: 'resolved', expected: 'free', actual: 'starter' }),
  ]);
});

describe('a dry run', () => {
  it('tells what would change and writes none of it, until it is applied', async () => {
    const [one, two] = (await many(2)) as [Bought, Bought];
    await sweep();
    cancel(one.subscriptionId);
    change(two.subscriptionId, (subscription) => {
      subscription.items.data[0]!.price = world.standIn.state.prices.get(world.prices.business)!;
    });
    const dry = await sweep({ mode: 'dry-run' });
    expect(dry).toMatchObject({ status: 'done', changed: 2, lowered: 1, braked: false });
    const changes = () => world.context.db.getRepository(ReconcileChange).findBy({ runId: dry.id });
    expect(await changes()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ tenantId: one.tenantId, toPlanId: 'free', lowers: true, state: 'planned' }),
        expect.objectContaining({ tenantId: two.tenantId, toPlanId: 'business', lowers: false, state: 'planned' }),
      ]),
    );
    for (const { tenantId } of [one, two]) {
      const tenant = await tenantNow(tenantId);
      expect(tenant.planId).toBe('starter');
      expect(tenant.differsSince).not.toBeNull();
    }
    await apply(dry.id);
    expect((await tenantNow(one.tenantId)).planId).toBe('free');
    expect(await tenantNow(two.tenantId)).toMatchObject({ planId: 'business', differsSince: null });
  });
});

describe('a rehearsal', () => {
  it('forgets none of what the run has written, and is not counted beside it', async () => {
    const known = await many(21);
    await sweep();
    for (const { subscriptionId } of known)
      change(subscriptionId, (subscription) => {
        subscription.items.data[0]!.price = world.standIn.state.prices.get(world.prices.business)!;
      });
    await many(3, 7200);
    const run = await sweep();
    expect(run).toMatchObject({ status: 'done', mode: 'apply', braked: false, changed: 24, lowered: 0 });
    const changes = world.context.db.getRepository(ReconcileChange);
    expect(await changes.countBy({ runId: run.id, state: 'applied' })).toBe(24);
    expect(await changes.countBy({ runId: run.id })).toBe(24);
  });

  it('that was cut off is told once', async () => {
    const { subscriptionId } = await bought(5000);
    await sweep();
    cancel(subscriptionId);
    const stop = new AbortController();
    const { retrieve } = world.stripe.customers;
    // An overdue customer is read by itself, in the rehearsal.
    const overdue = await bought(6000);
    change(overdue.subscriptionId, (subscription) => {
      subscription.status = 'past_due';
    });
    world.stripe.customers.retrieve = ((...given: Parameters<typeof retrieve>) => {
      stop.abort();
      return retrieve.apply(world.stripe.customers, given);
    }) as typeof retrieve;
    const cut = await sweep({ mode: 'dry-run' }, { signal: stop.signal });
    world.stripe.customers.retrieve = retrieve;
    expect(cut).toMatchObject({ status: 'running', listed: true, lowered: 1 });
    await driveRun(world.context, world.stripe);
    expect(await runs().findOneByOrFail({ id: cut.id })).toMatchObject({ status: 'done', lowered: 1 });
    const changes = world.context.db.getRepository(ReconcileChange);
    expect(await changes.countBy({ runId: cut.id, lowers: true })).toBe(1);
  });
});

describe('the brake', () => {
  it('stops a run as a dry run that would lower more than 20 tenants and 2 of 100 payers', async () => {
    const payers = await many(21);
    await sweep();
    for (const { subscriptionId } of payers) cancel(subscriptionId);
    const run = await sweep();
    expect(run).toMatchObject({ status: 'done', mode: 'dry-run', braked: true, lowered: 21 });
    for (const { tenantId } of payers) expect((await tenantNow(tenantId)).planId).toBe('starter');
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
    expect(await runs().findOneByOrFail({ id: run.id })).toMatchObject({ status: 'done', mode: 'dry-run' });
    await applyRun(world.context, await admin('bob'), run.id, 'lower 21 tenants');
    await driveRun(world.context, world.stripe);
    const applied = await runs().findOneByOrFail({ id: run.id });
    expect(applied).toMatchObject({ status: 'done', mode: 'apply', lowered: 21, applied: 21, stale: 0 });
    for (const { tenantId } of payers) expect((await tenantNow(tenantId)).planId).toBe('free');
  });

  it('lets 20 through', async () => {
    const payers = await many(20);
    await sweep();
    for (const { subscriptionId } of payers) cancel(subscriptionId);
    expect(await sweep()).toMatchObject({ status: 'done', mode: 'apply', braked: false, lowered: 20 });
  });
});

describe('a run of chosen tenants', () => {
  it('reads their customers alone', async () => {
    const [one, two] = (await many(2)) as [Bought, Bought];
    await sweep();
    cancel(one.subscriptionId);
    cancel(two.subscriptionId);
    const run = await sweep({ tenantIds: [one.tenantId] });
    expect(run).toMatchObject({ status: 'done', scanned: 1, lowered: 1 });
    expect((await tenantNow(one.tenantId)).planId).toBe('free');
    expect((await tenantNow(two.tenantId)).planId).toBe('starter');
    expect(await world.context.db.getRepository(ReconcileRow).countBy({ runId: run.id })).toBe(0);
  });
});
