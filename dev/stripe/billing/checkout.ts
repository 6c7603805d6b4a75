import type Stripe from 'stripe';
import { invalidRequest } from '../errors';
import { buildCustomer } from '../objects/catalogue';
import { buildPaymentMethod } from '../objects/payment-method';
import { idOf } from '../store/json';
import type { World } from '../world';
import { subscribe } from './subscribe';

/**
 * Completes an open checkout session as if the card had been accepted: the payment method, the customer where the
 * session had only an email, the subscription and its paid invoice.
 * @returns where the browser goes next
 * @throws StripeApiError where the session is not open
 */
export function completeCheckout(world: World, session: Stripe.Checkout.Session): string {
  const plan = world.state.checkoutPlans.get(session.id);
  if (session.status !== 'open' || !plan) {
    throw invalidRequest(`This checkout session is ${session.status}: nothing can be paid on it.`);
  }
  const customer = customerFor(world, session);
  const method = attachCard(world, customer);
  const subscription = subscribe(world, {
    customer: customer.id,
    items: plan.lineItems.flatMap((line) => (line.price ? [{ price: line.price, quantity: line.quantity ?? 1 }] : [])),
    metadata: plan.subscriptionMetadata,
    description: plan.subscriptionDescription,
    defaultPaymentMethod: method.id,
    trialEnd: plan.trialEnd,
  });
  const url = session.success_url ?? '';
  session.status = 'complete';
  session.payment_status = subscription.status === 'trialing' ? 'no_payment_required' : 'paid';
  session.customer = customer.id;
  session.customer_details = {
    address: null,
    business_name: null,
    email: customer.email,
    individual_name: customer.name ?? null,
    name: customer.name ?? null,
    phone: null,
    tax_exempt: 'none',
    tax_ids: [],
  };
  session.subscription = subscription.id;
  session.invoice = idOf(subscription.latest_invoice);
  session.url = null;
  world.state.checkoutSessions.put(session);
  world.emit('checkout.session.completed', session);
  return url.replaceAll('{CHECKOUT_SESSION_ID}', session.id);
}

/** Notes a refused card on the session's page; the session stays open. */
export function declineCheckout(world: World, session: Stripe.Checkout.Session): void {
  const plan = world.state.checkoutPlans.get(session.id);
  if (session.status !== 'open' || !plan) {
    throw invalidRequest(`This checkout session is ${session.status}: nothing can be paid on it.`);
  }
  plan.lastDecline = 'Your card was declined. Try another card.';
  world.onChange();
}

function customerFor(world: World, session: Stripe.Checkout.Session): Stripe.Customer {
  const id = idOf(session.customer);
  const known = id === null ? undefined : world.state.customers.get(id);
  if (known) return known;
  const made = buildCustomer({ created: world.now(), email: session.customer_email, name: null });
  world.state.customers.put(made);
  world.emit('customer.created', made);
  return made;
}

function attachCard(world: World, customer: Stripe.Customer): Stripe.PaymentMethod {
  const { id, email, name } = customer;
  const method = buildPaymentMethod({ created: world.now(), customer: id, email, name: name ?? null });
  world.state.paymentMethods.put(method);
  world.emit('payment_method.attached', method);
  return method;
}
