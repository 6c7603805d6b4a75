import type Stripe from 'stripe';
import { z } from 'zod';
import { deleteCustomer } from '../billing/cancel';
import { customerOf } from '../billing/lookup';
import { invalidRequest, noSuch } from '../errors';
import { endpoint } from '../http/endpoint';
import { listOf } from '../http/list';
import { buildCustomer } from '../objects/catalogue';
import { buildPaymentMethod, isTestCard } from '../objects/payment-method';
import { clearableText, expand, mergeMetadata, metadata, paging, range, text } from '../params/fields';
import { idOf } from '../store/json';
import type { World } from '../world';

const changeable = {
  ...expand,
  description: clearableText.optional(),
  email: clearableText.optional(),
  invoice_settings: z.strictObject({ default_payment_method: clearableText.optional() }).optional(),
  metadata: metadata.optional(),
  name: clearableText.optional(),
  phone: clearableText.optional(),
};

/** `/v1/customers` */
export const customers = [
  endpoint('post', '/customers', { ...changeable, payment_method: text.optional() }, ({ world, params }) => {
    requireEmail(params.email);
    const customer = buildCustomer({
      created: world.now(),
      description: params.description ?? null,
      email: params.email ?? null,
      name: params.name ?? null,
      phone: params.phone ?? null,
      metadata: mergeMetadata(null, params.metadata),
    });
    if (params.payment_method !== undefined) {
      const method = attachPaymentMethod(world, params.payment_method, customer);
      const wanted = params.invoice_settings?.default_payment_method;
      if (wanted === params.payment_method || wanted === method.id) {
        customer.invoice_settings.default_payment_method = method.id;
      }
    } else if (params.invoice_settings?.default_payment_method) {
      throw noSuch(
        'PaymentMethod',
        params.invoice_settings.default_payment_method,
        'invoice_settings[default_payment_method]',
      );
    }
    world.state.customers.put(customer);
    world.emit('customer.created', customer);
    return customer;
  }),

  endpoint('get', '/customers', { ...paging, created: range.optional(), email: text.optional() }, ({ world, params }) =>
    listOf(world.state.customers, 'customer', '/v1/customers', params, {
      where: (one) => params.email === undefined || one.email === params.email,
    }),
  ),

  endpoint('get', '/customers/:id', expand, ({ world, id }): Stripe.Customer | Stripe.DeletedCustomer =>
    world.state.deletedCustomers.has(id) ? { id, object: 'customer', deleted: true } : customerOf(world, id),
  ),

  endpoint('post', '/customers/:id', changeable, ({ world, id, params }) => {
    const customer = customerOf(world, id);
    requireEmail(params.email);
    const card = params.invoice_settings?.default_payment_method;
    if (card && idOf(world.state.paymentMethods.get(card)?.customer) !== id) {
      throw noSuch('PaymentMethod', card, 'invoice_settings[default_payment_method]');
    }
    return world.change(world.state.customers, customer, 'customer.updated', (changed) => {
      if (params.description !== undefined) changed.description = params.description;
      if (params.email !== undefined) changed.email = params.email;
      if (params.name !== undefined) changed.name = params.name;
      if (params.phone !== undefined) changed.phone = params.phone;
      if (params.metadata !== undefined) changed.metadata = mergeMetadata(changed.metadata, params.metadata);
      if (card !== undefined) changed.invoice_settings.default_payment_method = card;
    });
  }),

  endpoint('delete', '/customers/:id', {}, ({ world, id }) => deleteCustomer(world, customerOf(world, id))),
];

/**
 * Attaches a payment method to a customer: one of Stripe's test cards (`pm_card_visa`, …) makes a new one.
 * @throws StripeApiError where there is no such payment method
 */
export function attachPaymentMethod(world: World, token: string, customer: Stripe.Customer): Stripe.PaymentMethod {
  const method = isTestCard(token)
    ? buildPaymentMethod({
        created: world.now(),
        customer: customer.id,
        card: token,
        email: customer.email,
        name: customer.name ?? null,
      })
    : world.state.paymentMethods.get(token);
  if (!method) throw noSuch('PaymentMethod', token, 'payment_method');
  method.customer = customer.id;
  world.state.paymentMethods.put(method);
  world.emit('payment_method.attached', method);
  return method;
}

/** Takes a payment method from its customer; whatever was charged to it has no card any more. */
export function detachPaymentMethod(world: World, method: Stripe.PaymentMethod): Stripe.PaymentMethod {
  const customer = world.state.customers.get(idOf(method.customer) ?? '');
  if (!customer) {
    throw invalidRequest('The payment method you provided is not attached to a customer so detachment is impossible.');
  }
  method.customer = null;
  world.state.paymentMethods.put(method);
  world.emit('payment_method.detached', method);
  for (const subscription of world.state.subscriptions.inGroup(customer.id)) {
    if (subscription.default_payment_method === method.id) subscription.default_payment_method = null;
  }
  if (customer.invoice_settings.default_payment_method === method.id) {
    world.change(world.state.customers, customer, 'customer.updated', (changed) => {
      changed.invoice_settings.default_payment_method = null;
    });
  }
  return method;
}

function requireEmail(email: string | null | undefined): void {
  if (email && !/^[^\s@]+@[^\s@]+$/.test(email)) {
    throw invalidRequest(`Invalid email address: ${email}`, { code: 'email_invalid', param: 'email' });
  }
}
