import { AuditEntry } from '../../server/audit/audit.entity';
import { Checkout } from '../../server/billing/checkout.entity';
import { Tenant } from '../../server/tenants/tenant.entity';
import { aPlan, aTenant } from '../support/factories';
import type { Agent } from '../support/server';
import { type OperatorWorld, operatorWorld, type Paying, payBy } from './operator-world';

let world: OperatorWorld;
let admin: Agent;
beforeAll(async () => {
  world = await operatorWorld();
  ({ admin } = world);
});
afterEach(() => world.calmDown());
afterAll(() => world.close());

const inDays = (days: number) => new Date((Math.floor(Date.now() / 1000) + days * 86_400) * 1000).toISOString();
const reason = 'The customer asked by phone.';
const trial = () => ({ trial_end: Math.floor(Date.now() / 1000) + 3 * 86_400 });
const farOff = inDays(40);

const act = (verb: string, id: string, body: object) => admin.post(`/api/tenants/${id}/${verb}`).send(body);
const toBusiness = (id: string, more: object = {}) => act('change-plan', id, { planId: 'business', reason, ...more });
const atStripe = ({ subscriptionId }: Paying) => world.stripe.subscriptions.retrieve(subscriptionId);
const planOf = async (id: string) =>
  (await world.server.context.db.getRepository(Tenant).findOneByOrFail({ id })).planId;
const audits = (tenantId: string, action: string) =>
  world.server.context.db.getRepository(AuditEntry).findBy({ tenantId, action });
const invoicesOf = async (customer: string) => (await world.stripe.invoices.list({ customer, limit: 100 })).data;

describe('every action', () => {
  it.each([
    ['tenant.swap-price', 'change-plan', { planId: 'business', reason }, {}],
    ['tenant.cancel-subscription', 'cancel-subscription', { at: 'period-end', reason }, {}],
    ['tenant.resume-subscription', 'resume-subscription', { reason }, { cancel_at_period_end: true }],
    ['tenant.extend-trial', 'extend-trial', { until: farOff, reason }, trial()],
  ])('writes %s once, with who, why and which subscription', async (action, verb, body, given) => {
    const { id, subscriptionId } = await world.paying(given);
    await act(verb, id, body).expect(200);
    await act(verb, id, body).expect(200);
    const entries = await audits(id, action);
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({
      actorType: 'operator',
      reason,
      changes: { subscriptionId: { from: null, to: subscriptionId } },
    });
  });

  it('is of a tenant that there is, and of its own subscription', async () => {
    await toBusiness('ten_nobody').expect(404);
    const [one, other] = [await world.paying(), await world.paying()];
    await toBusiness(one.id, { subscriptionId: other.subscriptionId }).expect(404);
    const { id } = await aTenant(world.server.context);
    await toBusiness(id).expect(409, /no_subscription/);
  });
});

describe('where several subscriptions are live', () => {
  it('the one that decides is meant, and where none does it must be named', async () => {
    const { id, customerId, subscriptionId } = await world.paying();
    const items = [{ price: world.prices.starter }];
    await world.stripe.subscriptions.create({ customer: customerId, items });
    const endsAt = inDays(90);
    const grant = { tenantId: id, planId: 'starter', pin: true, reason: 'Agreed by contract.', endsAt };
    await admin.post('/api/overrides').send(grant).expect(201);
    const cancel = { at: 'period-end', reason };
    await act('cancel-subscription', id, cancel).expect(409, /several_subscriptions/);
    await act('cancel-subscription', id, { ...cancel, subscriptionId }).expect(200);
    const { data } = await world.stripe.subscriptions.list({ customer: customerId });
    expect(data.filter((one) => one.cancel_at_period_end).map((one) => one.id)).toEqual([subscriptionId]);
  });
});

describe('change-plan', () => {
  it('changes nothing where the card is declined, and goes through once there is a better one', async () => {
    const tenant = await world.paying({}, 'pm_card_chargeCustomerFail');
    for (let n = 0; n < 2; n += 1) {
      const { body } = await toBusiness(tenant.id).expect(402);
      expect(body.code).toBe('payment_failed');
    }
    expect(await atStripe(tenant)).toMatchObject({
      status: 'active',
      items: { data: [{ price: { unit_amount: 1900 } }] },
    });
    expect(await planOf(tenant.id)).toBe('starter');
    expect(await audits(tenant.id, 'tenant.stripe-refused')).toHaveLength(2);
    await payBy(world.stripe, tenant.customerId, 'pm_card_visa');
    expect((await toBusiness(tenant.id).expect(200)).body.planId).toBe('business');
  });

  it('claims nothing where Stripe fails half-way and can not be read after; asked again, it is made once', async () => {
    const tenant = await world.paying();
    world.front.fail('POST /v1/subscriptions/');
    const { body } = await toBusiness(tenant.id).expect(503);
    expect(body.detail).toMatch(/not known/);
    world.calmDown();
    expect(await audits(tenant.id, 'tenant.stripe-refused')).toHaveLength(1);
    expect((await toBusiness(tenant.id).expect(200)).body.planId).toBe('business');
    expect((await invoicesOf(tenant.customerId)).map(({ billing_reason }) => billing_reason).sort()).toEqual([
      'subscription_create',
      'subscription_update',
    ]);
  });

  it('goes back and forth as often as it is asked to', async () => {
    const tenant = await world.paying();
    for (const planId of ['business', 'starter', 'business', 'starter']) {
      const { body } = await act('change-plan', tenant.id, { planId, reason }).expect(200);
      expect(body.planId).toBe(planId);
    }
  });

  it('charges for one where seats are not sold, and for each member where they are', async () => {
    const { id: product } = await world.stripe.products.create({ name: 'Seats' });
    const recurring = { interval: 'month' } as const;
    const seat = await world.stripe.prices.create({ product, currency: 'eur', unit_amount: 500, recurring });
    await aPlan(world.server.context, { id: 'seats', rank: 15, seatsFromQuantity: true, stripePriceIds: [seat.id] });
    const tenant = await world.paying();
    await world.server.context.db.getRepository(Tenant).update({ id: tenant.id }, { memberCount: 4 });
    const change = (planId: string) => act('change-plan', tenant.id, { planId, reason });
    expect((await change('seats').expect(200)).body).toMatchObject({ planId: 'seats', seatLimit: 4 });
    await change('business').expect(200);
    expect((await atStripe(tenant)).items.data).toMatchObject([{ price: { id: world.prices.business }, quantity: 1 }]);
  });

  it.each([
    ['without a reason', { planId: 'business' }, 400, /reason/],
    ['to no plan on offer', { planId: 'nothing', reason }, 400, /planId/],
    ['to a free plan', { planId: 'free', reason }, 400, /cancel/],
    ["of a stranger's subscription", { planId: 'business', reason, subscriptionId: 'sub_nobody' }, 404, /not_found/],
  ])('is refused %s', async (_what, body, status, told) => {
    const { id } = await world.paying();
    await act('change-plan', id, body).expect(status, told);
  });
});

describe('resume-subscription', () => {
  it('can do nothing for one that has ended', async () => {
    const tenant = await world.paying();
    await world.stripe.subscriptions.cancel(tenant.subscriptionId);
    const body = { subscriptionId: tenant.subscriptionId };
    await act('resume-subscription', tenant.id, body).expect(409, /not_live/);
  });
});

describe('extend-trial', () => {
  const extend = (id: string, body: object) => act('extend-trial', id, { reason, ...body });

  it('makes a trial of what is paid for only where that is agreed to', async () => {
    const tenant = await world.paying();
    await extend(tenant.id, { until: farOff }).expect(409, /not_trialing/);
    await extend(tenant.id, { until: farOff, startTrial: true }).expect(200);
    expect(await atStripe(tenant)).toMatchObject({ status: 'trialing', trial_end: Date.parse(farOff) / 1000 });
  });

  it('shortens none, and goes neither into the past nor beyond what Stripe allows', async () => {
    const tenant = await world.paying(trial());
    await extend(tenant.id, { until: inDays(1) }).expect(400, /until/);
    await extend(tenant.id, { until: inDays(-1) }).expect(400, /until/);
    await extend(tenant.id, { until: inDays(800) }).expect(400, /730/);
    expect((await atStripe(tenant)).trial_end).toBeLessThan(Date.parse(inDays(4)) / 1000);
  });
});

describe('a subscription that a schedule drives', () => {
  it('is not cancelled past it: Stripe’s own words say why', async () => {
    const tenant = await world.paying();
    await world.stripe.subscriptionSchedules.create({ from_subscription: tenant.subscriptionId });
    const { body } = await act('cancel-subscription', tenant.id, { at: 'period-end', reason }).expect(409);
    expect(body).toMatchObject({ code: 'stripe_refused', detail: expect.stringContaining('schedule') });
    expect(await audits(tenant.id, 'tenant.stripe-refused')).toHaveLength(1);
  });
});

describe('buy-link', () => {
  const buy = (agent: Agent, id: string, planId = 'starter') =>
    agent.post(`/api/tenants/${id}/buy-link`).send({ planId });
  const checkouts = (tenantId: string) => world.server.context.db.getRepository(Checkout).findBy({ tenantId });

  it('gives one address for two clicks at once; another plan ends the older', async () => {
    const { id } = await aTenant(world.server.context);
    const [first, second] = await Promise.all([buy(admin, id).expect(200), buy(admin, id).expect(200)]);
    expect(first.body.checkoutUrl).toMatch(/^http/);
    expect(Date.parse(first.body.expiresAt)).toBeGreaterThan(Date.now());
    expect(second.body).toEqual(first.body);
    expect(await checkouts(id)).toHaveLength(1);
    await buy(admin, id, 'business').expect(200);
    expect((await checkouts(id)).map(({ status }) => status).sort()).toEqual(['expired', 'open']);
  });

  it('makes one customer and one session where the answer is lost', async () => {
    const { id } = await aTenant(world.server.context);
    world.front.lose('POST /v1/checkout/sessions', 3);
    await buy(admin, id).expect(503);
    world.calmDown();
    await buy(admin, id).expect(200);
    const made = world.standIn.world.state.checkoutSessions.all().filter((one) => one.client_reference_id === id);
    expect(made).toHaveLength(1);
    expect(await checkouts(id)).toHaveLength(1);
  });

  it('is for a plan on offer, and for tenants that pay for nothing yet', async () => {
    const { id } = await world.paying();
    await buy(admin, id).expect(409, /already_subscribed/);
    await buy(admin, id, 'nothing').expect(400, /planId/);
  });
});
