import fc from 'fast-check';
import type { Verification } from '../../domain/verification';
import { systemActor } from '../../server/audit/actor';
import { StripeCustomer } from '../../server/billing/stripe-customer.entity';
import { writeState } from '../../server/billing/stripe-state';
import { ConvergenceDay } from '../../server/convergence/convergence-day.entity';
import { countProven } from '../../server/convergence/count-proven';
import { dayOf, keepConvergenceDay } from '../../server/convergence/keep-day';
import { startRun } from '../../server/reconcile/start-run';
import { Tenant } from '../../server/tenants/tenant.entity';
import { DAY, MINUTE } from '../support/clock';
import { aCustomer, aTenant } from '../support/factories';
import { startServer, type TestServer } from '../support/server';

const HOUR = 60 * MINUTE;
let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());
const TABLES = ['convergence_days', 'stripe_customers', 'plan_decisions', 'plan_changes', 'tenants', 'stripe_state'];
const clear = async () => {
  for (const table of TABLES) await server.context.db.query('DELETE FROM ??', [table]);
};
beforeEach(clear);

/** Hours ago; null is never. */
const hours = fc.option(fc.integer({ min: 0, max: 60 }), { nil: null });
const aStory = fc.record({
  created: fc.integer({ min: 0, max: 90 }),
  synced: hours,
  differs: fc.option(fc.integer({ min: 0, max: 60 }), { nil: null, freq: 6 }),
  deleted: fc.boolean(),
  customers: fc.array(hours, { maxLength: 3 }),
});
const history = fc.record({ swept: hours, stories: fc.array(aStory, { minLength: 1, maxLength: 12 }) });
type Story = typeof aStory extends fc.Arbitrary<infer T> ? T : never;

/** The rule of the contract, written anew: the later of the own last sync and the last sweep that found it equal. */
function oracle({ created, synced, differs, customers }: Story, swept: number | null): Verification {
  if (differs !== null) return 'differs';
  const own = [synced, ...customers];
  const ownAge = own.includes(null) ? Number.POSITIVE_INFINITY : Math.max(...(own as number[]));
  const sweepAge = swept !== null && created >= swept ? swept : Number.POSITIVE_INFINITY;
  const age = Math.min(ownAge, sweepAge);
  if (age === Number.POSITIVE_INFINITY) return 'unproven';
  return age <= 24 ? 'proven' : 'outdated';
}

async function tell(swept: number | null, stories: readonly Story[], now: Date): Promise<string[]> {
  const { db } = server.context;
  const at = (ago: number | null) => (ago === null ? null : new Date(+now - ago * HOUR));
  if (swept !== null) await writeState(db, 'whole-sweep', { runId: 'run_1', verifiedAt: at(swept)!.toISOString() });
  const ids: string[] = [];
  for (const { created, synced, differs, deleted, customers } of stories) {
    const { id } = await aTenant(server.context);
    ids.push(id);
    await db.getRepository(Tenant).update(
      { id },
      {
        createdAt: at(created)!,
        lastSyncedAt: at(synced),
        differsSince: at(differs),
        ...(deleted ? { status: 'deleted' as const, deletedAt: now } : {}),
      },
    );
    for (const read of customers) await aCustomer(server.context, { tenantId: id, syncedAt: at(read) });
  }
  return ids;
}

describe('who is proven equal to Stripe', () => {
  it('is counted, listed and told of each as the rule says, over random tenants', async () => {
    const { agent } = await server.signIn('viewer');
    await fc.assert(
      fc.asyncProperty(history, async ({ swept, stories }) => {
        await clear();
        // A few seconds less than the hours told, so that the edge of 24 hours does not hang on the time that this takes.
        const now = new Date(+server.context.now() + 5000);
        const ids = await tell(swept, stories, now);
        const told = stories.map((story, n) => ({ id: ids[n]!, ...story, verification: oracle(story, swept) }));
        const live = told.filter(({ deleted }) => !deleted);
        const proven = live.filter(({ verification }) => verification === 'proven');
        const counts = await countProven(server.context);
        expect(counts).toMatchObject({
          tenants: live.length,
          proven: proven.length,
          differing: live.filter(({ verification }) => verification === 'differs').length,
        });
        const listed = async (filter: object) =>
          (
            await agent
              .get('/api/tenants')
              .query({ filter: JSON.stringify(filter), range: '[0,99]' })
              .expect(200)
          ).body;
        const idsOf = (rows: { id: string }[]) => rows.map(({ id }) => id).sort();
        expect(idsOf(await listed({ verified: true }))).toEqual(idsOf(proven));
        expect(idsOf(await listed({ verified: false }))).toEqual(
          idsOf(live.filter(({ verification }) => verification !== 'proven')),
        );
        for (const { id, verification } of (await listed({})) as Tenant[] & { verification: Verification }[])
          expect([id, verification]).toEqual([id, told.find((one) => one.id === id)?.verification]);
      }),
      { numRuns: 40 },
    );
  }, 120_000);

  it('is a tenant whose customers were all read within 24 hours, and no other without a sweep', async () => {
    const now = server.context.now();
    const { id } = await aTenant(server.context);
    const one = await aCustomer(server.context, { tenantId: id, syncedAt: now });
    const other = await aCustomer(server.context, { tenantId: id, syncedAt: now });
    await server.context.db.getRepository(Tenant).update({ id }, { lastSyncedAt: now });
    expect(await countProven(server.context)).toMatchObject({ tenants: 1, proven: 1 });
    await server.context.db.getRepository(StripeCustomer).update({ id: other.id }, { syncedAt: null });
    expect(await countProven(server.context)).toMatchObject({ tenants: 1, proven: 0 });
    expect(one.id).not.toBe(other.id);
  });
});

describe('the days', () => {
  const days = () => server.context.db.getRepository(ConvergenceDay).find({ order: { day: 'ASC' } });

  it('are kept once each, with their last count, however many workers count at once', async () => {
    await aTenant(server.context);
    await Promise.all([1, 2, 3].map(() => keepConvergenceDay(server.context)));
    expect(await days()).toMatchObject([{ day: dayOf(server.context.now()), tenants: 1, proven: 0 }]);
    await aTenant(server.context);
    await keepConvergenceDay(server.context);
    expect(await days()).toMatchObject([{ tenants: 2, proven: 0 }]);
  });

  it('are not put back by a count that took longer', async () => {
    await keepConvergenceDay(server.context);
    await aTenant(server.context);
    const earlier = new Date(+server.context.now() - MINUTE);
    await keepConvergenceDay({ ...server.context, now: () => earlier });
    expect(await days()).toMatchObject([{ tenants: 0 }]);
  });

  it('that nobody counted are gaps, and the next one heals itself', async () => {
    const { agent } = await server.signIn('viewer');
    const now = server.context.now();
    const at = (daysAgo: number) => ({ ...server.context, now: () => new Date(+now - daysAgo * DAY) });
    await aTenant(server.context);
    for (const ago of [91, 5, 2]) await keepConvergenceDay(at(ago));
    const { body } = await agent.get('/api/convergence').expect(200);
    const ago = (n: number) => dayOf(new Date(+now - n * DAY));
    expect(body.days.map(({ day }: { day: string }) => day)).toEqual([ago(5), ago(2), ago(0)]);
    expect(body).toMatchObject({ from: ago(89), to: ago(0), now: { tenants: 1, proven: 0, tone: 'broken' } });
  });
});

describe('GET /api/convergence', () => {
  it('is green only where everybody is proven, and names one of those to begin with', async () => {
    const { agent } = await server.signIn('viewer');
    const now = server.context.now();
    const { id } = await aTenant(server.context);
    const read = async () => (await agent.get('/api/convergence').expect(200)).body.now;
    const { db } = server.context;
    await startRun(server.context, { mode: 'dry-run', trigger: 'operator', actor: systemActor });
    expect(await read()).toMatchObject({ share: 0, sweeping: true, tone: 'behind' });
    await db.query('DELETE FROM reconcile_runs');
    expect(await read()).toMatchObject({
      share: 0,
      sweeping: false,
      tone: 'broken',
      sweptAt: null,
      oldest: { id, lastVerifiedAt: null, verification: 'unproven' },
    });
    await writeState(server.context.db, 'whole-sweep', {
      runId: 'run_1',
      verifiedAt: new Date(+now + MINUTE).toISOString(),
    });
    expect(await read()).toMatchObject({ share: 1, tone: 'proven', oldest: null });
    await server.context.db.getRepository(Tenant).update({ id }, { differsSince: now });
    expect(await read()).toMatchObject({
      share: 0,
      differing: 1,
      tone: 'broken',
      oldest: { id, verification: 'differs' },
    });
  });

  it('is amber where a tenant was born after the sweep, and tells of nobody where there is nobody', async () => {
    const { agent } = await server.signIn('support');
    const read = async () => (await agent.get('/api/convergence').expect(200)).body.now;
    expect(await read()).toMatchObject({ tenants: 0, share: null, tone: 'proven' });
    const now = server.context.now();
    const { id } = await aTenant(server.context);
    await server.context.db.getRepository(Tenant).update({ id }, { createdAt: new Date(+now - DAY) });
    await writeState(server.context.db, 'whole-sweep', {
      runId: 'run_1',
      verifiedAt: new Date(+now - MINUTE).toISOString(),
    });
    await aTenant(server.context);
    expect(await read()).toMatchObject({ tenants: 2, proven: 1, share: 0.5, tone: 'behind' });
  });

  it('is for operators alone, and filters by true or false alone', async () => {
    await server.anonymous().get('/api/convergence').expect(401);
    const { agent } = await server.signIn('viewer');
    await agent
      .get('/api/tenants')
      .query({ filter: JSON.stringify({ verified: 'perhaps' }) })
      .expect(400, /verified/);
  });
});
