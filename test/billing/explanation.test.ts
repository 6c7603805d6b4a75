import { decidePlan } from '../../domain/decide-plan';
import { stripeCause } from '../../server/billing/cause';
import { decideDueTenants } from '../../server/billing/decide-due';
import { decideTenant } from '../../server/billing/decide-tenant';
import { PlanDecisionRow } from '../../server/billing/explanation/plan-decision.entity';
import { factsOf, loadSurroundings } from '../../server/billing/plan-facts';
import { StripeEvent } from '../../server/billing/stripe-event.entity';
import { Subscription } from '../../server/billing/subscription.entity';
import { syncCustomer } from '../../server/billing/sync-customer';
import { inTransaction } from '../../server/db/transaction';
import { loadCatalogue } from '../../server/plans/catalogue';
import { runCause } from '../../server/reconcile/run-cause';
import { Tenant } from '../../server/tenants/tenant.entity';
import { DAY, MINUTE } from '../support/clock';
import { aCustomer, aSubscription, aTenant } from '../support/factories';
import { type OperatorWorld, operatorWorld } from './operator-world';

let world: OperatorWorld;
beforeAll(async () => {
  world = await operatorWorld();
});
afterAll(() => world.close());

const db = () => world.server.context.db;
const now = () => world.server.context.now();
const explain = (id: string, at?: Date | string, agent = world.viewer) =>
  agent.get(`/api/tenants/${id}/plan-explanation`).query(at ? { at: at instanceof Date ? at.toISOString() : at } : {});
const told = async (id: string, at?: Date) => (await explain(id, at).expect(200)).body;
const tenantOf = (id: string) => db().getRepository(Tenant).findOneByOrFail({ id });
const keptOf = (tenantId: string) => db().getRepository(PlanDecisionRow).countBy({ tenantId });
const layer = (body: { layers: { layer: string }[] }, name: string) => body.layers.find((one) => one.layer === name);
const pass = (ms: number) => world.server.clock.advance(ms);
const decide = (id: string) =>
  inTransaction(db(), (tx) => decideTenant(tx, world.server.context, id, { actor: stripeCause.actor }));

/** What decidePlan itself answers of the facts that stand, as JSON. */
async function decidedNow(id: string) {
  const { context } = world.server;
  const surroundings = await loadSurroundings(db().manager, [id], now());
  const facts = factsOf(await tenantOf(id), surroundings, context.config);
  const { earned: _, ...decision } = decidePlan(facts, await loadCatalogue(db()), now());
  return JSON.parse(JSON.stringify(decision));
}

describe('the explanation for now', () => {
  it('is what decidePlan answers, with price, end and source of each layer, for whoever may read tenants', async () => {
    const { id, customerId, subscriptionId } = await world.paying();
    const body = await told(id);
    expect(body).toMatchObject(await decidedNow(id));
    const { name, planSince, currentPeriodEnd } = await tenantOf(id);
    expect(body).toMatchObject({
      tenantName: name,
      exact: true,
      live: true,
      applied: true,
      planId: 'starter',
      planName: 'Plan starter',
      source: 'subscription',
      since: planSince.toISOString(),
      seatLimit: 2,
      findings: [],
      decided: { actor: { type: 'operator', name: 'admin one' } },
    });
    expect(layer(body, 'subscription')).toMatchObject({
      id: subscriptionId,
      won: true,
      status: 'active',
      customerId,
      price: { amount: 1900, currency: 'eur', interval: 'month', intervalCount: 1 },
      periodEnd: currentPeriodEnd!.toISOString(),
      stripeUrl: `https://dashboard.stripe.com/test/subscriptions/${subscriptionId}`,
      customerUrl: `https://dashboard.stripe.com/test/customers/${customerId}`,
      origin: { actor: { type: 'operator', name: 'admin one' } },
    });
    expect(layer(body, 'base')).toMatchObject({
      planId: 'free',
      lostBy: 'rank',
      planKind: 'free',
      origin: { actor: { type: 'system' } },
    });
    expect(body.text).toBe(body.sentences.join(' '));
    expect(body.sentences[0]).toContain(
      `because subscription ${subscriptionId} (Plan starter, €19.00 a month) is active`,
    );
  });

  it('names the event, then the run, that last brought a change of the subscription', async () => {
    const { context } = world.server;
    const { id, customerId, subscriptionId } = await world.paying();
    await db()
      .getRepository(StripeEvent)
      .insert({
        ...{ id: `evt_${customerId.slice(4)}`, type: 'customer.subscription.updated', customerId, source: 'webhook' },
        ...{ createdAt: now(), receivedAt: now() },
      });
    await world.stripe.subscriptions.update(subscriptionId, { cancel_at_period_end: true });
    await syncCustomer(context, world.stripe, customerId, stripeCause);
    const eventId = `evt_${customerId.slice(4)}`;
    const changed = await told(id);
    expect(layer(changed, 'subscription')).toMatchObject({
      end: (await tenantOf(id)).currentPeriodEnd!.toISOString(),
      origin: { actor: { type: 'stripe' }, eventId, stripeUrl: `https://dashboard.stripe.com/test/events/${eventId}` },
    });
    expect(changed.decided).toMatchObject({ eventId });

    await world.stripe.subscriptions.update(subscriptionId, { cancel_at_period_end: false });
    await syncCustomer(context, world.stripe, customerId, runCause({ id: 'run_1' }));
    const healed = await told(id);
    expect(layer(healed, 'subscription')).toMatchObject({ origin: { runId: 'run_1', eventId: null } });
    // What another reading finds unchanged it does not bring.
    await syncCustomer(context, world.stripe, customerId, runCause({ id: 'run_2' }));
    expect(await told(id)).toMatchObject({ decided: { runId: 'run_1' }, layers: healed.layers });
  });

  it('names the operator who linked a customer that paid already', async () => {
    const { context } = world.server;
    const customer = await world.stripe.customers.create({
      payment_method: 'pm_card_visa',
      invoice_settings: { default_payment_method: 'pm_card_visa' },
    });
    await world.stripe.subscriptions.create({ customer: customer.id, items: [{ price: world.prices.business }] });
    await syncCustomer(context, world.stripe, customer.id, stripeCause);
    const { id } = await aTenant(context);
    await world.admin.post(`/api/tenants/${id}/link-customer`).send({ stripeCustomerId: customer.id }).expect(200);
    const body = await told(id);
    expect(body).toMatchObject({ planId: 'business' });
    expect(layer(body, 'subscription')).toMatchObject({ origin: { actor: { type: 'operator' }, eventId: null } });
  });

  it('tells of a base plan who set it, and of an older one when the tenant was made', async () => {
    const { body: tenant } = await world.admin.post('/api/tenants').send({ name: 'Based Ltd' }).expect(201);
    expect(layer(await told(tenant.id), 'base')).toMatchObject({ origin: { actor: { name: 'admin one' } } });
    await db().query('UPDATE tenants SET basePlanSetBy = NULL WHERE id = ?', [tenant.id]);
    const { origin } = layer(await told(tenant.id), 'base') as unknown as { origin: object };
    expect(origin).toMatchObject({ actor: { name: 'admin one' }, at: tenant.planSince });
  });

  it('says that a tenant is suspended, and what is due but not yet done', async () => {
    const { id } = await world.paying();
    await world.admin.post(`/api/tenants/${id}/suspend`).send({ reason: 'Odd sign-ins' }).expect(200);
    expect((await told(id)).text).toMatch(/is suspended at the moment/);
    await db().query("UPDATE subscriptions SET status = 'canceled' WHERE tenantId = ?", [id]);
    const body = await told(id);
    expect(body).toMatchObject({ planId: 'free', applied: false });
    expect(body.text).toMatch(/takes effect within a minute\.$/);
  });
});

describe('the explanation of a past time', () => {
  it('tells an override before it was granted, while it ran, and after time alone ended it', async () => {
    const { id } = await aTenant(world.server.context);
    const before = now();
    pass(DAY);
    const endsAt = new Date(+now() + 3 * DAY);
    const grant = { tenantId: id, planId: 'business', reason: 'Extended trial', endsAt: endsAt.toISOString() };
    const { body: override } = await world.admin.post('/api/overrides').send(grant).expect(201);
    pass(DAY);
    const during = now();
    pass(3 * DAY);
    await decideDueTenants(world.server.context);
    pass(DAY);

    expect(await told(id, before)).toMatchObject({ exact: true, live: false, planId: 'free', source: 'base' });
    const then = await told(id, during);
    expect(then).toMatchObject({ exact: true, planId: 'business', source: 'override', overrideId: override.id });
    expect(layer(then, 'override')).toMatchObject({
      id: override.id,
      end: endsAt.toISOString(),
      origin: { actor: { name: 'admin one' }, reason: 'Extended trial' },
    });
    expect(then.text).not.toContain('Extended trial');
    expect(then.nextChangeAt).toBe(endsAt.toISOString());
    const after = await told(id, new Date(+now() - MINUTE));
    expect(after).toMatchObject({ planId: 'free', decided: { actor: { type: 'worker', name: 'clock' } } });
    expect(after.layers).toHaveLength(1);
  });

  it('tells of an overdue subscription in grace, and of its end', async () => {
    const { context } = world.server;
    const { id } = await aTenant(context);
    const { id: customerId } = await aCustomer(context, { tenantId: id });
    const overdue = { customerId, priceId: world.prices.business, status: 'past_due', pastDueSince: now() };
    await aSubscription(context, overdue);
    await decide(id);
    pass(DAY);
    const inGrace = now();
    pass(14 * DAY);
    await decideDueTenants(context);
    pass(MINUTE);
    const then = await told(id, inGrace);
    expect(then).toMatchObject({ planId: 'business', findings: [{ kind: 'past-due', severity: 'warning' }] });
    expect(layer(then, 'subscription')).toMatchObject({ reasonCode: 'in-grace', counts: true, end: then.nextChangeAt });
    const fallen = await told(id);
    expect(fallen).toMatchObject({ planId: 'free' });
    expect(layer(fallen, 'subscription')).toMatchObject({ reasonCode: 'grace-ended', counts: false });
  });

  it('falls back on the plan history for times before decisions were kept, and says so', async () => {
    const { id, subscriptionId } = await world.paying();
    pass(DAY);
    await db().query('DELETE FROM plan_decisions WHERE tenantId = ?', [id]);
    await db().query('UPDATE tenants SET decisionHash = NULL WHERE id = ?', [id]);
    const old = new Date(+now() - MINUTE);
    const body = await told(id, old);
    expect(body).toMatchObject({
      ...{ exact: false, planId: 'starter', source: 'subscription', subscriptionId, layers: null, findings: null },
      decided: { actor: { type: 'operator' } },
    });
    expect(body).not.toHaveProperty('seatLimit');
    expect(body.text).toMatch(/was not kept for that time\.$/);

    const { version, updatedAt } = await tenantOf(id);
    await decide(id);
    expect(await keptOf(id)).toBe(1);
    expect(await tenantOf(id)).toMatchObject({ version, updatedAt });
    pass(MINUTE);
    expect(await told(id, new Date(+now() - 1000))).toMatchObject({ exact: true, planId: 'starter', seatLimit: 2 });
    expect(await told(id, old)).toMatchObject({ exact: false });
    // A change by a process that kept no decision yet.
    await db().query(
      "UPDATE plan_changes SET toPlanId = 'business', at = ? WHERE tenantId = ? AND toPlanId = 'starter'",
      [now(), id],
    );
    pass(MINUTE);
    expect(await told(id, new Date(+now() - 1000))).toMatchObject({ exact: false, planId: 'business' });
  });

  it('keeps what is told anew, and nothing where the answer is the same', async () => {
    const { id, customerId, subscriptionId } = await world.paying();
    const kept = await keptOf(id);
    expect(kept).toBe(2);
    await world.admin.post(`/api/tenants/${id}/reconcile`).expect(200);
    await syncCustomer(world.server.context, world.stripe, customerId, stripeCause);
    await decide(id);
    expect(await keptOf(id)).toBe(kept);
    await world.stripe.subscriptions.update(subscriptionId, { pause_collection: { behavior: 'void' } });
    await syncCustomer(world.server.context, world.stripe, customerId, stripeCause);
    expect(await keptOf(id)).toBe(kept + 1);
    expect(await told(id)).toMatchObject({ planId: 'starter', findings: [{ kind: 'collection-paused' }] });
    const stored = await db().getRepository(Subscription).findOneByOrFail({ id: subscriptionId });
    expect(stored.changedBy).toMatchObject({ actor: { type: 'stripe' } });
  });
});

describe('what is asked badly is refused', () => {
  it.each([
    ['no time at all', 'yesterday', /must be an ISO 8601 time with its zone/],
    ['a day without a time', '2026-05-03', /must be an ISO 8601 time with its zone/],
    ['a time without a zone', '2026-05-03T12:00:00', /must be an ISO 8601 time with its zone/],
    ['the future', '2199-01-01T00:00:00Z', /must not lie in the future/],
    [
      'a time before the tenant was made',
      '1999-01-01T00:00:00Z',
      /lies before the tenant was made, which was on 20\d\d-/,
    ],
  ])('%s', async (_what, at, message) => {
    const { id } = await aTenant(world.server.context);
    const { body } = await explain(id, at).expect(400);
    expect(body.errors.at).toMatch(message);
  });

  it('a tenant that is not there, and whoever is not signed in', async () => {
    await explain('ten_nobody').expect(404);
    const { id } = await aTenant(world.server.context);
    await explain(id, undefined, world.server.anonymous()).expect(401);
  });

  it('but not a clock that goes ahead a little', async () => {
    const { id } = await aTenant(world.server.context);
    expect(await told(id, new Date(+now() + 20_000))).toMatchObject({ live: true });
  });
});
