import type Stripe from 'stripe';
import { z } from 'zod';
import { customerOf } from '../billing/lookup';
import { invalidRequest, noSuch } from '../errors';
import { endpoint } from '../http/endpoint';
import { listInOrder, listOf } from '../http/list';
import { expand, flag, oneOf, paging, range, text } from '../params/fields';
import { API_VERSION, type World } from '../world';
import { attachPaymentMethod, detachPaymentMethod } from './customers';

/** `/v1/payment_methods` */
export const paymentMethods = [
  endpoint(
    'get',
    '/payment_methods',
    { ...paging, customer: text.optional(), type: oneOf(['card']).optional() },
    ({ world, params }) => {
      if (params.customer !== undefined) customerOf(world, params.customer, 'customer');
      return listOf(world.state.paymentMethods, 'PaymentMethod', '/v1/payment_methods', params, {
        group: params.customer,
      });
    },
  ),
  endpoint('get', '/payment_methods/:id', expand, ({ world, id }) => paymentMethodOf(world, id)),
  endpoint('post', '/payment_methods/:id/attach', { ...expand, customer: text }, ({ world, id, params }) =>
    attachPaymentMethod(world, id, customerOf(world, params.customer, 'customer')),
  ),
  endpoint('post', '/payment_methods/:id/detach', expand, ({ world, id }) =>
    detachPaymentMethod(world, paymentMethodOf(world, id)),
  ),
  endpoint(
    'get',
    '/customers/:id/payment_methods',
    { ...paging, type: oneOf(['card']).optional() },
    ({ world, id, params }) =>
      listOf(world.state.paymentMethods, 'PaymentMethod', `/v1/customers/${id}/payment_methods`, params, {
        group: customerOf(world, id).id,
      }),
  ),
];

function paymentMethodOf(world: World, id: string): Stripe.PaymentMethod {
  const method = world.state.paymentMethods.get(id);
  if (!method) throw noSuch('PaymentMethod', id);
  return method;
}

/** So far back Stripe lists events. */
const KEPT_SECONDS = 30 * 86_400;

/** `/v1/events`: what happened in the last 30 days. */
export const events = [
  endpoint(
    'get',
    '/events',
    {
      ...paging,
      created: range.optional(),
      delivery_success: flag.optional(),
      type: text.optional(),
      types: z.array(text).max(20, 'at most 20 types').optional(),
    },
    ({ world, params }) => {
      if (params.type !== undefined && params.types !== undefined) {
        throw invalidRequest('You may only specify one of these parameters: type, types.');
      }
      const wanted = params.types ?? (params.type === undefined ? undefined : [params.type]);
      return listOf(world.state.events, 'event', '/v1/events', params, {
        where: (one) =>
          one.created > world.now() - KEPT_SECONDS &&
          (wanted === undefined || wanted.some((type) => matchesType(one.type, type))) &&
          (params.delivery_success === undefined || wasDelivered(world, one.id) === params.delivery_success),
      });
    },
  ),
  endpoint('get', '/events/:id', expand, ({ world, id }) => {
    const event = world.state.events.get(id);
    if (!event) throw noSuch('event', id);
    return event;
  }),
];

/** `/v1/webhook_endpoints`: the one that the stand-in was started with. */
export const webhookEndpoints = [
  endpoint('get', '/webhook_endpoints', paging, ({ world, params }) =>
    listInOrder(endpointsOf(world), 'webhook_endpoint', '/v1/webhook_endpoints', params),
  ),
  endpoint('get', '/webhook_endpoints/:id', expand, ({ world, id }) => {
    const found = endpointsOf(world).find((one) => one.id === id);
    if (!found) throw noSuch('webhook_endpoint', id);
    return found;
  }),
];

function endpointsOf({ options: { webhookUrl } }: World): Stripe.WebhookEndpoint[] {
  if (!webhookUrl) return [];
  return [
    {
      id: 'we_standin',
      object: 'webhook_endpoint',
      api_version: API_VERSION,
      application: null,
      created: 1,
      description: 'Given to the Stripe stand-in at its start',
      enabled_events: ['*'],
      livemode: false,
      metadata: {},
      status: 'enabled',
      url: webhookUrl,
    },
  ];
}

/** `customer.subscription.*` names a family, as in Stripe. */
const matchesType = (type: string, wanted: string): boolean =>
  wanted.endsWith('.*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted;

const wasDelivered = (world: World, eventId: string): boolean => {
  const delivery = world.state.deliveries.get(eventId);
  return delivery === undefined || delivery.state === 'delivered';
};
