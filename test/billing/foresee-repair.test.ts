import type Stripe from 'stripe';
import { operate } from '../../dev/stripe/billing/operate';
import { AuditEntry } from '../../server/audit/audit.entity';
import { stripeCause } from '../../server/billing/cause';
import { Finding } from '../../server/billing/finding.entity';
import { StripeCustomer } from '../../server/billing/stripe-customer.entity';
import { Subscription } from '../../server/billing/subscription.entity';
import { failCustomerEvents, syncCustomer } from '../../server/billing/sync-customer';
import { OutboxRow } from '../../server/jobs/outbox.entity';
import { PlanPrice } from '../../server/plans/plan-price.entity';
import { Tenant } from '../../server/tenants/tenant.entity';
import { aMembership, aTenant } from '../support/factories';
import type { Agent } from '../support/server';
import { type OperatorWorld, operatorWorld } from './operator-world';

let world: OperatorWorld;
beforeAll(async () => {
  world = await operatorWorld();
});
afterEach(() => Object.assign(world.standIn.world.faults, { failNext: 0, timeoutNext: 0 }));
afterAll(() => world.close());

const db = () => world.server.context.db;
const sync = (customerId: string) => syncCustomer(world.server.context, world.stripe, customerId, stripeCause);
const findingOf = (where: { kind: string; subscriptionId?: string; customerId?: string }) =>
  db().getRepository(Finding).findOneByOrFail(where);
const inStripe = (id: string) => world.standIn.world.state.subscriptions.get(id)!;
const foresee = (agent: Agent, id: string, choice: Record<string, string> = {}) =>
  agent.get(`/api/findings/${id}/repair?${new URLSearchParams(choice)}`);
const repair = (agent: Agent, id: string, body: object = {}) => agent.post(`/api/findings/${id}/repair`).send(body);

async function aPrice(amount = 900): Promise<string> {
  const { id: product } = await world.stripe.products.create({ name: 'Old product' });
  const recurring = { interval: 'month' } as const;
  return (await world.stripe.prices.create({ product, currency: 'eur', unit_amount: amount, recurring })).id;
}

/** Somebody who pays, and whom no tenant claims; `hint` is in the subscription's metadata. */
async function orphan(hint?: string) {
  const { id: customerId } = await world.stripe.customers.create({
    payment_method: 'pm_card_visa',
    invoice_settings: { default_payment_method: 'pm_card_visa' },
  });
  const { id: subscriptionId } = await world.stripe.subscriptions.create({
    customer: customerId,
    items: [{ price: world.prices.starter }],
    ...(hint ? { metadata: { tenantId: hint } } : {}),
  });
  await sync(customerId);
  return { customerId, subscriptionId, finding: await findingOf({ kind: 'orphan-subscription', subscriptionId }) };
}

/** A tenant whose subscription had an odd status when it was last read; `now` is what Stripe says since. */
async function wasOdd(now: Stripe.Subscription.Status) {
  const tenant = await world.paying();
  inStripe(tenant.subscriptionId).status = 'odd' as Stripe.Subscription.Status;
  await sync(tenant.customerId);
  inStripe(tenant.subscriptionId).status = now;
  return { tenant, finding: await findingOf({ kind: 'unknown-status', subscriptionId: tenant.subscriptionId }) };
}

/** Everything that a repair may write. */
async function written() {
  const rows = await Promise.all(
    [Finding, Tenant, StripeCustomer, Subscription, PlanPrice, OutboxRow, AuditEntry].map((entity) =>
      db().getRepository(entity).find(),
    ),
  );
  return JSON.stringify(rows);
}

describe('GET /api/findings/:id/repair', () => {
  it('tells what a sync would lead to by reading Stripe, writes nothing, and the repair does just that', async () => {
    const { tenant, finding } = await wasOdd('canceled');
    await aMembership(world.server.context, { tenantId: tenant.id });
    const before = await written();
    const { body } = await foresee(world.support, finding.id).expect(200);
    expect(body).toMatchObject({
      verb: 'sync',
      needs: [],
      closes: true,
      preview: {
        before: { planId: 'starter', source: 'subscription' },
        after: { planId: 'free', source: 'base' },
        seats: { limit: null, members: 1, membersOver: 0 },
        mails: [],
      },
    });
    expect(await written()).toBe(before);
    await repair(world.support, finding.id).expect(200);
    expect(await db().getRepository(Tenant).findOneByOrFail({ id: tenant.id })).toMatchObject({ planId: 'free' });
    expect((await findingOf({ kind: 'unknown-status', subscriptionId: tenant.subscriptionId })).status).toBe(
      'resolved',
    );
  });

  it('says that the finding stays where Stripe still says the same', async () => {
    const { finding } = await wasOdd('odd' as Stripe.Subscription.Status);
    const { body } = await foresee(world.support, finding.id).expect(200);
    expect(body).toMatchObject({ closes: false, preview: { after: { planId: 'starter' } } });
  });

  it('suggests the tenant of an orphan and shows what it would get, or what another would', async () => {
    const [suggested, other] = [await aTenant(world.server.context), await aTenant(world.server.context)];
    const { finding } = await orphan(suggested.id);
    const before = await written();
    const { body } = await foresee(world.admin, finding.id).expect(200);
    expect(body).toMatchObject({
      verb: 'link-customer',
      needs: ['tenantId'],
      suggestion: { tenantId: suggested.id, tenantName: suggested.name, from: 'subscription-metadata' },
      choice: { tenantId: suggested.id },
      closes: true,
      preview: { before: { planId: 'free' }, after: { planId: 'starter' }, seats: { limit: 2 } },
    });
    const { body: chosen } = await foresee(world.admin, finding.id, { tenantId: other.id }).expect(200);
    expect(chosen).toMatchObject({ choice: { tenantId: other.id }, preview: { after: { planId: 'starter' } } });
    expect(await written()).toBe(before);
  });

  it('leads to the pages of customer and subscription in Stripe', async () => {
    const { finding, customerId, subscriptionId } = await orphan();
    const { body } = await world.viewer.get(`/api/findings/${finding.id}`).expect(200);
    expect(body.stripeUrls).toEqual({
      customer: `https://dashboard.stripe.com/test/customers/${customerId}`,
      subscription: `https://dashboard.stripe.com/test/subscriptions/${subscriptionId}`,
    });
  });

  it('waits for a choice where nothing is suggested', async () => {
    const { finding } = await orphan();
    const { body } = await foresee(world.admin, finding.id).expect(200);
    expect(body).toMatchObject({ suggestion: null, choice: { tenantId: null }, preview: null, closes: null });
  });

  it('offers the prices that no plan maps, and shows whom a mapping moves', async () => {
    const [first, second] = [await aPrice(), await aPrice()];
    const { subscriptionId } = await world.paying({ items: [{ price: first }, { price: second, quantity: 3 }] });
    await world.paying({ items: [{ price: first }] });
    const finding = await findingOf({ kind: 'unknown-price', subscriptionId });
    const { body } = await foresee(world.admin, finding.id).expect(200);
    expect(body).toMatchObject({ needs: ['planId'], choice: { planId: null, priceId: null }, preview: null });
    expect(body.prices).toEqual([
      expect.objectContaining({ priceId: first, unitAmount: 900, currency: 'eur', interval: 'month', quantity: 1 }),
      expect.objectContaining({ priceId: second, quantity: 3 }),
    ]);
    const before = await written();
    const { body: chosen } = await foresee(world.admin, finding.id, { planId: 'business', priceId: first }).expect(200);
    expect(chosen).toMatchObject({
      closes: true,
      preview: { before: { planId: 'free' }, after: { planId: 'business' }, warnings: [{ code: 'others-follow' }] },
    });
    expect(await written()).toBe(before);
    await foresee(world.admin, finding.id, { planId: 'free', priceId: first }).expect(400, /planId/);
    await foresee(world.admin, finding.id, { planId: 'business', priceId: 'price_other' }).expect(400, /priceId/);
    await foresee(world.admin, finding.id, { planId: 'none', priceId: first }).expect(400, /planId/);
  });

  it('shows that cancelling a superseded subscription moves no plan, and leaves Stripe alone', async () => {
    const { customerId, subscriptionId } = await world.paying();
    operate(world.standIn.world, inStripe(subscriptionId), 'fail');
    await world.stripe.subscriptions.create({ customer: customerId, items: [{ price: world.prices.starter }] });
    await sync(customerId);
    const finding = await findingOf({ kind: 'superseded-subscription', subscriptionId });
    const { body } = await foresee(world.admin, finding.id).expect(200);
    expect(body).toMatchObject({
      verb: 'cancel-subscription',
      closes: true,
      preview: {
        subscriptionId,
        before: { planId: 'starter' },
        after: { planId: 'starter' },
        warnings: [{ code: 'no-refund' }],
      },
    });
    expect(inStripe(subscriptionId).status).toBe('past_due');
  });

  it('refuses as the repair itself does', async () => {
    const tenant = await aTenant(world.server.context);
    const { finding } = await orphan(tenant.id);
    await foresee(world.support, finding.id).expect(403);
    await foresee(world.viewer, finding.id).expect(403);
    await world.server.anonymous().get(`/api/findings/${finding.id}/repair`).expect(401);
    await foresee(world.admin, 'fnd_none').expect(404);
    await foresee(world.admin, finding.id, { tenantId: 'ten_nobody' }).expect(400, /ten_nobody/);
    world.standIn.world.faults.failNext = 3;
    await foresee(world.admin, finding.id).expect(503, /stripe_unavailable/);
    world.standIn.world.faults.failNext = 0;
    const deleted = { status: 'deleted' as const, deletedAt: world.server.context.now() };
    await db().getRepository(Tenant).update({ id: tenant.id }, deleted);
    await foresee(world.admin, finding.id, { tenantId: tenant.id }).expect(409, /tenant_deleted/);
    await failCustomerEvents(world.server.context, 'cus_nobody', 'boom');
    const unknown = await findingOf({ kind: 'handler-failed', customerId: 'cus_nobody' });
    await foresee(world.support, unknown.id).expect(409, /customer_unknown/);
    await db().getRepository(Finding).update({ id: unknown.id }, { kind: 'seat-overrun' });
    await foresee(world.support, unknown.id).expect(409, /no_repair/);
    await repair(world.admin, finding.id, { tenantId: (await aTenant(world.server.context)).id }).expect(200);
    await foresee(world.admin, finding.id).expect(409, /finding_resolved/);
  });
});

describe('a repair that another operator was faster with', () => {
  it('says so where they linked the customer to another tenant, and is harmless where to the same', async () => {
    const [mine, theirs] = [await aTenant(world.server.context), await aTenant(world.server.context)];
    const { finding } = await orphan(mine.id);
    await repair(world.admin, finding.id, { tenantId: theirs.id }).expect(200);
    await repair(world.admin, finding.id, { tenantId: mine.id }).expect(409, /customer_linked/);
    await repair(world.admin, finding.id, { tenantId: theirs.id }).expect(200);
  });

  it('says so where they mapped the price to another plan', async () => {
    const price = await aPrice();
    const { subscriptionId } = await world.paying({ items: [{ price }] });
    const { id } = await findingOf({ kind: 'unknown-price', subscriptionId });
    await repair(world.admin, id, { planId: 'business' }).expect(200);
    await repair(world.admin, id, { planId: 'starter' }).expect(409, /price_taken/);
    await repair(world.admin, id, { planId: 'business' }).expect(200);
  });
});

describe('POST /api/findings/bulk/repair', () => {
  const bulk = (agent: Agent, ids: string[]) => agent.post('/api/findings/bulk/repair').send({ ids });

  it('owes a reading for each that needs no more, and says of the others why not', async () => {
    const { tenant, finding } = await wasOdd('active');
    const { finding: lost } = await orphan();
    const { body } = await bulk(world.support, [finding.id, lost.id, 'fnd_none']).expect(200);
    expect(body.results).toEqual([
      { id: finding.id, ok: true },
      { id: lost.id, ok: false, error: expect.stringMatching(/one by one/) },
      { id: 'fnd_none', ok: false, error: expect.any(String) },
    ]);
    const owed = { kind: 'sync-customer' as const, subject: tenant.customerId, status: 'open' as const };
    expect(await db().getRepository(OutboxRow).countBy(owed)).toBe(1);
    await sync(tenant.customerId);
    expect(await findingOf({ kind: 'unknown-status', subscriptionId: tenant.subscriptionId })).toMatchObject({
      status: 'resolved',
    });
    const { body: again } = await bulk(world.support, [finding.id]).expect(200);
    expect(again.results).toEqual([{ id: finding.id, ok: false, error: expect.stringMatching(/gone already/) }]);
    const entries = await db().getRepository(AuditEntry).findBy({ resourceId: finding.id });
    expect(entries.map(({ action }) => action)).toEqual(['finding.repair']);
  });

  it('is not for viewers or strangers, and takes at least one', async () => {
    await bulk(world.viewer, ['fnd_none']).expect(403);
    await world.server
      .anonymous()
      .post('/api/findings/bulk/repair')
      .send({ ids: ['fnd_none'] })
      .expect(401);
    await bulk(world.support, []).expect(400, /ids/);
  });
});
