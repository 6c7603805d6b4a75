import { randomBytes } from 'node:crypto';
import { systemActor } from '../../server/audit/actor';
import { stripeCause } from '../../server/billing/cause';
import { replayEvent } from '../../server/billing/replay-event';
import { StripeEvent } from '../../server/billing/stripe-event.entity';
import { syncCustomer } from '../../server/billing/sync-customer';
import { inTransaction } from '../../server/db/transaction';
import { OutboxRow } from '../../server/jobs/outbox.entity';
import { type BillingWorld, billingWorld } from './billing-world';

let world: BillingWorld;
beforeAll(async () => {
  world = await billingWorld();
});
afterAll(() => world.close());

const unique = () => randomBytes(6).toString('hex');

function anEvent(given: Record<string, unknown> = {}) {
  const id = `evt_${unique()}`;
  const object = { object: 'subscription', id: `sub_${unique()}`, customer: `cus_${unique()}` };
  return {
    id,
    object: 'event',
    api_version: '2026-10-28.endive',
    created: Math.floor(Date.now() / 1000),
    livemode: false,
    type: 'customer.subscription.updated',
    data: { object },
    ...given,
  };
}

async function send(payload: string, secret = 'whsec_tenantry') {
  const signature = world.stripe.webhooks.generateTestHeaderString({ payload, secret });
  return fetch(world.webhookUrl, {
    method: 'POST',
    body: payload,
    headers: { 'content-type': 'application/json', 'stripe-signature': signature },
  });
}

const stored = (id: string) => world.context.db.getRepository(StripeEvent).findOneBy({ id });
const owed = (subject: string) =>
  world.context.db.getRepository(OutboxRow).countBy({ kind: 'sync-customer', subject, status: 'open' });

describe('POST /webhooks/stripe', () => {
  it('stores a signed event and owes the sync of its customer', async () => {
    const event = anEvent();
    const answer = await send(JSON.stringify(event));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ received: true });
    expect(await stored(event.id)).toMatchObject({
      status: 'received',
      source: 'webhook',
      customerId: event.data.object.customer,
    });
    expect(await owed(event.data.object.customer)).toBe(1);
  });

  it('takes the same event twice, at once too, and owes one sync', async () => {
    const event = anEvent();
    const body = JSON.stringify(event);
    const answers = await Promise.all([send(body), send(body), send(body)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await owed(event.data.object.customer)).toBe(1);
  });

  it.each([
    ['of a type that changes no plan', { type: 'product.updated' }],
    ['without a customer', { data: { object: { object: 'invoice', id: 'in_1', customer: null } } }],
    ['of the other mode', { livemode: true }],
  ])('keeps an event %s, and does nothing', async (_name, given) => {
    const event = anEvent(given);
    expect((await send(JSON.stringify(event))).status).toBe(200);
    expect(await stored(event.id)).toMatchObject({ status: 'ignored', error: expect.any(String) });
  });

  it('refuses a wrong signature, and a missing one, and stores nothing', async () => {
    const event = anEvent();
    expect((await send(JSON.stringify(event), 'whsec_other')).status).toBe(400);
    const bare = await fetch(world.webhookUrl, { method: 'POST', body: JSON.stringify(event) });
    expect(bare.status).toBe(400);
    expect(bare.headers.get('content-type')).toContain('application/problem+json');
    expect(await stored(event.id)).toBeNull();
  });
});

describe('a stored event', () => {
  it('is processed by the next reading of its customer, and can be replayed', async () => {
    const { context, stripe, standIn } = world;
    // Else the stand-in's own customer.created may come between the reading and the count of what is owed.
    standIn.world.faults.dropWebhooks = true;
    const customer = await stripe.customers.create({ name: 'Someone' });
    standIn.world.faults.dropWebhooks = false;
    const event = anEvent({ data: { object: { object: 'customer', id: customer.id } }, type: 'customer.updated' });
    await send(JSON.stringify(event));
    await syncCustomer(context, stripe, customer.id, stripeCause);
    expect(await stored(event.id)).toMatchObject({ status: 'processed', attempts: 1 });
    expect(await owed(customer.id)).toBe(0);
    await inTransaction(context.db, (tx) => replayEvent(tx, context, systemActor, event.id));
    expect(await stored(event.id)).toMatchObject({ status: 'received', source: 'replay' });
    expect(await owed(customer.id)).toBe(1);
  });
});
