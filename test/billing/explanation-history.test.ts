import fc from 'fast-check';
import { decidePlan } from '../../domain/decide-plan';
import { systemActor } from '../../server/audit/actor';
import { decideTenant } from '../../server/billing/decide-tenant';
import { explainTenant } from '../../server/billing/explanation/explain-tenant';
import { Override } from '../../server/billing/override.entity';
import { factsOf, loadSurroundings } from '../../server/billing/plan-facts';
import { Subscription } from '../../server/billing/subscription.entity';
import { newId } from '../../server/db/id';
import { inTransaction } from '../../server/db/transaction';
import { loadCatalogue } from '../../server/plans/catalogue';
import { Tenant } from '../../server/tenants/tenant.entity';
import { DAY, MINUTE } from '../support/clock';
import { makeContext, type TestContext } from '../support/context';
import { aCustomer, aPlan, aSubscription, aTenant } from '../support/factories';

let made: TestContext;
beforeAll(async () => {
  made = await makeContext();
  await aPlan(made.context, { id: 'starter', rank: 10, seatLimit: 2, stripePriceIds: ['price_starter'] });
  await aPlan(made.context, { id: 'business', rank: 20, stripePriceIds: ['price_business'], seatsFromQuantity: true });
  await aPlan(made.context, { id: 'custom', rank: 30, kind: 'custom' });
});
afterAll(() => made.close());

const planId = fc.constantFrom('free', 'starter', 'business', 'custom');
const act = fc.oneof(
  fc.record({ act: fc.constant('base' as const), planId: fc.constantFrom('free', 'custom') }),
  fc.record({ act: fc.constant('grant' as const), planId, pin: fc.boolean(), days: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ act: fc.constant('end' as const) }),
  fc.record({
    act: fc.constant('subscription' as const),
    status: fc.constantFrom('active', 'past_due', 'canceled', 'incomplete', 'hibernating'),
    price: fc.constantFrom('price_starter', 'price_business', 'price_legacy'),
    cancelAtPeriodEnd: fc.boolean(),
  }),
  fc.record({ act: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 20 }) }),
);
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

async function perform(tenantId: string, subscriptionId: string, one: Act): Promise<void> {
  const { db, now } = made.context;
  const at = now();
  if (one.act === 'base') await db.getRepository(Tenant).update({ id: tenantId }, { basePlanId: one.planId });
  if (one.act === 'grant')
    await db.getRepository(Override).insert({
      ...{ id: newId('ovr'), tenantId, planId: one.planId, pin: one.pin, reason: 'Agreed' },
      ...{ startsAt: at, endsAt: new Date(+at + one.days * DAY) },
      ...{ createdByType: 'system', createdByName: 'Tenantry' },
    });
  if (one.act === 'end')
    await db.query('UPDATE overrides SET endedAt = ? WHERE tenantId = ? AND endedAt IS NULL AND endsAt > ?', [
      at,
      tenantId,
      at,
    ]);
  if (one.act === 'subscription') {
    const { status, price: priceId, cancelAtPeriodEnd } = one;
    const item = {
      priceId,
      lookupKey: null,
      quantity: 3,
      unitAmount: 100,
      currency: 'eur',
      interval: 'month' as const,
    };
    const items = [{ ...item, id: 'si_1', currentPeriodEnd: null, intervalCount: 1 }];
    const pastDueSince = status === 'past_due' ? at : null;
    await db
      .getRepository(Subscription)
      .update({ id: subscriptionId }, { status, priceId, items, cancelAtPeriodEnd, pastDueSince });
  }
  if (one.act === 'wait') made.clock.advance(one.days * DAY);
  await inTransaction(db, (tx) => decideTenant(tx, made.context, tenantId, { actor: systemActor }));
}

test('at any time the explanation is what the plan was then, and for now it is what decidePlan answers', async () => {
  const { context, clock } = made;
  const { db, now } = context;
  const tenantRow = (id: string) => db.getRepository(Tenant).findOneByOrFail({ id });
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 3, maxLength: 9 }), async (acts) => {
      const { id } = await aTenant(context);
      const { id: customerId } = await aCustomer(context, { tenantId: id });
      const { id: subscriptionId } = await aSubscription(context, {
        ...{
          customerId,
          priceId: 'price_starter',
          status: 'incomplete',
          currentPeriodEnd: new Date(+now() + 25 * DAY),
        },
      });
      const moments: { at: Date; planId: string; seatLimit: number | null }[] = [];
      for (const one of acts) {
        await perform(id, subscriptionId, one);
        clock.advance(MINUTE);
        const { planId, seatLimit } = await tenantRow(id);
        moments.push({ at: now(), planId, seatLimit });
        clock.advance(MINUTE);
      }
      for (const { at, ...was } of moments) {
        const { answer, live } = await explainTenant(context, id, at);
        expect({ live, ...answer }).toMatchObject({ live: false, exact: true, ...was });
        expect(answer.layers?.filter(({ won }) => won)).toMatchObject([{ planId: was.planId, counts: true }]);
      }
      const { answer, at } = await explainTenant(context, id, null);
      const facts = factsOf(await tenantRow(id), await loadSurroundings(db.manager, [id], at), context.config);
      const { earned: _, ...decision } = decidePlan(facts, await loadCatalogue(db), at);
      expect(JSON.parse(JSON.stringify(answer))).toMatchObject(JSON.parse(JSON.stringify(decision)));
    }),
    { numRuns: 25 },
  );
}, 120_000);
