import type Stripe from 'stripe';
import { createStandIn, type StandIn } from '../../dev/stripe';
import { stripeOf } from '../../server/stripe/client';
import { aPlan, aTenant } from '../support/factories';
import { type Agent, startServer, type TestServer } from '../support/server';

export interface OperatorWorld {
  standIn: StandIn;
  server: TestServer;
  stripe: Stripe;
  admin: Agent;
  support: Agent;
  viewer: Agent;
  prices: { starter: string; business: string };
  /** A tenant on Starter with two seats, its customer linked and read. */
  paying: (given?: Partial<Stripe.SubscriptionCreateParams>) => Promise<{
    id: string;
    customerId: string;
    subscriptionId: string;
  }>;
  close: () => Promise<void>;
}

/** The operator API before a stand-in of Stripe, with two paid plans and an operator of each role. */
export async function operatorWorld(): Promise<OperatorWorld> {
  const standIn = createStandIn({
    secretKey: 'sk_test_tenantry',
    webhookSecret: 'whsec_tenantry',
    searchLagSeconds: 0,
  });
  const { url } = await standIn.start();
  const server = await startServer({ STRIPE_API_BASE: url });
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
    server,
    stripe,
    admin,
    support,
    viewer,
    prices,
    async paying(given = {}) {
      const { id } = await aTenant(server.context);
      const { id: customer } = await stripe.customers.create({
        payment_method: 'pm_card_visa',
        invoice_settings: { default_payment_method: 'pm_card_visa' },
      });
      const items = [{ price: prices.starter }];
      const { id: subscriptionId } = await stripe.subscriptions.create({ customer, items, ...given });
      await admin.post(`/api/tenants/${id}/link-customer`).send({ stripeCustomerId: customer }).expect(200);
      return { id, customerId: customer, subscriptionId };
    },
    async close() {
      await server.close();
      await standIn.stop();
    },
  };
}
