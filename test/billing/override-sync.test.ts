import fc from 'fast-check';
import { stripeCause } from '../../server/billing/cause';
import { decideDueTenants } from '../../server/billing/decide-due';
import { Override } from '../../server/billing/override.entity';
import { syncCustomer } from '../../server/billing/sync-customer';
import { driveRun } from '../../server/reconcile/drive-run';
import { startRun } from '../../server/reconcile/start-run';
import { Tenant } from '../../server/tenants/tenant.entity';
import { DAY } from '../support/clock';
import { type OperatorWorld, operatorWorld } from './operator-world';

let world: OperatorWorld;
beforeAll(async () => {
  world = await operatorWorld();
});
afterAll(() => world.close());

const RANKS: Record<string, number> = { free: 0, starter: 10, business: 20 };
const STEPS = [
  'sync',
  'sweep',
  'rehearse',
  'upgrade',
  'downgrade',
  'cancel',
  'edit plan',
  'edit base',
  'clock',
] as const;
type Step = (typeof STEPS)[number];
const actor = { type: 'system' as const, id: null, name: 'Tess' };

interface Held {
  id: string;
  customerId: string;
  subscriptionId: string;
}

async function sweep(mode: 'apply' | 'dry-run'): Promise<void> {
  await startRun(world.server.context, { mode, trigger: 'operator', actor });
  await driveRun(world.server.context, world.stripe);
}

async function swap({ subscriptionId }: Held, price: string): Promise<void> {
  const { status, items } = await world.stripe.subscriptions.retrieve(subscriptionId);
  if (status === 'canceled') return;
  await world.stripe.subscriptions.update(subscriptionId, { items: [{ id: items.data[0]!.id, price }] });
}

async function take(held: Held, step: Step): Promise<void> {
  const { context } = world.server;
  const { admin, stripe, prices } = world;
  if (step === 'sync') await syncCustomer(context, stripe, held.customerId, stripeCause);
  if (step === 'sweep') await sweep('apply');
  if (step === 'rehearse') await sweep('dry-run');
  if (step === 'upgrade') await swap(held, prices.business);
  if (step === 'downgrade') await swap(held, prices.starter);
  if (step === 'cancel') {
    const { status } = await stripe.subscriptions.retrieve(held.subscriptionId);
    if (status !== 'canceled') await stripe.subscriptions.cancel(held.subscriptionId);
  }
  if (step === 'edit plan') {
    for (const id of ['starter', 'business'])
      await admin
        .put(`/api/plans/${id}`)
        .send({ description: `Edited ${Math.random()}`, rank: RANKS[id] })
        .expect(200);
    await decideDueTenants(context);
  }
  if (step === 'edit base')
    await admin
      .put(`/api/tenants/${held.id}`)
      .send({ name: `Renamed ${Math.random()}` })
      .expect(200);
  if (step === 'clock') await decideDueTenants(context);
}

const history = fc.record({
  planId: fc.constantFrom('free', 'starter', 'business'),
  pin: fc.boolean(),
  steps: fc.array(fc.constantFrom(...STEPS), { minLength: 2, maxLength: 7 }),
});

it('no sync (all that a webhook leads to), sweep or edit of a plan writes over a running override, nor takes its effect', async () => {
  const { context } = world.server;
  const overrides = context.db.getRepository(Override);
  await fc.assert(
    fc.asyncProperty(history, async ({ planId, pin, steps }) => {
      const held = { ...(await world.paying()) };
      const endsAt = new Date(+context.now() + 30 * DAY).toISOString();
      const asked = { tenantId: held.id, planId, pin, endsAt, reason: 'It must hold.' };
      const { body } = await world.admin.post('/api/overrides').send(asked).expect(201);
      const before = await overrides.findOneByOrFail({ id: body.id });
      for (const step of steps) {
        await take(held, step);
        const tenant = await context.db.getRepository(Tenant).findOneByOrFail({ id: held.id });
        if (pin) expect([step, tenant.planId]).toEqual([step, planId]);
        else expect(RANKS[tenant.planId]).toBeGreaterThanOrEqual(RANKS[planId]!);
        expect(await overrides.findOneByOrFail({ id: body.id })).toEqual(before);
      }
    }),
    { numRuns: 25 },
  );
}, 120_000);
