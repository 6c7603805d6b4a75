import { randomBytes } from 'node:crypto';
import type Stripe from 'stripe';
import { createStandIn, type StandIn } from '../../dev/stripe';
import { AuditEntry } from '../../server/audit/audit.entity';
import { Checkout } from '../../server/billing/checkout.entity';
import { stripeOf } from '../../server/stripe/client';
import { Tenant } from '../../server/tenants/tenant.entity';
import { startWorkers } from '../../workers/start';
import { aPlan, aTenant } from '../support/factories';
import { type Agent, startServer, type TestServer } from '../support/server';
import { until } from './billing-world';
import { LossyFront } from './lossy-front';

let standIn: StandIn;
let front: LossyFront;
let server: TestServer;
let stripe: Stripe;
let admin: Agent;
let support: Agent;
let viewer: Agent;
let prices: { starter: string; business: string };
beforeAll(async () => {
  standIn = createStandIn({ secretKey: 'sk_test_tenantry', webhookSecret: 'whsec_tenantry' });
  const { url } = await standIn.start();
  front = await LossyFront.before(url);
  server = await startServer({ STRIPE_API_BASE: front.url });
  ({ agent: admin } = await server.signIn('admin'));
  ({ agent: support } = await server.signIn('support'));
  ({ agent: viewer } = await server.signIn('viewer'));
  stripe = stripeOf(server.context.config);
  const { id: product } = await stripe.products.create({ name: 'Product' });
  const price = async (unit_amount: number) =>
    (await stripe.prices.create({ product, currency: 'eur', unit_amount, recurring: { interval: 'month' } })).id;
  prices = { starter: await price(1900), business: await price(4900) };
  await aPlan(server.context, { id: 'starter', rank: 10, stripePriceIds: [prices.starter] });
  await aPlan(server.context, { id: 'business', rank: 20, stripePriceIds: [prices.business] });
});
afterEach(() => {
  standIn.world.calmDown();
  front.calmDown();
});
afterAll(async () => {
  await server.close();
  await front.stop();
  await standIn.stop();
});

interface Paying {
  id: string;
  customerId: string;
  subscriptionId: string;
}

/** A tenant on Starter, its customer linked and read. */
async function paying(given: Partial<Stripe.SubscriptionCreateParams> = {}, card = 'pm_card_visa'): Promise<Paying> {
  const { id } = await aTenant(server.context);
  const { id: customer } = await stripe.customers.create({
    payment_method: 'pm_card_visa',
    invoice_settings: { default_payment_method: 'pm_card_visa' },
  });
  const { id: subscriptionId } = await stripe.subscriptions.create({
    customer,
    items: [{ price: prices.starter }],
    ...given,
  });
  if (card !== 'pm_card_visa') {
    const { id: method } = await stripe.paymentMethods.attach(card, { customer });
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: method } });
  }
  await admin.post(`/api/tenants/${id}/link-customer`).send({ stripeCustomerId: customer }).expect(200);
  return { id, customerId: customer, subscriptionId };
}

const inDays = (days: number) => new Date((Math.floor(Date.now() / 1000) + days * 86_400) * 1000).toISOString();
const reason = 'The customer asked by phone.';
const trial = () => ({ trial_end: Math.floor(Date.now() / 1000) + 3 * 86_400 });
const ending = { cancel_at_period_end: true };
const farOff = inDays(40);

interface Action {
  verb: string;
  body: object;
  given?: () => Partial<Stripe.SubscriptionCreateParams>;
  /** What Stripe has once it is done. */
  made: object;
  planId: string;
}

const ACTIONS: Action[] = [
  {
    verb: 'change-plan',
    body: { planId: 'business', reason },
    made: { status: 'active', items: { data: [{ price: { unit_amount: 4900 }, quantity: 1 }] } },
    planId: 'business',
  },
  { verb: 'cancel-subscription', body: { at: 'now', reason }, made: { status: 'canceled' }, planId: 'free' },
  {
    verb: 'cancel-subscription',
    body: { at: 'period-end', reason },
    made: { status: 'active', cancel_at_period_end: true },
    planId: 'starter',
  },
  {
    verb: 'resume-subscription',
    body: {},
    given: () => ending,
    made: { status: 'active', cancel_at_period_end: false, cancel_at: null },
    planId: 'starter',
  },
  {
    verb: 'extend-trial',
    body: { until: farOff, reason },
    given: trial,
    made: { status: 'trialing', trial_end: Date.parse(farOff) / 1000 },
    planId: 'starter',
  },
];
const NAMED = ACTIONS.map((action) => [`${action.verb} ${JSON.stringify(action.body)}`, action] as const);

const start = ({ given }: Action) => paying(given?.());
const act = (agent: Agent, { verb, body }: Pick<Action, 'verb' | 'body'>, id: string) =>
  agent.post(`/api/tenants/${id}/${verb}`).send(body);
const atStripe = ({ subscriptionId }: Paying) => stripe.subscriptions.retrieve(subscriptionId);
const planOf = async (id: string) => (await server.context.db.getRepository(Tenant).findOneByOrFail({ id })).planId;
const audits = (tenantId: string, action: string) =>
  server.context.db.getRepository(AuditEntry).findBy({ tenantId, action });
const ACTION_OF: Record<string, string> = { 'change-plan': 'tenant.swap-price' };
const auditsOf = (id: string, verb: string) => audits(id, ACTION_OF[verb] ?? `tenant.${verb}`);
const invoicesOf = async (customer: string) => (await stripe.invoices.list({ customer, limit: 100 })).data;

/** The request that changes a subscription at Stripe. */
const changing = ({ body }: Action) => `${'at' in body && body.at === 'now' ? 'DELETE' : 'POST'} /v1/subscriptions/`;

/** One change, and no more: one subscription, one audit entry, and one invoice for one that costs. */
async function expectOnce(tenant: Paying, action: Action) {
  expect(await atStripe(tenant)).toMatchObject(action.made);
  const { data } = await stripe.subscriptions.list({ customer: tenant.customerId, status: 'all' });
  expect(data).toHaveLength(1);
  expect(await auditsOf(tenant.id, action.verb)).toHaveLength(1);
  const extra = (await invoicesOf(tenant.customerId)).filter(
    ({ billing_reason }) => billing_reason === 'subscription_update',
  );
  expect(extra).toHaveLength(action.verb === 'change-plan' ? 1 : 0);
}

/** The workers run until the tenant is on the plan. */
async function healsTo(planId: string, id: string) {
  const workers = startWorkers(server.context, { prefix: `{test-${randomBytes(4).toString('hex')}}` });
  try {
    await until(async () => (await planOf(id)) === planId, 20_000);
  } finally {
    await workers.stop();
  }
}

describe.each(NAMED)('%s', (_name, action) => {
  it('is done once for who clicks twice, and the plan follows', async () => {
    const tenant = await start(action);
    const [first, second] = await Promise.all([act(admin, action, tenant.id), act(admin, action, tenant.id)]);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.body).toMatchObject({ id: tenant.id, planId: action.planId });
    await expectOnce(tenant, action);
    const [entry] = await auditsOf(tenant.id, action.verb);
    expect(entry).toMatchObject({
      actorType: 'operator',
      reason: 'reason' in action.body ? reason : null,
      changes: { subscriptionId: { from: null, to: tenant.subscriptionId } },
    });
  });

  it('is for admins alone', async () => {
    const tenant = await start(action);
    await act(support, action, tenant.id).expect(403);
    await act(viewer, action, tenant.id).expect(403);
    await act(server.anonymous(), action, tenant.id).expect(401);
    await act(admin, action, 'ten_nobody').expect(404);
    expect(await auditsOf(tenant.id, action.verb)).toHaveLength(0);
  });

  it('changes nothing while Stripe fails, and is done when asked again', async () => {
    const tenant = await start(action);
    const before = await atStripe(tenant);
    standIn.world.faults.failNext = 20;
    const refused = await act(admin, action, tenant.id).expect(503);
    expect(refused.body.code).toBe('stripe_unavailable');
    standIn.world.faults.failNext = 0;
    expect(await atStripe(tenant)).toEqual(before);
    await act(admin, action, tenant.id).expect(200);
    expect(await planOf(tenant.id)).toBe(action.planId);
    await expectOnce(tenant, action);
  });

  it('is found done where Stripe does it and its answer is lost', async () => {
    const tenant = await start(action);
    front.lose(changing(action), 2);
    const { body } = await act(admin, action, tenant.id).expect(200);
    expect(body.planId).toBe(action.planId);
    await expectOnce(tenant, action);
  });

  it('comes right by itself where Stripe goes silent for good once it is asked', async () => {
    const tenant = await start(action);
    front.lose(changing(action), 1, { thenSilent: true });
    const { body } = await act(admin, action, tenant.id).expect(503);
    expect(body.detail).toMatch(/not known/);
    front.calmDown();
    expect(await atStripe(tenant)).toMatchObject(action.made);
    await healsTo(action.planId, tenant.id);
    await act(admin, { ...action, body: { ...action.body, subscriptionId: tenant.subscriptionId } }, tenant.id).expect(
      200,
    );
    await expectOnce(tenant, action);
  });
});

describe('change-plan', () => {
  it('changes nothing where the card is declined, and goes through once there is a better one', async () => {
    const tenant = await paying({}, 'pm_card_chargeCustomerFail');
    const action = ACTIONS[0]!;
    for (let n = 0; n < 2; n += 1) {
      const { body } = await act(admin, action, tenant.id).expect(402);
      expect(body.code).toBe('payment_failed');
    }
    expect(await atStripe(tenant)).toMatchObject({
      status: 'active',
      items: { data: [{ price: { unit_amount: 1900 } }] },
    });
    expect(await planOf(tenant.id)).toBe('starter');
    expect(await audits(tenant.id, 'tenant.stripe-refused')).toHaveLength(2);
    const { id: card } = await stripe.paymentMethods.attach('pm_card_visa', { customer: tenant.customerId });
    await stripe.customers.update(tenant.customerId, { invoice_settings: { default_payment_method: card } });
    expect((await act(admin, action, tenant.id).expect(200)).body.planId).toBe('business');
  });

  it('claims nothing where Stripe fails half-way and can not be read after; asked again, it is made once', async () => {
    const tenant = await paying();
    front.fail('POST /v1/subscriptions/');
    const { body } = await act(admin, ACTIONS[0]!, tenant.id).expect(503);
    expect(body.detail).toMatch(/not known/);
    front.calmDown();
    expect(await audits(tenant.id, 'tenant.stripe-refused')).toHaveLength(1);
    expect((await act(admin, ACTIONS[0]!, tenant.id).expect(200)).body.planId).toBe('business');
    expect((await invoicesOf(tenant.customerId)).map(({ billing_reason }) => billing_reason).sort()).toEqual([
      'subscription_create',
      'subscription_update',
    ]);
  });

  it('goes back and forth as often as it is asked to', async () => {
    const tenant = await paying();
    for (const planId of ['business', 'starter', 'business', 'starter']) {
      const { body } = await act(admin, { verb: 'change-plan', body: { planId, reason } }, tenant.id).expect(200);
      expect(body.planId).toBe(planId);
    }
  });

  it('charges for one where seats are not sold, and for each member where they are', async () => {
    const { id: product } = await stripe.products.create({ name: 'Seats' });
    const recurring = { interval: 'month' } as const;
    const seat = await stripe.prices.create({ product, currency: 'eur', unit_amount: 500, recurring });
    await aPlan(server.context, { id: 'seats', rank: 15, seatsFromQuantity: true, stripePriceIds: [seat.id] });
    const tenant = await paying();
    await server.context.db.getRepository(Tenant).update({ id: tenant.id }, { memberCount: 4 });
    const change = (planId: string) => act(admin, { verb: 'change-plan', body: { planId, reason } }, tenant.id);
    expect((await change('seats').expect(200)).body).toMatchObject({ planId: 'seats', seatLimit: 4 });
    await change('business').expect(200);
    expect((await atStripe(tenant)).items.data).toMatchObject([{ price: { id: prices.business }, quantity: 1 }]);
  });

  it.each([
    ['without a reason', { planId: 'business' }, 400, /reason/],
    ['to no plan on offer', { planId: 'nothing', reason }, 400, /planId/],
    ['to a free plan', { planId: 'free', reason }, 400, /cancel/],
    ["of a stranger's subscription", { planId: 'business', reason, subscriptionId: 'sub_nobody' }, 404, /not_found/],
  ])('is refused %s', async (_what, body, status, told) => {
    const { id } = await paying();
    await act(admin, { verb: 'change-plan', body }, id).expect(status, told);
  });

  it('is refused of another tenant’s subscription, and where there is none', async () => {
    const [one, other] = [await paying(), await paying()];
    const body = { planId: 'business', reason };
    await act(admin, { verb: 'change-plan', body: { ...body, subscriptionId: other.subscriptionId } }, one.id).expect(
      404,
    );
    const { id } = await aTenant(server.context);
    await act(admin, { verb: 'change-plan', body }, id).expect(409, /no_subscription/);
  });
});

describe('resume-subscription', () => {
  it('can do nothing for one that has ended', async () => {
    const tenant = await paying();
    await stripe.subscriptions.cancel(tenant.subscriptionId);
    const body = { subscriptionId: tenant.subscriptionId };
    await act(admin, { verb: 'resume-subscription', body }, tenant.id).expect(409, /not_live/);
  });
});

describe('extend-trial', () => {
  const extend = (id: string, body: object) => act(admin, { verb: 'extend-trial', body: { reason, ...body } }, id);

  it('makes a trial of what is paid for only where that is agreed to', async () => {
    const tenant = await paying();
    await extend(tenant.id, { until: farOff }).expect(409, /not_trialing/);
    await extend(tenant.id, { until: farOff, startTrial: true }).expect(200);
    expect(await atStripe(tenant)).toMatchObject({ status: 'trialing', trial_end: Date.parse(farOff) / 1000 });
  });

  it('shortens none, and goes neither into the past nor beyond what Stripe allows', async () => {
    const tenant = await paying(trial());
    await extend(tenant.id, { until: inDays(1) }).expect(400, /until/);
    await extend(tenant.id, { until: inDays(-1) }).expect(400, /until/);
    await extend(tenant.id, { until: inDays(800) }).expect(400, /730/);
    expect((await atStripe(tenant)).trial_end).toBeLessThan(Date.parse(inDays(4)) / 1000);
  });
});

describe('a subscription that a schedule drives', () => {
  it('is not cancelled past it: Stripe’s own words say why', async () => {
    const tenant = await paying();
    await stripe.subscriptionSchedules.create({ from_subscription: tenant.subscriptionId });
    const { body } = await act(admin, ACTIONS[2]!, tenant.id).expect(409);
    expect(body).toMatchObject({ code: 'stripe_refused', detail: expect.stringContaining('schedule') });
    expect(await audits(tenant.id, 'tenant.stripe-refused')).toHaveLength(1);
  });
});

describe('buy-link', () => {
  const buy = (agent: Agent, id: string, planId = 'starter') =>
    agent.post(`/api/tenants/${id}/buy-link`).send({ planId });
  const checkouts = (tenantId: string) => server.context.db.getRepository(Checkout).findBy({ tenantId });

  it('gives one address for two clicks at once; another plan ends the older', async () => {
    const { id } = await aTenant(server.context);
    const [first, second] = await Promise.all([buy(admin, id).expect(200), buy(admin, id).expect(200)]);
    expect(first.body.checkoutUrl).toMatch(/^http/);
    expect(second.body).toEqual(first.body);
    expect(await checkouts(id)).toHaveLength(1);
    await buy(admin, id, 'business').expect(200);
    expect((await checkouts(id)).map(({ status }) => status).sort()).toEqual(['expired', 'open']);
  });

  it('makes one customer and one session where the answer is lost', async () => {
    const { id } = await aTenant(server.context);
    front.lose('POST /v1/checkout/sessions', 3);
    await buy(admin, id).expect(503);
    front.calmDown();
    await buy(admin, id).expect(200);
    const made = standIn.world.state.checkoutSessions.all().filter((one) => one.client_reference_id === id);
    expect(made).toHaveLength(1);
    expect(await checkouts(id)).toHaveLength(1);
  });

  it('is for admins alone, and for tenants that pay for nothing yet', async () => {
    const { id } = await paying();
    await buy(support, id).expect(403);
    await buy(viewer, id).expect(403);
    await buy(server.anonymous(), id).expect(401);
    await buy(admin, id).expect(409, /already_subscribed/);
    await buy(admin, id, 'nothing').expect(400, /planId/);
    const other = await aTenant(server.context);
    standIn.world.faults.failNext = 20;
    await buy(admin, other.id).expect(503);
  });
});
