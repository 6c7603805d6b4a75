import type Stripe from 'stripe';
import { invalidRequest, noSuch } from '../errors';
import { idOf } from '../store/json';
import type { World } from '../world';

/** A live customer. @throws StripeApiError if there is none, or it was deleted */
export function customerOf(world: World, id: string, param = 'id'): Stripe.Customer {
  const customer = world.state.customers.get(id);
  if (!customer) throw noSuch('customer', id, param);
  return customer;
}

/** @throws StripeApiError if there is none */
export function subscriptionOf(world: World, id: string, param = 'id'): Stripe.Subscription {
  const subscription = world.state.subscriptions.get(id);
  if (!subscription) throw noSuch('subscription', id, param);
  return subscription;
}

/** @throws StripeApiError if there is none */
export function invoiceOf(world: World, id: string, param = 'id'): Stripe.Invoice {
  const invoice = world.state.invoices.get(id);
  if (!invoice) throw noSuch('invoice', id, param);
  return invoice;
}

/** A price that a subscription may be put on: known, active and recurring. @throws StripeApiError otherwise */
export function recurringPrice(world: World, id: string, param: string): Stripe.Price {
  const price = world.state.prices.get(id);
  if (!price) throw noSuch('price', id, param);
  if (!price.active) {
    throw invalidRequest('The price specified is inactive. This field only accepts active prices.', { param });
  }
  if (!price.recurring) {
    throw invalidRequest(
      'The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.',
      { param },
    );
  }
  return price;
}

/** The name of a price's product. */
export function productName(world: World, price: Stripe.Price): string {
  return world.state.products.get(idOf(price.product))?.name ?? price.nickname ?? price.id;
}

/** The payment method that a subscription is charged to: its own, else the customer's default. */
export function paymentMethodFor(
  world: World,
  subscription: Pick<Stripe.Subscription, 'customer' | 'default_payment_method'>,
): Stripe.PaymentMethod | null {
  const own = idOf(subscription.default_payment_method);
  const customer = world.state.customers.get(idOf(subscription.customer));
  const id = own ?? idOf(customer?.invoice_settings.default_payment_method);
  return (id && world.state.paymentMethods.get(id)) || null;
}
