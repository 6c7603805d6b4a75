import { createStandIn, type StandIn } from '../../dev/stripe';
import { Finding } from '../../server/billing/finding.entity';
import { StripeCustomer } from '../../server/billing/stripe-customer.entity';
import { driveRun } from '../../server/reconcile/drive-run';
import { stripeOf } from '../../server/stripe/client';
import { aPlan, aTenant } from '../support/factories';
import { type Agent, startServer, type TestServer } from '../support/server';

let standIn: StandIn;
let server: TestServer;
let admin: Agent;
let support: Agent;
let viewer: Agent;
let priceId: string;
beforeAll(async () => {
  standIn = createStandIn({ secretKey: 'sk_test_tenantry', webhookSecret: 'whsec_tenantry' });
  const { url } = await standIn.start();
  server = await startServer({ STRIPE_API_BASE: url });
  ({ agent: admin } = await server.signIn('admin'));
  ({ agent: support } = await server.signIn('support'));
  ({ agent: viewer } = await server.signIn('viewer'));
  const stripe = stripeOf(server.context.config);
  const { id: product } = await stripe.products.create({ name: 'Product' });
  const recurring = { interval: 'month' } as const;
  ({ id: priceId } = await stripe.prices.create({ product, currency: 'eur', unit_amount: 1900, recurring }));
  await aPlan(server.context, { id: 'starter', rank: 10, stripePriceIds: [priceId] });
});
afterAll(async () => {
  await server.close();
  await standIn.stop();
});

const drive = () => driveRun(server.context, stripeOf(server.context.config));

/** A customer that pays for a subscription in Stripe; for a tenant, where its metadata say so. */
async function payer(tenantId?: string) {
  const stripe = stripeOf(server.context.config);
  const customer = await stripe.customers.create({
    ...(tenantId ? { metadata: { tenantId } } : {}),
    payment_method: 'pm_card_visa',
    invoice_settings: { default_payment_method: 'pm_card_visa' },
  });
  const subscription = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: priceId }] });
  return { customerId: customer.id, subscriptionId: subscription.id };
}

async function lowered(count: number) {
  const tenants: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const { id } = await aTenant(server.context);
    const { subscriptionId, customerId } = await payer();
    await admin.post(`/api/tenants/${id}/link-customer`).send({ stripeCustomerId: customerId }).expect(200);
    await stripeOf(server.context.config).subscriptions.cancel(subscriptionId);
    tenants.push(id);
  }
  return tenants;
}

describe('POST /api/reconcile-runs', () => {
  it('starts a run, which the workers take to its end', async () => {
    const { id: tenantId } = await aTenant(server.context);
    await payer(tenantId);
    const { body: run } = await admin.post('/api/reconcile-runs').send({ mode: 'apply' }).expect(201);
    expect(run).toMatchObject({ mode: 'apply', trigger: 'operator', status: 'running', progress: 0, finishedAt: null });
    expect(run.actor).toMatchObject({ type: 'operator', name: 'admin one' });
    await admin
      .post('/api/reconcile-runs')
      .send({ mode: 'dry-run' })
      .expect(409, /run_in_progress/);
    await drive();
    const { body: done } = await viewer.get(`/api/reconcile-runs/${run.id}`).expect(200);
    expect(done).toMatchObject({ status: 'done', progress: 1 });
    const { body: tenant } = await viewer.get(`/api/tenants/${tenantId}`).expect(200);
    expect(tenant).toMatchObject({ planId: 'starter', planSource: 'subscription' });
    expect(Date.parse(tenant.lastVerifiedAt)).not.toBeNaN();
    const changes = await viewer
      .get(`/api/reconcile-runs/${run.id}/changes?filter={"tenantId":"${tenantId}"}`)
      .expect(200);
    expect(changes.headers['content-range']).toBe('reconcile-changes 0-0/1');
    expect(changes.body).toEqual([
      expect.objectContaining({ fromPlanId: 'free', toPlanId: 'starter', state: 'applied' }),
    ]);
    const idle = await aTenant(server.context, { createdAt: new Date(Date.now() - 60_000) } as object);
    await admin.post('/api/reconcile-runs').send({ mode: 'dry-run' }).expect(201);
    await drive();
    const { body: proven } = await viewer.get(`/api/tenants/${idle.id}`).expect(200);
    expect(proven.lastVerifiedAt).not.toBeNull();
  });

  it.each([
    ['an unknown mode', { mode: 'guess' }, /mode/],
    ['no tenant at all', { mode: 'apply', tenantIds: [] }, /tenantIds/],
    ['a tenant that does not exist', { mode: 'apply', tenantIds: ['ten_nobody'] }, /ten_nobody/],
  ])('refuses %s', async (_what, body, told) => {
    await admin.post('/api/reconcile-runs').send(body).expect(400, told);
  });

  it('lets support sync chosen tenants', async () => {
    const { id } = await aTenant(server.context);
    await support
      .post('/api/reconcile-runs')
      .send({ mode: 'apply', tenantIds: [id] })
      .expect(201);
    await drive();
    expect((await viewer.get(`/api/tenants/${id}`)).body.lastVerifiedAt).not.toBeNull();
  });

  it('is not for viewers, nor is applying for support', async () => {
    await viewer.post('/api/reconcile-runs').send({ mode: 'dry-run' }).expect(403);
    await support
      .post('/api/reconcile-runs')
      .send({ mode: 'apply' })
      .expect(403, /dry run/);
    await support.post('/api/reconcile-runs/run_x/apply').send({}).expect(403);
    await server.anonymous().get('/api/reconcile-runs').expect(401);
  });
});

describe('a dry run', () => {
  it('is applied by who types how many lose, and never twice', async () => {
    const [tenantId] = await lowered(1);
    const { body: run } = await admin.post('/api/reconcile-runs').send({ mode: 'dry-run' }).expect(201);
    await admin
      .post(`/api/reconcile-runs/${run.id}/apply`)
      .send({})
      .expect(409, /not_a_dry_run/);
    await drive();
    const refused = await admin.post(`/api/reconcile-runs/${run.id}/apply`).send({}).expect(409);
    expect(refused.body).toMatchObject({ code: 'confirm_needed', detail: expect.stringContaining('lower 1 tenant') });
    const confirmed = admin.post(`/api/reconcile-runs/${run.id}/apply`).send({ confirm: 'lower 1 tenant' });
    expect((await confirmed.expect(200)).body).toMatchObject({ id: run.id, mode: 'apply', status: 'running' });
    await drive();
    expect((await viewer.get(`/api/tenants/${tenantId}`)).body.planId).toBe('free');
    const { body: changes } = await viewer.get(`/api/reconcile-runs/${run.id}/changes`).expect(200);
    expect(changes).toEqual([expect.objectContaining({ tenantId, toPlanId: 'free', state: 'applied', lowers: true })]);
    await admin.post(`/api/reconcile-runs/${run.id}/apply`).send({ confirm: 'lower 1 tenant' }).expect(409);
  });

  it('undoes nothing that changed since: what is no longer so is stale', async () => {
    const { id: tenantId } = await aTenant(server.context);
    const { subscriptionId } = await payer(tenantId);
    const { body: run } = await admin.post('/api/reconcile-runs').send({ mode: 'dry-run' }).expect(201);
    await drive();
    await stripeOf(server.context.config).subscriptions.cancel(subscriptionId);
    await admin.post(`/api/reconcile-runs/${run.id}/apply`).send({}).expect(200);
    await drive();
    expect((await viewer.get(`/api/tenants/${tenantId}`)).body).toMatchObject({
      planId: 'free',
      stripeCustomerIds: [],
    });
    const { body: changes } = await viewer.get(`/api/reconcile-runs/${run.id}/changes`).expect(200);
    const note = `Stripe changed since: subscription ${subscriptionId} is canceled now, it was active.`;
    expect(changes).toEqual([expect.objectContaining({ tenantId, toPlanId: 'starter', state: 'stale', note })]);
  });
});

describe('POST /api/reconcile-runs/:id/cancel', () => {
  it('ends a run, and lets another start', async () => {
    const { body: run } = await admin.post('/api/reconcile-runs').send({ mode: 'apply' }).expect(201);
    const { body: cancelled } = await support.post(`/api/reconcile-runs/${run.id}/cancel`).send({}).expect(200);
    expect(cancelled).toMatchObject({ status: 'cancelled', finishedAt: expect.any(String) });
    await support
      .post(`/api/reconcile-runs/${run.id}/cancel`)
      .send({})
      .expect(409, /not_running/);
    expect(await drive()).toBe(false);
  });
});

describe('linking a Stripe customer to a tenant', () => {
  it('gives what it pays for at once; unlinking takes it, for good, and tells of the orphan', async () => {
    const { id: tenantId } = await aTenant(server.context);
    const { customerId, subscriptionId } = await payer();
    const link = (agent: Agent, verb = 'link', id = tenantId) =>
      agent.post(`/api/tenants/${id}/${verb}-customer`).send({ stripeCustomerId: customerId });
    await link(support).expect(403);
    const { body: linked } = await link(admin).expect(200);
    expect(linked).toMatchObject({ planId: 'starter', stripeCustomerIds: [customerId] });
    await link(admin).expect(200);
    const other = await aTenant(server.context);
    await link(admin, 'link', other.id).expect(409, /customer_linked/);
    await link(admin, 'unlink', other.id).expect(404);

    const { body: unlinked } = await link(admin, 'unlink').expect(200);
    expect(unlinked).toMatchObject({ planId: 'free', stripeCustomerIds: [] });
    await stripeOf(server.context.config).customers.update(customerId, { metadata: { tenantId } });
    await admin.post('/api/reconcile-runs').send({ mode: 'apply' }).expect(201);
    await drive();
    expect(await server.context.db.getRepository(StripeCustomer).findOneByOrFail({ id: customerId })).toMatchObject({
      tenantId: null,
    });
    const orphan = { kind: 'orphan-subscription', subscriptionId, status: 'open' };
    const findings = server.context.db.getRepository(Finding);
    expect(await findings.findOneBy({ subscriptionId, kind: orphan.kind })).toMatchObject({
      ...orphan,
      atRiskAmount: '1900',
      atRiskCurrency: 'eur',
    });
    await link(admin).expect(200);
    expect(await findings.findOneBy({ subscriptionId, kind: orphan.kind })).toMatchObject({ status: 'resolved' });
  });

  it.each([
    ['Stripe does not know', 'cus_nobody', /cus_nobody/],
    ['is none by its id', 'sub_123', /stripeCustomerId/],
  ])('refuses a customer that %s', async (_what, stripeCustomerId, told) => {
    const { id } = await aTenant(server.context);
    await admin.post(`/api/tenants/${id}/link-customer`).send({ stripeCustomerId }).expect(400, told);
  });

  it('refuses a customer that was deleted in Stripe, and changes nothing while Stripe is away', async () => {
    const { id } = await aTenant(server.context);
    const { customerId } = await payer();
    const link = () => admin.post(`/api/tenants/${id}/link-customer`).send({ stripeCustomerId: customerId });
    standIn.world.faults.failNext = 20;
    await link().expect(503);
    standIn.world.faults.failNext = 0;
    expect(await server.context.db.getRepository(StripeCustomer).existsBy({ id: customerId })).toBe(false);
    await stripeOf(server.context.config).customers.del(customerId);
    await link().expect(400, /deleted/);
  });
});
