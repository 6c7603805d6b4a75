import { randomBytes } from 'node:crypto';
import { Finding } from '../../server/billing/finding.entity';
import { PlanChange } from '../../server/billing/plan-change.entity';
import { StripeEvent } from '../../server/billing/stripe-event.entity';
import { OutboxRow } from '../../server/jobs/outbox.entity';
import { aCustomer } from '../support/factories';
import { type SignedIn, startServer, type TestServer } from '../support/server';

let server: TestServer;
let admin: SignedIn;
let support: SignedIn;
let viewer: SignedIn;
beforeAll(async () => {
  server = await startServer();
  admin = await server.signIn('admin');
  support = await server.signIn('support');
  viewer = await server.signIn('viewer');
});
afterAll(() => server.close());

const rows = () => server.context.db.getRepository(StripeEvent);
const payload = {
  id: 'evt_1',
  type: 'invoice.paid',
  data: { object: { id: 'in_1', status: 'paid', customer_email: 'ada@example.com', client_secret: 'pi_1_secret_x' } },
};

async function anEvent(given: Partial<StripeEvent> = {}): Promise<StripeEvent> {
  const id = `evt_${randomBytes(6).toString('hex')}`;
  const customerId = given.customerId === undefined ? (await aCustomer(server.context)).id : given.customerId;
  const now = server.context.now();
  const row = {
    type: 'invoice.paid',
    livemode: false,
    createdAt: now,
    receivedAt: now,
    payload,
    ...given,
    id,
    customerId,
  };
  await rows().insert(row as object);
  return rows().findOneByOrFail({ id });
}

describe('the payload of an event', () => {
  it('is shown to admins and support with secrets and personal data masked', async () => {
    const { id } = await anEvent();
    for (const { agent } of [admin, support]) {
      const { body } = await agent.get(`/api/stripe-events/${id}`).expect(200);
      expect(body).toMatchObject({ id, payloadState: 'masked' });
      expect(body.payload.data.object).toEqual({
        id: 'in_1',
        status: 'paid',
        customer_email: '••••',
        client_secret: '••••',
      });
    }
  });

  it('is not for viewers, who see all else', async () => {
    const { id } = await anEvent();
    const { body } = await viewer.agent.get(`/api/stripe-events/${id}`).expect(200);
    expect(body).toMatchObject({ id, type: 'invoice.paid', payloadState: 'hidden', payload: null });
  });

  it('is told to be deleted once its time is over', async () => {
    const { id } = await anEvent({ payload: null });
    expect((await admin.agent.get(`/api/stripe-events/${id}`).expect(200)).body.payloadState).toBe('deleted');
  });

  it('is in no list', async () => {
    const { id } = await anEvent();
    const { body } = await admin.agent
      .get('/api/stripe-events')
      .query({ filter: JSON.stringify({ id }) })
      .expect(200);
    expect(body[0]).not.toHaveProperty('payload');
  });
});

describe('what an event led to', () => {
  it('are its plan changes, the findings that it closed, its replays and the tenant', async () => {
    const event = await anEvent();
    const { tenantId } = (
      await server.context.db.query('SELECT tenantId FROM stripe_customers WHERE id = ?', [event.customerId])
    )[0];
    const now = server.context.now();
    const change = {
      id: `pch_${event.id}`,
      tenantId,
      fromPlanId: null,
      toPlanId: 'free',
      source: 'base',
      reason: 'Because.',
    };
    await server.context.db
      .getRepository(PlanChange)
      .insert({ ...change, eventId: event.id, actorType: 'stripe', actorName: 'Stripe', at: now } as object);
    const finding = {
      kind: 'past-due',
      cause: 'payment-overdue',
      severity: 'warning',
      summary: 'Overdue.',
      firstSeenAt: now,
      lastSeenAt: now,
    };
    const findings = server.context.db.getRepository(Finding);
    const closed = {
      status: 'resolved',
      resolvedAt: now,
      resolvedBy: { type: 'stripe', id: null, name: 'Stripe', eventId: event.id, runId: null },
    };
    const of = { ...finding, tenantId, customerId: event.customerId };
    await findings.insert({ ...of, ...closed, id: `fnd_a${event.id}`, fingerprint: `a${event.id}` } as object);
    await findings.insert({ ...of, id: `fnd_b${event.id}`, fingerprint: `b${event.id}` } as object);
    await support.agent.post(`/api/stripe-events/${event.id}/replay`).send({}).expect(200);
    const { body } = await viewer.agent.get(`/api/stripe-events/${event.id}/consequences`).expect(200);
    expect(body.tenant).toMatchObject({ id: tenantId });
    expect(body.planChanges).toMatchObject([{ id: change.id, toPlanId: 'free' }]);
    expect(body.findingsClosed).toMatchObject([{ id: `fnd_a${event.id}` }]);
    expect(body.findingsOpen).toMatchObject([{ id: `fnd_b${event.id}` }]);
    expect(body.audit).toMatchObject([{ action: 'stripe-event.replay' }]);
  });

  it('is nothing for an event that names no customer, and 404 for none', async () => {
    const { id } = await anEvent({ customerId: null });
    const { body } = await viewer.agent.get(`/api/stripe-events/${id}/consequences`).expect(200);
    expect(body).toEqual({ tenant: null, planChanges: [], findingsClosed: [], findingsOpen: [], audit: [] });
    await viewer.agent.get('/api/stripe-events/evt_none/consequences').expect(404);
    await viewer.agent.get('/api/stripe-events/evt_none').expect(404);
    await server.anonymous().get(`/api/stripe-events/${id}/consequences`).expect(401);
  });
});

describe('the list of events', () => {
  it('is searched by an id of an event or of a customer', async () => {
    const event = await anEvent();
    const find = async (q: string) =>
      (
        await viewer.agent
          .get('/api/stripe-events')
          .query({ filter: JSON.stringify({ q }) })
          .expect(200)
      ).body.map(({ id }: { id: string }) => id);
    expect(await find(event.id)).toEqual([event.id]);
    expect(await find(event.customerId!)).toEqual([event.id]);
    expect(await find('münchen')).toEqual([]);
  });

  it('is filtered by where events came from, with an index', async () => {
    const event = await anEvent({ source: 'catch-up' });
    const filter = JSON.stringify({ source: 'catch-up' });
    const { body } = await viewer.agent.get('/api/stripe-events').query({ filter }).expect(200);
    expect(body.map(({ id }: { id: string }) => id)).toEqual([event.id]);
    const [plan] = await server.context.db.query(
      "EXPLAIN SELECT * FROM stripe_events WHERE source = 'catch-up' ORDER BY receivedAt DESC, id DESC LIMIT 25",
    );
    expect(plan.possible_keys).toContain('stripe_events_source');
  });
});

describe('events that failed for good', () => {
  it('are replayed all at once, those that fit and no others', async () => {
    const type = `test.${randomBytes(4).toString('hex')}`;
    const failed = [await anEvent({ type, status: 'failed' }), await anEvent({ type, status: 'failed' })];
    const others = [await anEvent({ type }), await anEvent({ status: 'failed' })];
    const { body } = await support.agent.post('/api/stripe-events/bulk/replay-failed').send({ type }).expect(200);
    expect(body).toEqual({ replayed: 2, left: 0 });
    for (const { id, customerId } of failed) {
      expect(await rows().findOneByOrFail({ id })).toMatchObject({ status: 'received', source: 'replay' });
      const owed = { kind: 'sync-customer', subject: customerId! };
      expect(await server.context.db.getRepository(OutboxRow).countBy(owed)).toBe(1);
    }
    expect((await rows().findOneByOrFail({ id: others[1]!.id })).status).toBe('failed');
    const again = await support.agent.post('/api/stripe-events/bulk/replay-failed').send({ type }).expect(200);
    expect(again.body).toEqual({ replayed: 0, left: 0 });
  });

  it('are not for viewers, and what is no time is refused by its name', async () => {
    const path = '/api/stripe-events/bulk/replay-failed';
    await viewer.agent.post(path).send({}).expect(403);
    await server.anonymous().post(path).send({}).expect(401);
    const { body } = await support.agent.post(path).send({ receivedFrom: 'yesterday' }).expect(400);
    expect(Object.keys(body.errors)).toEqual(['receivedFrom']);
  });
});
