import { AuditEntry } from '../../server/audit/audit.entity';
import { Checkout } from '../../server/billing/checkout.entity';
import { aMembership, anInvitation, aTenant } from '../support/factories';
import type { Agent } from '../support/server';
import { type OperatorWorld, operatorWorld } from './operator-world';

let world: OperatorWorld;
let admin: Agent;
beforeAll(async () => {
  world = await operatorWorld();
  ({ admin } = world);
});
afterEach(() => world.calmDown());
afterAll(() => world.close());

const preview = (id: string, body: object, agent = admin) => agent.post(`/api/tenants/${id}/preview`).send(body);
const DAY = 86_400_000;
const codes = ({ warnings }: { warnings: { code: string }[] }) => warnings.map(({ code }) => code);

describe('the preview of', () => {
  it('a change of plan tells what Stripe will charge, and the change charges exactly that', async () => {
    const { id, customerId, subscriptionId } = await world.paying();
    const before = await world.stripe.subscriptions.retrieve(subscriptionId);
    const audits = world.server.context.db.getRepository(AuditEntry);
    const noted = await audits.countBy({ tenantId: id });
    const { body } = await preview(id, { action: 'change-plan', planId: 'business' }).expect(200);
    expect(body).toMatchObject({
      action: 'change-plan',
      subscriptionId,
      stripeUrl: `https://dashboard.stripe.com/test/subscriptions/${subscriptionId}`,
      before: { planId: 'starter', seatLimit: 2 },
      after: { planId: 'business', source: 'subscription', seatLimit: 10 },
      seats: { limit: 10, membersOver: 0, invitationsOver: 0 },
      mails: [],
      warnings: [],
    });
    const periodEnd = new Date(before.items.data[0]!.current_period_end * 1000).toISOString();
    expect(body.proration).toMatchObject({ currency: 'eur', next: { amount: 4900, at: periodEnd } });
    expect(body.proration.dueNow).toBeGreaterThan(2990);
    expect(body.proration.lines).toHaveLength(2);
    expect(await world.stripe.subscriptions.retrieve(subscriptionId)).toEqual(before);
    expect(await audits.countBy({ tenantId: id })).toBe(noted);

    const { prorationDate, dueNow } = body.proration;
    const change = { planId: 'business', reason: 'The customer asked.', prorationDate };
    await admin.post(`/api/tenants/${id}/change-plan`).send(change).expect(200);
    const [invoice] = (await world.stripe.invoices.list({ customer: customerId, limit: 1 })).data;
    expect(invoice).toMatchObject({ billing_reason: 'subscription_update', amount_paid: dueNow });
  });

  it('a cancellation counts who is over the seats that are left then', async () => {
    const { id, subscriptionId } = await world.paying();
    const { context } = world.server;
    for (let n = 0; n < 2; n += 1) await aMembership(context, { tenantId: id });
    await admin.post(`/api/tenants/${id}/change-plan`).send({ planId: 'business', reason: 'Growing.' }).expect(200);
    await aMembership(context, { tenantId: id });
    await anInvitation(context, { tenantId: id });
    const { body } = await preview(id, { action: 'change-plan', planId: 'starter' }).expect(200);
    expect(body.seats).toEqual({ limit: 2, members: 3, pendingInvitations: 1, membersOver: 1, invitationsOver: 1 });
    expect(body.proration).toMatchObject({ dueNow: 0 });
    expect(body.proration.credit).toBeGreaterThan(2990);

    const later = await preview(id, { action: 'cancel-subscription', at: 'period-end' }).expect(200);
    const [item] = (await world.stripe.subscriptions.retrieve(subscriptionId)).items.data;
    const at = new Date(item!.current_period_end * 1000).toISOString();
    expect(later.body).toMatchObject({
      before: { planId: 'business' },
      after: { planId: 'free', at },
      proration: { dueNow: 0, next: null },
      warnings: [],
    });
    const now = await preview(id, { action: 'cancel-subscription', at: 'now' }).expect(200);
    expect(now.body.after.planId).toBe('free');
    expect(codes(now.body)).toEqual(['no-refund']);
  });

  it('a resumption tells the next charge', async () => {
    const { id } = await world.paying({ cancel_at_period_end: true });
    const { body } = await preview(id, { action: 'resume-subscription' }).expect(200);
    expect(body).toMatchObject({ after: { planId: 'starter' }, proration: { dueNow: 0, next: { amount: 1900 } } });
    expect(codes(body)).toEqual([]);
  });

  it('a longer trial tells when it is charged for at last, and warns of a trial of what is paid', async () => {
    const { id } = await world.paying();
    const until = new Date(Date.now() + 40 * DAY).toISOString();
    const { body } = await preview(id, { action: 'extend-trial', until }).expect(200);
    expect(body.proration).toMatchObject({ dueNow: 0, next: { amount: 1900, at: until } });
    expect(codes(body)).toEqual(['becomes-trial']);
  });

  it('a link to buy tells the price; it is none where somebody pays already', async () => {
    const { id } = await aTenant(world.server.context);
    const { body } = await preview(id, { action: 'buy-link', planId: 'business' }).expect(200);
    expect(body).toMatchObject({
      before: { planId: 'free' },
      after: { planId: 'business' },
      proration: { currency: 'eur', dueNow: 4900, next: null },
    });
    const paid = await world.paying();
    await preview(paid.id, { action: 'buy-link', planId: 'business' }).expect(409, /already_subscribed/);
  });

  it('linking and unlinking a customer tells the plan that comes and goes with it', async () => {
    const { id } = await aTenant(world.server.context);
    const { customerId, id: owner } = await world.paying();
    const link = { action: 'link-customer', stripeCustomerId: customerId };
    const { body } = await preview(id, link).expect(200);
    expect(body).toMatchObject({ before: { planId: 'free' }, after: { planId: 'starter' } });
    expect(codes(body)).toEqual(['linked-elsewhere']);
    const unlinked = await preview(owner, { ...link, action: 'unlink-customer' }).expect(200);
    expect(unlinked.body).toMatchObject({ before: { planId: 'starter' }, after: { planId: 'free' } });
    expect(codes(unlinked.body)).toEqual(['still-charging']);
    await preview(id, { ...link, stripeCustomerId: 'cus_nobody' }).expect(404);
  });

  it('a deletion tells what ends with it, and when', async () => {
    const { id, subscriptionId } = await world.paying();
    await aMembership(world.server.context, { tenantId: id });
    const [item] = (await world.stripe.subscriptions.retrieve(subscriptionId)).items.data;
    const end = new Date(item!.current_period_end * 1000).toISOString();
    const { body } = await preview(id, { action: 'delete' }).expect(200);
    expect(body).toMatchObject({
      after: { planId: 'free', at: end },
      seats: { members: 1 },
      ends: [{ subscriptionId, at: end }],
      proration: { dueNow: 0, next: null },
    });
    const now = await preview(id, { action: 'delete', cancel: 'now' }).expect(200);
    expect(Date.parse(now.body.ends[0].at)).toBeLessThanOrEqual(Date.now());
  });

  it('what is done already says so, and what can not be done is refused as the action would be', async () => {
    const { id, subscriptionId } = await world.paying({ cancel_at_period_end: true });
    const again = await preview(id, { action: 'cancel-subscription', at: 'period-end' }).expect(200);
    expect(codes(again.body)).toEqual(['no-change']);
    await preview(id, { action: 'extend-trial', until: new Date(Date.now() - DAY).toISOString() }).expect(400, /until/);
    await world.stripe.subscriptions.cancel(subscriptionId);
    await preview(id, { action: 'change-plan', planId: 'business', subscriptionId }).expect(409, /not_live/);
    await preview(id, { action: 'resume-subscription', subscriptionId }).expect(409, /not_live/);
  });

  it('anything warns of a pinned override and of several subscriptions', async () => {
    const { id, customerId, subscriptionId } = await world.paying();
    await world.stripe.subscriptions.create({ customer: customerId, items: [{ price: world.prices.business }] });
    const endsAt = new Date(Date.now() + 90 * DAY).toISOString();
    const grant = { tenantId: id, planId: 'starter', pin: true, reason: 'Agreed by contract.', endsAt };
    await admin.post('/api/overrides').send(grant).expect(201);
    const { body } = await preview(id, { action: 'cancel-subscription', at: 'now', subscriptionId }).expect(200);
    expect(body.after).toMatchObject({ planId: 'starter', source: 'override' });
    expect(codes(body)).toEqual(['no-refund', 'several-subscriptions', 'override-pinned']);
  });
});

describe('previews', () => {
  it('are for admins alone, of known actions and tenants, and need Stripe', async () => {
    const { id } = await world.paying();
    const cancel = { action: 'cancel-subscription', at: 'now' };
    await preview(id, cancel, world.support).expect(403);
    await preview(id, cancel, world.viewer).expect(403);
    await preview(id, cancel, world.server.anonymous()).expect(401);
    await preview(id, { action: 'guess' }).expect(400);
    await preview('ten_nobody', cancel).expect(404);
    world.standIn.world.faults.failNext = 20;
    await preview(id, cancel).expect(503);
  });
});

describe("a search over Stripe's customers", () => {
  const search = (q: string, agent = admin) => agent.get('/api/stripe-customers').query({ q });

  it('finds by id, name, address and tenant, and tells whose they are', async () => {
    const { id: tenantId, customerId, subscriptionId } = await world.paying();
    const name = 'Quill "and" Ink';
    await world.stripe.customers.update(customerId, { name, email: 'ink@quill.example', metadata: { tenantId } });
    for (const q of [customerId, 'Quill', '"and"', 'quill.example', tenantId]) {
      const { body } = await search(q).expect(200);
      expect([q, body.results]).toEqual([
        q,
        [
          expect.objectContaining({
            id: customerId,
            name,
            email: 'ink@quill.example',
            metadataTenantId: tenantId,
            liveSubscriptions: [{ id: subscriptionId, status: 'active', planId: 'starter' }],
            tenant: { id: tenantId, name: expect.any(String) },
            unlinked: false,
            stripeUrl: `https://dashboard.stripe.com/test/customers/${customerId}`,
          }),
        ],
      ]);
    }
    await admin.post(`/api/tenants/${tenantId}/unlink-customer`).send({ stripeCustomerId: customerId }).expect(200);
    expect((await search(customerId)).body.results).toEqual([
      expect.objectContaining({ tenant: null, unlinked: true }),
    ]);
    expect((await search('cus_nobody').expect(200)).body.results).toEqual([]);
    expect((await search('nobody of that name').expect(200)).body.results).toEqual([]);
  });

  it('is for admins alone, and for something', async () => {
    await search('Quill', world.support).expect(403);
    await search('Quill', world.viewer).expect(403);
    await search('Quill', world.server.anonymous()).expect(401);
    await search(' ').expect(400, /search for/);
  });
});

describe('DELETE /api/tenants/:id', () => {
  const statusOf = async (id: string) => world.stripe.subscriptions.retrieve(id);

  it('ends what is paid for with its period, or now where told so; restoring brings nothing back', async () => {
    const [one, other] = [await world.paying(), await world.paying()];
    await admin.delete(`/api/tenants/${one.id}`).expect(200);
    expect(await statusOf(one.subscriptionId)).toMatchObject({ status: 'active', cancel_at_period_end: true });
    const { body } = await admin.delete(`/api/tenants/${other.id}`).send({ cancel: 'now' }).expect(200);
    expect(body).toMatchObject({ status: 'deleted', planId: 'free' });
    expect(await statusOf(other.subscriptionId)).toMatchObject({ status: 'canceled' });
    await admin.post(`/api/tenants/${other.id}/restore`).send({}).expect(200);
    expect((await admin.get(`/api/tenants/${other.id}`)).body).toMatchObject({ status: 'active', planId: 'free' });
    expect(await statusOf(other.subscriptionId)).toMatchObject({ status: 'canceled' });
    await admin.post(`/api/tenants/${one.id}/restore`).send({}).expect(200);
    expect(await statusOf(one.subscriptionId)).toMatchObject({ cancel_at_period_end: true });
  });

  it('ends a link to buy, too: nobody can pay for what is gone', async () => {
    const { id } = await aTenant(world.server.context);
    await admin.post(`/api/tenants/${id}/buy-link`).send({ planId: 'starter' }).expect(200);
    await admin.delete(`/api/tenants/${id}`).expect(200);
    const sessions = world.standIn.world.state.checkoutSessions.all();
    expect(sessions.filter((one) => one.client_reference_id === id).map(({ status }) => status)).toEqual(['expired']);
  });

  it('ends a link whose customer was unlinked, and one that Stripe does not know', async () => {
    const { id } = await aTenant(world.server.context);
    await admin.post(`/api/tenants/${id}/buy-link`).send({ planId: 'starter' }).expect(200);
    const [stripeCustomerId] = (await admin.get(`/api/tenants/${id}`)).body.stripeCustomerIds;
    await admin.post(`/api/tenants/${id}/unlink-customer`).send({ stripeCustomerId }).expect(200);
    const checkouts = world.server.context.db.getRepository(Checkout);
    await checkouts.insert({ id: `cs_other_${id}`, tenantId: id, planId: 'starter' });
    await admin.delete(`/api/tenants/${id}`).expect(200);
    expect((await checkouts.findBy({ tenantId: id })).map(({ status }) => status)).toEqual(['expired', 'expired']);
  });

  it('leaves no link to a tenant that is deleted while it is made', async () => {
    const checkouts = world.server.context.db.getRepository(Checkout);
    for (let n = 0; n < 8; n += 1) {
      const { id } = await aTenant(world.server.context);
      const [bought, removed] = await Promise.all([
        admin.post(`/api/tenants/${id}/buy-link`).send({ planId: 'starter' }),
        admin.delete(`/api/tenants/${id}`),
      ]);
      expect([bought.status, removed.status].every((status) => [200, 409].includes(status))).toBe(true);
      const gone = (await admin.get(`/api/tenants/${id}`)).body.status === 'deleted';
      expect(gone && (await checkouts.existsBy({ tenantId: id, status: 'open' }))).toBe(false);
    }
  });

  it('goes on, asked again, from where Stripe fell silent between several subscriptions', async () => {
    const { id, customerId, subscriptionId } = await world.paying();
    const items = [{ price: world.prices.business }];
    const { id: second } = await world.stripe.subscriptions.create({ customer: customerId, items });
    world.front.lose('DELETE /v1/subscriptions/', 1, { thenSilent: true });
    await admin.delete(`/api/tenants/${id}`).send({ cancel: 'now' }).expect(503);
    world.calmDown();
    const statuses = async () => [(await statusOf(subscriptionId)).status, (await statusOf(second)).status].sort();
    expect(await statuses()).toEqual(['active', 'canceled']);
    expect((await admin.get(`/api/tenants/${id}`)).body.status).toBe('active');
    await admin.delete(`/api/tenants/${id}`).send({ cancel: 'now' }).expect(200);
    expect(await statuses()).toEqual(['canceled', 'canceled']);
    expect((await admin.get(`/api/tenants/${id}`)).body).toMatchObject({ status: 'deleted', planId: 'free' });
  });

  it('deletes nothing while Stripe is away, nor for a word it does not know', async () => {
    const { id, subscriptionId } = await world.paying();
    await admin
      .delete(`/api/tenants/${id}`)
      .send({ cancel: 'never' })
      .expect(400, /period-end/);
    world.standIn.world.faults.failNext = 20;
    await admin.delete(`/api/tenants/${id}`).expect(503);
    world.standIn.world.faults.failNext = 0;
    expect((await admin.get(`/api/tenants/${id}`)).body.status).toBe('active');
    expect(await statusOf(subscriptionId)).toMatchObject({ status: 'active', cancel_at_period_end: false });
  });
});
