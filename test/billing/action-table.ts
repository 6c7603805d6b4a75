import type Stripe from 'stripe';
import type { Test } from 'supertest';
import { operate } from '../../dev/stripe/billing/operate';
import { Finding } from '../../server/billing/finding.entity';
import { aTenant } from '../support/factories';
import type { Agent } from '../support/server';
import type { OperatorWorld } from './operator-world';

/** What an action is done to; each case makes its own. */
export interface Subject {
  id: string;
  customerId: string | null;
  subscriptionId: string | null;
  findingId?: string;
}

/** What Stripe holds of a tenant, counted: who is charged or subscribed twice shows here. */
export interface Tally {
  subscriptions: string[];
  invoices: number;
  /** In whole units of the currency: a proration counts seconds. */
  paid: number;
  openCheckouts: number;
}

export interface Action {
  name: string;
  prepare: (world: OperatorWorld, card?: string) => Promise<Subject>;
  ask: (agent: Agent, subject: Subject) => Test;
  /** The request by which Stripe changes, or is read where it need not change. */
  asks: string;
  /** Whether a card is charged for it. */
  charges?: true;
  /** Where Stripe can fail and it is done all the same: our own record is what changes. */
  withoutStripe?: true;
  /** What Stripe holds once it is done, against what it held before. */
  once: (before: Tally) => Tally;
  /** The plan that follows. */
  planId: string;
}

const reason = 'The customer asked by phone.';
const DAY = 86_400;
const seconds = () => Math.floor(Date.now() / 1000);
const farOff = new Date((seconds() + 40 * DAY) * 1000).toISOString();

const paying =
  (given: () => Partial<Stripe.SubscriptionCreateParams> = () => ({})): Action['prepare'] =>
  (world, card) =>
    world.paying(given(), card);

const onTenant =
  (verb: string, body: object): Action['ask'] =>
  (agent, { id, subscriptionId }) =>
    agent.post(`/api/tenants/${id}/${verb}`).send({ ...body, ...(subscriptionId ? { subscriptionId } : {}) });

const repairing =
  (body: (subject: Subject) => object = () => ({})): Action['ask'] =>
  (agent, subject) =>
    agent.post(`/api/findings/${subject.findingId}/repair`).send(body(subject));

const same = (before: Tally): Tally => before;
const state =
  (told: string): Action['once'] =>
  (before) => ({ ...before, subscriptions: [told] });

/** A customer that pays for Starter, of nobody yet. */
async function orphan({ stripe, prices }: OperatorWorld, price = prices.starter) {
  const { id: customerId } = await stripe.customers.create({
    payment_method: 'pm_card_visa',
    invoice_settings: { default_payment_method: 'pm_card_visa' },
  });
  const { id: subscriptionId } = await stripe.subscriptions.create({ customer: customerId, items: [{ price }] });
  return { customerId, subscriptionId };
}

async function findingOf({ server, admin }: OperatorWorld, kind: string, customerId: string, tenantId?: string) {
  if (tenantId) await admin.post(`/api/tenants/${tenantId}/link-customer`).send({ stripeCustomerId: customerId });
  const { id } = await server.context.db.getRepository(Finding).findOneByOrFail({ kind, customerId } as object);
  return id;
}

async function unmapped(world: OperatorWorld): Promise<Subject> {
  const { id } = await aTenant(world.server.context);
  const { id: product } = await world.stripe.products.create({ name: 'Odd' });
  const recurring = { interval: 'month' } as const;
  const { id: price } = await world.stripe.prices.create({ product, currency: 'eur', unit_amount: 900, recurring });
  const made = await orphan(world, price);
  return { id, ...made, findingId: await findingOf(world, 'unknown-price', made.customerId, id) };
}

async function superseded(world: OperatorWorld): Promise<Subject> {
  const made = await world.paying();
  operate(world.standIn.world, world.standIn.world.state.subscriptions.get(made.subscriptionId)!, 'fail');
  const items = [{ price: world.prices.starter }];
  await world.stripe.subscriptions.create({ customer: made.customerId, items });
  return { ...made, findingId: await findingOf(world, 'superseded-subscription', made.customerId, made.id) };
}

async function unlinkedFinding(world: OperatorWorld): Promise<Subject> {
  const made = await world.paying();
  await world.admin
    .post(`/api/tenants/${made.id}/unlink-customer`)
    .send({ stripeCustomerId: made.customerId })
    .expect(200);
  return { ...made, findingId: await findingOf(world, 'orphan-subscription', made.customerId) };
}

export const ACTIONS: Action[] = [
  {
    name: 'buy-link',
    prepare: async ({ server }) => ({ ...(await aTenant(server.context)), customerId: null, subscriptionId: null }),
    ask: onTenant('buy-link', { planId: 'starter' }),
    asks: 'POST /v1/checkout/sessions',
    once: (before) => ({ ...before, openCheckouts: 1 }),
    planId: 'free',
  },
  {
    name: 'change-plan',
    prepare: paying(),
    ask: onTenant('change-plan', { planId: 'business', reason }),
    asks: 'POST /v1/subscriptions/',
    charges: true,
    once: (before) => ({ ...before, subscriptions: ['active 4900'], invoices: before.invoices + 1, paid: 49 }),
    planId: 'business',
  },
  {
    name: 'cancel-subscription now',
    prepare: paying(),
    ask: onTenant('cancel-subscription', { at: 'now', reason }),
    asks: 'DELETE /v1/subscriptions/',
    once: state('canceled 1900'),
    planId: 'free',
  },
  {
    name: 'cancel-subscription at the period’s end',
    prepare: paying(),
    ask: onTenant('cancel-subscription', { at: 'period-end', reason }),
    asks: 'POST /v1/subscriptions/',
    once: state('active 1900, ends'),
    planId: 'starter',
  },
  {
    name: 'resume-subscription',
    prepare: paying(() => ({ cancel_at_period_end: true })),
    ask: onTenant('resume-subscription', {}),
    asks: 'POST /v1/subscriptions/',
    once: state('active 1900'),
    planId: 'starter',
  },
  {
    name: 'extend-trial',
    prepare: paying(() => ({ trial_end: seconds() + 3 * DAY })),
    ask: onTenant('extend-trial', { until: farOff, reason }),
    asks: 'POST /v1/subscriptions/',
    once: state(`trialing 1900 until ${farOff}`),
    planId: 'starter',
  },
  {
    name: 'link-customer',
    async prepare(world) {
      return { id: (await aTenant(world.server.context)).id, ...(await orphan(world)) };
    },
    ask: (agent, { id, customerId }) =>
      agent.post(`/api/tenants/${id}/link-customer`).send({ stripeCustomerId: customerId }),
    asks: 'GET /v1/customers/',
    once: same,
    planId: 'starter',
  },
  {
    name: 'unlink-customer',
    prepare: paying(),
    ask: (agent, { id, customerId }) =>
      agent.post(`/api/tenants/${id}/unlink-customer`).send({ stripeCustomerId: customerId }),
    asks: 'GET /v1/customers/',
    withoutStripe: true,
    once: same,
    planId: 'free',
  },
  {
    name: 'delete, its subscription with its period',
    prepare: paying(),
    ask: (agent, { id }) => agent.delete(`/api/tenants/${id}`),
    asks: 'POST /v1/subscriptions/',
    once: state('active 1900, ends'),
    planId: 'starter',
  },
  {
    name: 'delete, its subscription now',
    prepare: paying(),
    ask: (agent, { id }) => agent.delete(`/api/tenants/${id}`).send({ cancel: 'now' }),
    asks: 'DELETE /v1/subscriptions/',
    once: state('canceled 1900'),
    planId: 'free',
  },
  {
    name: 'repair: cancel what is superseded',
    prepare: superseded,
    ask: repairing(),
    asks: 'DELETE /v1/subscriptions/',
    once: (before) => ({ ...before, subscriptions: ['active 1900', 'canceled 1900'] }),
    planId: 'starter',
  },
  {
    name: 'repair: map a price',
    prepare: unmapped,
    ask: repairing(() => ({ planId: 'odd' })),
    asks: 'GET /v1/customers/',
    withoutStripe: true,
    once: same,
    planId: 'odd',
  },
  {
    name: 'repair: link an orphan',
    prepare: unlinkedFinding,
    ask: repairing(({ id }) => ({ tenantId: id })),
    asks: 'GET /v1/customers/',
    once: same,
    planId: 'starter',
  },
];

const told = ({ status, items, cancel_at_period_end: ends, trial_end: trial }: Stripe.Subscription): string => {
  const until = status === 'trialing' ? ` until ${new Date(trial! * 1000).toISOString()}` : '';
  return `${status} ${items.data[0]!.price.unit_amount}${until}${ends ? ', ends' : ''}`;
};

/** What the stand-in holds for a subject, read from its state and not through the API that is in trouble. */
export function tally({ standIn }: OperatorWorld, { id, customerId }: Subject): Tally {
  const { subscriptions, invoices, checkoutSessions } = standIn.world.state;
  const sessions = checkoutSessions.all().filter((one) => one.client_reference_id === id);
  const customers = [customerId, ...sessions.map(({ customer }) => customer)];
  const invoiced = invoices.all().filter(({ customer }) => customers.includes(customer as string));
  return {
    subscriptions: subscriptions
      .all()
      .filter(({ customer }) => customers.includes(customer as string))
      .map(told)
      .sort(),
    invoices: invoiced.length,
    paid: Math.round(invoiced.reduce((sum, { amount_paid: amount }) => sum + amount, 0) / 100),
    openCheckouts: sessions.filter(({ status }) => status === 'open').length,
  };
}
