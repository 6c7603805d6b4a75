import type Stripe from 'stripe';
import { createStandIn, type StandIn } from '../../dev/stripe';
import { stripeOf } from '../../server/stripe/client';
import { aPlan, aTenant } from '../support/factories';
import { type Agent, startServer, type TestServer } from '../support/server';
import { LossyFront } from './lossy-front';

export interface Paying {
  id: string;
  customerId: string;
  subscriptionId: string;
}

export interface OperatorWorld {
  standIn: StandIn;
  /** What stands between us and the stand-in, to lose answers and turn requests away. */
  front: LossyFront;
  server: TestServer;
  stripe: Stripe;
  admin: Agent;
  support: Agent;
  viewer: Agent;
  prices: { starter: string; business: string };
  /** A tenant on Starter with two seats, its customer linked and read; `card` pays from then on. */
  paying: (given?: Partial<Stripe.SubscriptionCreateParams>, card?: string) => Promise<Paying>;
  /** All trouble is over. */
  calmDown: () => void;
  close: () => Promise<void>;
}

/** What the customer pays with from now on. */
export async function payBy(stripe: Stripe, customer: string, card: string): Promise<void> {
  const { id } = await stripe.paymentMethods.attach(card, { customer });
  await stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } });
}

/** The operator API before a stand-in of Stripe, with two paid plans and an operator of each role. */
export async function operatorWorld(): Promise<OperatorWorld> {
  const standIn = createStandIn({
    secretKey: 'sk_test_tenantry',
    webhookSecret: 'whsec_tenantry',
    searchLagSeconds: 0,
  });
  const { url } = await standIn.start();
  const front = await LossyFront.before(url);
  const server = await startServer({ STRIPE_API_BASE: front.url });
  const [{ agent: admin }, { agent: support }, { agent: viewer }] = [
    await server.signIn('admin'),
    await server.signIn('support'),
    await server.signIn('viewer'),
  ];
  const stripe = stripeOf(server.context.config);
  const { id: product } = await stripe.products.create({ name: 'Product' });
  const price = async (unit_amount: number) =>
    (await stripe.prices.create({ product, currency: 'eur', unit_amount, recurring: { interval: 'month' } })).id;
  const prices = { starter: await price(1900), business: await price(4900) };
  await aPlan(server.context, { id: 'starter', rank: 10, seatLimit: 2, stripePriceIds: [prices.starter] });
  await aPlan(server.context, { id: 'business', rank: 20, seatLimit: 10, stripePriceIds: [prices.business] });
  return {
    standIn,
    front,
    server,
    stripe,
    admin,
    support,
    viewer,
    prices,
    async paying(given = {}, card) {
      const { id } = await aTenant(server.context);
      const { id: customer } = await stripe.customers.create({
        payment_method: 'pm_card_visa',
        invoice_settings: { default_payment_method: 'pm_card_visa' },
      });
      const items = [{ price: prices.starter }];
      const { id: subscriptionId } = await stripe.subscriptions.create({ customer, items, ...given });
      if (card) await payBy(stripe, customer, card);
      await admin.post(`/api/tenants/${id}/link-customer`).send({ stripeCustomerId: customer }).expect(200);
      return { id, customerId: customer, subscriptionId };
    },
    calmDown() {
      standIn.world.calmDown();
      front.calmDown();
    },
    async close() {
      await server.close();
      await front.stop();
      await standIn.stop();
    },
  };
}
