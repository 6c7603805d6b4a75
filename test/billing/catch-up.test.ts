import { randomBytes } from 'node:crypto';
import type Stripe from 'stripe';
import { type CaughtUp, catchUp, LISTED_TYPES } from '../../server/billing/catch-up';
import { releaseLease, takeLease } from '../../server/billing/lease';
import { StripeEvent } from '../../server/billing/stripe-event.entity';
import { readState, writeState } from '../../server/billing/stripe-state';
import { StripeState } from '../../server/billing/stripe-state.entity';
import { OutboxRow } from '../../server/jobs/outbox.entity';
import { ReconcileRun } from '../../server/reconcile/reconcile-run.entity';
import { Tenant } from '../../server/tenants/tenant.entity';
import { aCustomer, aTenant } from '../support/factories';
import { type BillingWorld, billingWorld, until } from './billing-world';

const HOUR = 3600;
const DAY = 24 * HOUR;

let world: BillingWorld;
beforeAll(async () => {
  world = await billingWorld();
  world.standIn.world.faults.dropWebhooks = true;
});
afterAll(() => world.close());
beforeEach(async () => {
  await world.context.db.getRepository(StripeState).delete({ name: 'catch-up' });
  await world.context.db.getRepository(ReconcileRun).deleteAll();
});

const seconds = () => Math.floor(world.context.now().getTime() / 1000);
const cursor = () => readState(world.context.db, 'catch-up');
const lastReadAt = (lastCreated: number, sweepOwed = false) =>
  writeState(world.context.db, 'catch-up', { lastCreated, ...(sweepOwed ? { sweepOwed } : {}) });
const events = () => world.context.db.getRepository(StripeEvent);
const runs = () => world.context.db.getRepository(ReconcileRun);
const read = (options = {}, stripe: Pick<Stripe, 'events'> = world.stripe) => catchUp(world.context, stripe, options);

/** Events that happened at Stripe, each of a customer of its own, and came by no webhook. */
function happened(times: readonly number[], type: string = 'customer.subscription.updated'): string[] {
  const made = times.map((created) => {
    const unique = randomBytes(6).toString('hex');
    const object = { object: 'subscription', id: `sub_${unique}`, customer: `cus_${unique}` };
    return { id: `evt_${unique}`, object: 'event', type, created, livemode: false, data: { object } };
  });
  world.standIn.state.load({ events: made as unknown as Stripe.EventBase[] });
  return made.map(({ id }) => id);
}
const stored = async (ids: readonly string[]) => {
  const rows = await events().find({ select: { id: true, source: true } });
  return rows.filter(({ id, source }) => ids.includes(id) && source === 'catch-up').length;
};

async function requests<T>(work: () => Promise<T>): Promise<{ lists: number; result: T }> {
  const { requestCounts } = world.standIn.world;
  const before = requestCounts.get('GET /events') ?? 0;
  const result = await work();
  return { result, lists: (requestCounts.get('GET /events') ?? 0) - before };
}

describe('catching up', () => {
  it('finds what no webhook brought, owes its job, and finds it once', async () => {
    await lastReadAt(seconds() - HOUR);
    const [id] = happened([seconds() - 1800]);
    expect(await read()).toMatchObject({ newEvents: 1, gapTooLong: false });
    const event = await events().findOneByOrFail({ id: id! });
    expect(event).toMatchObject({ source: 'catch-up', status: 'received', payload: { id } });
    const owed = { kind: 'sync-customer', subject: event.customerId!, status: 'open' as const };
    expect(await world.context.db.getRepository(OutboxRow).countBy(owed)).toBe(1);
    expect(await read()).toMatchObject({ newEvents: 0 });
    expect(await world.context.db.getRepository(OutboxRow).countBy(owed)).toBe(1);
  });

  it('costs one request where nothing happened', async () => {
    await lastReadAt(seconds() - 60);
    expect((await requests(() => read())).lists).toBe(1);
    expect((await requests(() => read())).lists).toBe(1);
  });

  it('lists only what changes plans, under no more names than Stripe takes', async () => {
    expect(LISTED_TYPES.length).toBeLessThanOrEqual(20);
    await lastReadAt(seconds() - HOUR);
    const [other] = happened([seconds() - 60], 'product.updated');
    await read();
    expect(await events().existsBy({ id: other! })).toBe(false);
  });

  it('finds an event of the very second up to which it read, and one that showed minutes late', async () => {
    const second = seconds() - 10;
    await lastReadAt(second);
    const ids = happened([second, second - 200]);
    expect((await read()).newEvents).toBe(2);
    expect(await stored(ids)).toBe(2);
  });

  it('leaves the youngest to their webhooks where it is told to, and takes them next time', async () => {
    await lastReadAt(seconds() - 60);
    const ids = happened([seconds()]);
    await read({ settleSeconds: 30 });
    expect(await stored(ids)).toBe(0);
    await read();
    expect(await stored(ids)).toBe(1);
  });

  it('begins at the present on its first start, with a sweep where anything is mirrored', async () => {
    const ids = happened([seconds() - DAY, seconds() - 10]);
    expect(await read()).toMatchObject({ gapTooLong: false });
    expect(await stored(ids)).toBe(1);
    expect((await cursor())!.lastCreated).toBeGreaterThanOrEqual(seconds() - 5);
    expect(await runs().count()).toBe(0);

    await world.context.db.getRepository(StripeState).delete({ name: 'catch-up' });
    await aCustomer(world.context);
    expect(await read()).toMatchObject({ gapTooLong: true });
    expect(await runs().countBy({ trigger: 'catch-up', mode: 'apply' })).toBe(1);
  });
});

describe('a long outage', () => {
  it('is read page by page from old to new, and loses nothing where the reader dies midway, again and again', async () => {
    await lastReadAt(seconds() - 5 * DAY);
    const times = Array.from({ length: 1200 }, (_, i) => seconds() - 5 * DAY + 60 + i * 355);
    const ids = happened(times);
    // Dies at every fourth request, as a process would: whatever was stored stays, the rest never happened.
    let asked = 0;
    const mortal = {
      events: {
        list: (params: Stripe.EventListParams) => {
          asked += 1;
          if (asked % 4 === 0) throw new Error('killed');
          return world.stripe.events.list(params);
        },
      },
    } as unknown as Pick<Stripe, 'events'>;
    const cursors: number[] = [];
    for (let tries = 0; tries < 50; tries += 1) {
      const ended = await read({}, mortal).catch((error: Error) => error);
      const reached = (await cursor())!.lastCreated;
      cursors.push(reached);
      // Nothing at or before the cursor is missing, whenever the process dies.
      const due = ids.filter((_, i) => times[i]! <= reached);
      expect(await stored(due)).toBe(due.length);
      if (!(ended instanceof Error)) break;
    }
    expect(await stored(ids)).toBe(1200);
    expect(cursors.length).toBeGreaterThan(3);
    expect(cursors).toEqual([...cursors].sort((a, b) => a - b));
  });

  it('takes few requests where little happened: the slices grow', async () => {
    await lastReadAt(seconds() - 29 * DAY);
    const ids = happened([seconds() - 28 * DAY, seconds() - 2 * DAY]);
    const { lists, result } = await requests(() => read());
    expect(result).toMatchObject({ gapTooLong: false });
    expect(await stored(ids)).toBe(2);
    expect(lists).toBeLessThan(60);
    expect(await runs().count()).toBe(0);
  });

  it('can be told to end, and goes on there', async () => {
    await lastReadAt(seconds() - 3 * DAY);
    const stopped = new AbortController();
    stopped.abort();
    expect((await requests(() => read({ signal: stopped.signal }))).lists).toBe(1);
    expect((await cursor())!.lastCreated).toBeLessThan(seconds() - 2 * DAY);
    await read();
    expect((await cursor())!.lastCreated).toBeGreaterThanOrEqual(seconds() - 5);
  });

  it('of more than Stripe keeps is told, reads what there is, and starts one sweep', async () => {
    await lastReadAt(seconds() - 31 * DAY);
    const ids = happened([seconds() - 40 * DAY, seconds() - 29 * DAY, seconds() - DAY]);
    expect(await read()).toMatchObject({ gapTooLong: true });
    expect(await stored(ids)).toBe(2);
    expect(await read()).toMatchObject({ gapTooLong: false });
    expect(await runs().findBy({ trigger: 'catch-up' })).toHaveLength(1);
  });

  it('keeps the sweep owed while another run is under way', async () => {
    const { db } = world.context;
    const other = { id: `run_${randomBytes(6).toString('hex')}`, mode: 'dry-run', trigger: 'operator', active: 1 };
    await runs().insert({ ...other, actorType: 'system', actorName: 'Someone', startedAt: new Date() } as object);
    await lastReadAt(seconds() - 31 * DAY);
    await read();
    expect(await runs().countBy({ trigger: 'catch-up' })).toBe(0);
    await read();
    expect((await cursor())!.sweepOwed).toBe(true);
    await db.query("UPDATE reconcile_runs SET status = 'done', active = NULL");
    await read();
    expect(await runs().countBy({ trigger: 'catch-up' })).toBe(1);
    expect((await cursor())!.sweepOwed).toBeUndefined();
  });
});

describe('several processes', () => {
  it('one reads at a time; the other finds nothing and does no harm', async () => {
    await lastReadAt(seconds() - HOUR);
    const ids = happened([seconds() - 120]);
    const both: CaughtUp[] = await Promise.all([read(), read()]);
    expect(both.map(({ newEvents }) => newEvents).sort()).toEqual([0, 1]);
    expect(await stored(ids)).toBe(1);
  });

  it('while another holds the lease, Stripe is not asked', async () => {
    const lease = (await takeLease(world.context.db, 'catch-up'))!;
    expect((await requests(() => read())).lists).toBe(0);
    await releaseLease(world.context.db, lease);
  });

  it('a cursor is not moved by a process that lost the lease', async () => {
    const before = seconds() - 600;
    await lastReadAt(before);
    const slow = {
      events: {
        list: async (params: Stripe.EventListParams) => {
          await world.context.db.query(
            "UPDATE leases SET fence = fence + 1, holder = 'another' WHERE name = 'catch-up'",
          );
          return world.stripe.events.list(params);
        },
      },
    } as unknown as Pick<Stripe, 'events'>;
    await read({}, slow);
    expect((await cursor())!.lastCreated).toBe(before);
    await world.context.db.query("DELETE FROM leases WHERE name = 'catch-up'");
  });
});

describe('the workers', () => {
  it('heal what webhooks dropped, without anybody, at their start and while they run, and live through outages', async () => {
    const { context, stripe, standIn } = world;
    // What the tests before owe for customers whom nobody made is not theirs to do first.
    await context.db.getRepository(OutboxRow).deleteAll();
    const payer = async () => {
      const tenant = await aTenant(context);
      const customer = await stripe.customers.create({
        metadata: { tenantId: tenant.id },
        payment_method: 'pm_card_visa',
        invoice_settings: { default_payment_method: 'pm_card_visa' },
      });
      await stripe.subscriptions.create({ customer: customer.id, items: [{ price: world.prices.starter }] });
      return tenant.id;
    };
    const paid = (id: string) => context.db.getRepository(Tenant).existsBy({ id, planId: 'starter' });
    const before = await payer();
    context.config.stripe.catchUpSeconds = 1;
    world.work();
    await until(() => paid(before));
    standIn.world.faults.failShare = 1;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    standIn.world.faults.failShare = 0;
    const during = await payer();
    await until(() => paid(during), 20_000);
    expect(await events().countBy({ source: 'webhook', type: 'customer.subscription.created' })).toBe(0);
  });
});
