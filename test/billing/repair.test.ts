import type Stripe from 'stripe';
import { createStandIn, type StandIn } from '../../dev/stripe';
import { operate } from '../../dev/stripe/billing/operate';
import { AuditEntry } from '../../server/audit/audit.entity';
import { stripeCause } from '../../server/billing/cause';
import { Checkout } from '../../server/billing/checkout.entity';
import { decideDueTenants } from '../../server/billing/decide-due';
import { Finding } from '../../server/billing/finding.entity';
import { StripeEvent } from '../../server/billing/stripe-event.entity';
import { failCustomerEvents, syncCustomer } from '../../server/billing/sync-customer';
import { OutboxRow } from '../../server/jobs/outbox.entity';
import { PlanPrice } from '../../server/plans/plan-price.entity';
import { stripeOf } from '../../server/stripe/client';
import { Tenant } from '../../server/tenants/tenant.entity';
import { aPlan, aTenant } from '../support/factories';
import { type Agent, startServer, type TestServer } from '../support/server';

let standIn: StandIn;
let server: TestServer;
let stripe: Stripe;
let admin: Agent;
let support: Agent;
let priceId: string;
beforeAll(async () => {
  standIn = createStandIn({ secretKey: 'sk_test_tenantry', webhookSecret: 'whsec_tenantry' });
  const { url } = await standIn.start();
  server = await startServer({ STRIPE_API_BASE: url });
  stripe = stripeOf(server.context.config);
  ({ agent: admin } = await server.signIn('admin'));
  ({ agent: support } = await server.signIn('support'));
  priceId = await aPrice();
  await aPlan(server.context, { id: 'starter', rank: 10, stripePriceIds: [priceId] });
});
afterEach(() => {
  jest.restoreAllMocks();
  Object.assign(standIn.world.faults, { failNext: 0, timeoutNext: 0 });
});
afterAll(async () => {
  await server.close();
  await standIn.stop();
});

async function aPrice(): Promise<string> {
  const { id: product } = await stripe.products.create({ name: 'Product' });
  const recurring = { interval: 'month' } as const;
  return (await stripe.prices.create({ product, currency: 'eur', unit_amount: 1900, recurring })).id;
}

const subscribe = async (customer: string, given: Partial<Stripe.SubscriptionCreateParams> = {}) =>
  (await stripe.subscriptions.create({ customer, items: [{ price: priceId }], ...given })).id;

/** A customer with a card that subscribes in Stripe; for a tenant, where one is named. */
async function payer(tenantId: string | null, given: Partial<Stripe.SubscriptionCreateParams> = {}) {
  const { id: customerId } = await stripe.customers.create({
    ...(tenantId ? { metadata: { tenantId } } : {}),
    payment_method: 'pm_card_visa',
    invoice_settings: { default_payment_method: 'pm_card_visa' },
  });
  return { customerId, subscriptionId: await subscribe(customerId, given) };
}

const sync = (customerId: string) => syncCustomer(server.context, stripe, customerId, stripeCause);
const findingOf = (where: { kind: string; subscriptionId?: string; customerId?: string }) =>
  server.context.db.getRepository(Finding).findOneByOrFail(where);
const repair = (agent: Agent, id: string, body: object = {}) => agent.post(`/api/findings/${id}/repair`).send(body);
const planOf = async (id: string) => (await server.context.db.getRepository(Tenant).findOneByOrFail({ id })).planId;
const inStripe = (id: string) => standIn.world.state.subscriptions.get(id)!;
const actionsOn = async (resourceId: string) =>
  (await server.context.db.getRepository(AuditEntry).findBy({ resourceId })).map(({ action }) => action);

/** What Stripe said of a subscription at one time, and what it says when the operator clicks. */
async function aSubscriptionThatWas(change: (subscription: Stripe.Subscription) => () => void) {
  const { id: tenantId } = await aTenant(server.context);
  const { customerId, subscriptionId } = await payer(tenantId);
  await sync(customerId);
  const heal = change(inStripe(subscriptionId));
  await sync(customerId);
  return { tenantId, customerId, subscriptionId, heal };
}

describe('sync now', () => {
  const odd = (one: Stripe.Subscription) => {
    one.status = 'odd' as Stripe.Subscription.Status;
    return () => {
      one.status = 'active';
    };
  };
  const paused = (one: Stripe.Subscription) => {
    one.pause_collection = { behavior: 'void', resumes_at: null } as Stripe.Subscription.PauseCollection;
    return () => {
      one.pause_collection = null;
    };
  };
  const gone = (one: Stripe.Subscription) => {
    standIn.world.state.subscriptions.delete(one.id);
    return () => standIn.world.state.load({ subscriptions: [one] });
  };

  it.each([
    ['unknown-status', odd],
    ['collection-paused', paused],
    ['missing-subscription', gone],
  ] as const)('closes %s where Stripe says otherwise by now, and not before', async (kind, change) => {
    const { subscriptionId, heal } = await aSubscriptionThatWas(change);
    const { id } = await findingOf({ kind, subscriptionId });
    const { body: still } = await repair(support, id).expect(200);
    expect(still).toMatchObject({ status: 'open', repair: { verb: 'sync', changesPlan: false } });
    heal();
    const { body: closed } = await repair(support, id).expect(200);
    expect(closed).toMatchObject({ status: 'resolved', repair: null });
    expect(closed.resolvedBy).toMatchObject({ type: 'operator', name: 'support one' });
    await repair(support, id).expect(200);
    expect(await actionsOn(id)).toEqual(['finding.repair', 'finding.repair']);
  });

  it('changes nothing while Stripe fails, and bears lost answers', async () => {
    const { subscriptionId, tenantId, heal } = await aSubscriptionThatWas(odd);
    const { id } = await findingOf({ kind: 'unknown-status', subscriptionId });
    heal();
    standIn.world.faults.failNext = 3;
    await repair(support, id).expect(503, /stripe_unavailable/);
    expect((await findingOf({ kind: 'unknown-status', subscriptionId })).status).toBe('open');
    expect(await actionsOn(id)).toEqual([]);
    standIn.world.faults.timeoutNext = 2;
    expect((await repair(support, id).expect(200)).body.status).toBe('resolved');
    expect(await planOf(tenantId)).toBe('starter');
  });

  it('says what Stripe does not know', async () => {
    const { id: tenantId } = await aTenant(server.context);
    await failCustomerEvents(server.context, 'cus_nobody', 'boom');
    const finding = await findingOf({ kind: 'handler-failed', customerId: 'cus_nobody' });
    await repair(admin, finding.id).expect(409, /customer_unknown/);
    await server.context.db.getRepository(Finding).update({ id: finding.id }, { kind: 'seat-overrun', tenantId });
    await repair(admin, finding.id).expect(409, /no_repair/);
  });
});

it('replays the failed events of a customer, which closes what their failure left', async () => {
  const { id: tenantId } = await aTenant(server.context);
  const { customerId } = await payer(tenantId);
  const events = server.context.db.getRepository(StripeEvent);
  const now = new Date();
  const event = { type: 'invoice.paid', customerId, livemode: false, createdAt: now, receivedAt: now, payload: {} };
  await events.insert({ ...event, id: 'evt_failed', status: 'received', source: 'webhook' });
  await failCustomerEvents(server.context, customerId, 'The handler broke.');
  const { id } = await findingOf({ kind: 'handler-failed', customerId });
  const { body } = await repair(support, id).expect(200);
  expect(body).toMatchObject({ status: 'resolved', resolvedBy: { type: 'operator', eventId: 'evt_failed' } });
  expect(await events.findOneByOrFail({ id: 'evt_failed' })).toMatchObject({ status: 'processed', source: 'replay' });
  expect(await planOf(tenantId)).toBe('starter');
});

describe('linking an orphan customer', () => {
  async function orphan(given: Partial<Stripe.SubscriptionCreateParams> = {}) {
    const made = await payer(null, given);
    await sync(made.customerId);
    return { ...made, finding: await findingOf({ kind: 'orphan-subscription', subscriptionId: made.subscriptionId }) };
  }
  const suggestion = async (id: string) => (await admin.get(`/api/findings/${id}/suggestion`).expect(200)).body;
  const none = { tenantId: null, tenantName: null, from: null };

  it('is suggested by the metadata of the subscription, chosen by an admin, and closes the finding', async () => {
    const tenant = await aTenant(server.context);
    const { finding, customerId } = await orphan({ metadata: { tenantId: tenant.id } });
    expect(await suggestion(finding.id)).toEqual({
      tenantId: tenant.id,
      tenantName: tenant.name,
      from: 'subscription-metadata',
    });
    await repair(support, finding.id, { tenantId: tenant.id }).expect(403);
    await support.get(`/api/findings/${finding.id}/suggestion`).expect(403);
    await repair(admin, finding.id).expect(400, new RegExp(tenant.id));
    await repair(admin, finding.id, { tenantId: 'ten_nobody' }).expect(400, /ten_nobody/);
    const { body } = await repair(admin, finding.id, { tenantId: tenant.id }).expect(200);
    expect(body).toMatchObject({ status: 'resolved', resolvedBy: { type: 'operator' } });
    await repair(admin, finding.id, { tenantId: tenant.id }).expect(200);
    expect(await planOf(tenant.id)).toBe('starter');
    const { body: linked } = await admin.get(`/api/tenants/${tenant.id}`);
    expect(linked.stripeCustomerIds).toEqual([customerId]);
  });

  it('is suggested by a checkout of ours alone, and never by an address', async () => {
    const tenant = await aTenant(server.context);
    const { finding, customerId, subscriptionId } = await orphan();
    await stripe.customers.update(customerId, { email: 'owner@example.com' });
    const session = await stripe.checkout.sessions.create({
      mode: 'subscription',
      customer: customerId,
      client_reference_id: tenant.id,
      line_items: [{ price: priceId, quantity: 1 }],
      success_url: 'https://example.com/done',
    });
    standIn.world.state.checkoutSessions.get(session.id)!.subscription = subscriptionId;
    expect(await suggestion(finding.id)).toEqual(none);
    await server.context.db
      .getRepository(Checkout)
      .insert({ id: session.id, tenantId: tenant.id, planId: 'starter', status: 'complete' });
    expect(await suggestion(finding.id)).toMatchObject({ tenantId: tenant.id, from: 'checkout' });
  });

  it('is not suggested where two tenants are named, or one that is not there', async () => {
    const [one, other] = [await aTenant(server.context), await aTenant(server.context)];
    const { finding, customerId } = await orphan({ metadata: { tenantId: one.id } });
    await stripe.customers.update(customerId, { metadata: { tenantId: other.id } });
    expect(await suggestion(finding.id)).toEqual(none);
    const stray = await orphan({ metadata: { tenantId: 'ten_nobody' } });
    expect(await suggestion(stray.finding.id)).toEqual(none);
  });

  it('changes nothing while Stripe fails', async () => {
    const tenant = await aTenant(server.context);
    const { finding } = await orphan();
    standIn.world.faults.failNext = 3;
    await repair(admin, finding.id, { tenantId: tenant.id }).expect(503);
    expect(await planOf(tenant.id)).toBe('free');
    standIn.world.faults.timeoutNext = 2;
    const { body } = await repair(admin, finding.id, { tenantId: tenant.id }).expect(200);
    expect(body.status).toBe('resolved');
  });
});

describe('mapping a price', () => {
  async function unknown() {
    const price = await aPrice();
    const { id: tenantId } = await aTenant(server.context);
    const { customerId, subscriptionId } = await payer(tenantId, { items: [{ price }] });
    await sync(customerId);
    return { price, tenantId, finding: await findingOf({ kind: 'unknown-price', subscriptionId }) };
  }

  it('adds it to the plan; its tenant follows at once, others that pay it with the clock', async () => {
    const { price, tenantId, finding } = await unknown();
    const other = await aTenant(server.context);
    const addOn = await aPrice();
    const { customerId, subscriptionId } = await payer(other.id, { items: [{ price: addOn }, { price }] });
    await sync(customerId);
    await repair(support, finding.id, { planId: 'starter' }).expect(403);
    await repair(admin, finding.id).expect(400, /planId/);
    await repair(admin, finding.id, { planId: 'nothing' }).expect(400, /planId/);
    await repair(admin, finding.id, { planId: 'free' }).expect(400, /planId/);
    await repair(admin, finding.id, { planId: 'starter', priceId: 'price_other' }).expect(400, /priceId/);
    const { body } = await repair(admin, finding.id, { planId: 'starter' }).expect(200);
    expect(body).toMatchObject({ status: 'resolved', resolvedBy: { type: 'operator' } });
    await repair(admin, finding.id, { planId: 'starter' }).expect(200);
    expect(await planOf(tenantId)).toBe('starter');
    const prices = server.context.db.getRepository(PlanPrice);
    expect(await prices.findBy({ priceId: price })).toEqual([{ priceId: price, planId: 'starter' }]);
    await decideDueTenants(server.context);
    expect(await planOf(other.id)).toBe('starter');
    expect((await findingOf({ kind: 'unknown-price', subscriptionId })).status).toBe('resolved');
  });

  it('asks which, where a subscription has several that no plan maps', async () => {
    const [first, second] = [await aPrice(), await aPrice()];
    const { id: tenantId } = await aTenant(server.context);
    const { customerId, subscriptionId } = await payer(tenantId, { items: [{ price: first }, { price: second }] });
    await sync(customerId);
    const { id } = await findingOf({ kind: 'unknown-price', subscriptionId });
    await repair(admin, id, { planId: 'starter' }).expect(400, /priceId/);
    const { body } = await repair(admin, id, { planId: 'starter', priceId: second }).expect(200);
    expect(body.status).toBe('resolved');
    expect(await server.context.db.getRepository(PlanPrice).existsBy({ priceId: first })).toBe(false);
  });

  it('stands though Stripe is away, and the clock does the rest', async () => {
    const { tenantId, finding } = await unknown();
    standIn.world.faults.failNext = 3;
    expect((await repair(admin, finding.id, { planId: 'starter' }).expect(200)).body.status).toBe('open');
    await decideDueTenants(server.context);
    expect(await planOf(tenantId)).toBe('starter');
    expect((await admin.get(`/api/findings/${finding.id}`)).body.status).toBe('resolved');
  });
});

describe('cancelling a superseded subscription', () => {
  /** Overdue on one subscription, and paying for another beside it. */
  async function superseded() {
    const { id: tenantId } = await aTenant(server.context);
    const { customerId, subscriptionId } = await payer(tenantId);
    operate(standIn.world, inStripe(subscriptionId), 'fail');
    expect(inStripe(subscriptionId).status).toBe('past_due');
    const paidId = await subscribe(customerId);
    await sync(customerId);
    const finding = await findingOf({ kind: 'superseded-subscription', subscriptionId });
    return { tenantId, customerId, subscriptionId, paidId, finding };
  }
  type Superseded = Awaited<ReturnType<typeof superseded>>;

  const cancellations = (id: string) =>
    standIn.world.state.events
      .all()
      .filter(
        ({ type, data }) => type === 'customer.subscription.deleted' && (data.object as { id: string }).id === id,
      );

  /** Trouble that begins with the cancellation, after the reading before it. */
  function troubled(faults: { failNext?: number; timeoutNext?: number }) {
    const { subscriptions } = stripe;
    const cancel = subscriptions.cancel.bind(subscriptions);
    return jest.spyOn(subscriptions, 'cancel').mockImplementationOnce((...given: Parameters<typeof cancel>) => {
      Object.assign(standIn.world.faults, faults);
      return cancel(...given);
    });
  }

  async function expectCancelledOnce({ tenantId, subscriptionId, paidId, finding }: Superseded) {
    expect([...cancellations(subscriptionId)]).toHaveLength(1);
    expect([inStripe(subscriptionId).status, inStripe(paidId).status]).toEqual(['canceled', 'active']);
    expect((await admin.get(`/api/findings/${finding.id}`)).body).toMatchObject({ status: 'resolved' });
    expect(await planOf(tenantId)).toBe('starter');
  }

  it('is for admins, happens once however often it is clicked, and closes the finding', async () => {
    const made = await superseded();
    await repair(support, made.finding.id).expect(403);
    expect(inStripe(made.subscriptionId).status).toBe('past_due');
    const clicks = await Promise.all([repair(admin, made.finding.id), repair(admin, made.finding.id)]);
    expect(clicks.map(({ status }) => status)).toEqual([200, 200]);
    await repair(admin, made.finding.id).expect(200);
    await expectCancelledOnce(made);
  });

  it('cancels nothing that was paid meanwhile', async () => {
    const made = await superseded();
    operate(standIn.world, inStripe(made.subscriptionId), 'pay');
    const { body } = await repair(admin, made.finding.id).expect(200);
    expect(body.status).toBe('resolved');
    expect(inStripe(made.subscriptionId).status).toBe('active');
  });

  it.each([
    ['the first answer is lost', 2],
    ['every answer of the cancellation is lost', 3],
  ])('succeeds where %s', async (_what, timeoutNext) => {
    const made = await superseded();
    troubled({ timeoutNext });
    expect((await repair(admin, made.finding.id).expect(200)).body.status).toBe('resolved');
    await expectCancelledOnce(made);
  });

  it('says that it is not known where Stripe falls silent after doing it, and heals by itself', async () => {
    const made = await superseded();
    const cancel = troubled({ timeoutNext: 6 });
    const { body } = await repair(admin, made.finding.id).expect(503);
    expect(body.detail).toMatch(/not known yet/);
    const outbox = server.context.db.getRepository(OutboxRow);
    expect(await outbox.countBy({ subject: made.customerId, status: 'open' })).toBe(1);
    await sync(made.customerId);
    expect(await outbox.countBy({ subject: made.customerId, status: 'open' })).toBe(0);
    await repair(admin, made.finding.id).expect(200);
    expect(cancel).toHaveBeenCalledTimes(1);
    await expectCancelledOnce(made);
  });

  it('cancels nothing where Stripe refuses, and can be tried again', async () => {
    const made = await superseded();
    troubled({ failNext: 3 });
    await repair(admin, made.finding.id).expect(503);
    expect(inStripe(made.subscriptionId).status).toBe('past_due');
    expect((await admin.get(`/api/findings/${made.finding.id}`)).body.status).toBe('open');
    await repair(admin, made.finding.id).expect(200);
    await expectCancelledOnce(made);
  });
});
