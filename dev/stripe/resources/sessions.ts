import type Stripe from 'stripe';
import { z } from 'zod';
import { expireSession } from '../billing/cancel';
import { customerOf, productName, recurringPrice } from '../billing/lookup';
import { invalidRequest, noSuch } from '../errors';
import { endpoint } from '../http/endpoint';
import { listInOrder, listOf } from '../http/list';
import { buildCheckoutSession, buildLineItem, buildPortalSession } from '../objects/sessions';
import {
  expand,
  flag,
  integer,
  mergeMetadata,
  metadata,
  oneOf,
  paging,
  range,
  text,
  timestamp,
  url,
} from '../params/fields';
import type { World } from '../world';

const DAY = 86_400;
const SHORTEST = 30 * 60;

const subscriptionData = z.strictObject({
  description: text.optional(),
  metadata: metadata.optional(),
  trial_end: timestamp.optional(),
  trial_period_days: integer.optional(),
});

/** `/v1/checkout/sessions`, for subscriptions on the hosted page. */
export const checkoutSessions = [
  endpoint(
    'post',
    '/checkout/sessions',
    {
      ...expand,
      allow_promotion_codes: flag.optional(),
      billing_address_collection: oneOf(['auto', 'required']).optional(),
      cancel_url: url.optional(),
      client_reference_id: text.max(200).optional(),
      customer: text.optional(),
      customer_email: text.optional(),
      expires_at: timestamp.optional(),
      line_items: z
        .array(z.strictObject({ price: text, quantity: integer.optional() }))
        .min(1)
        .max(20),
      locale: text.optional(),
      metadata: metadata.optional(),
      mode: oneOf(['subscription']),
      payment_method_collection: oneOf(['always', 'if_required']).optional(),
      payment_method_types: z.array(oneOf(['card'])).optional(),
      subscription_data: subscriptionData.optional(),
      success_url: url,
      ui_mode: oneOf(['hosted_page']).optional(),
    },
    ({ world, params }) => {
      const now = world.now();
      if (params.customer !== undefined && params.customer_email !== undefined) {
        throw invalidRequest('You may only specify one of these parameters: customer, customer_email.');
      }
      if (params.customer !== undefined) customerOf(world, params.customer, 'customer');
      const expiresAt = params.expires_at ?? now + DAY;
      if (expiresAt < now + SHORTEST - 60 || expiresAt > now + DAY + 60) {
        throw invalidRequest(
          'The `expires_at` timestamp must be at least 30 minutes and less than 24 hours from Checkout Session creation.',
          { param: 'expires_at' },
        );
      }
      const lineItems = params.line_items.map((line, index) => {
        if (line.quantity === undefined) {
          throw invalidRequest(`Missing required param: line_items[${index}][quantity].`, {
            code: 'parameter_missing',
            param: `line_items[${index}][quantity]`,
          });
        }
        const price = recurringPrice(world, line.price, `line_items[${index}][price]`);
        return buildLineItem(price, line.quantity, productName(world, price));
      });
      const session = buildCheckoutSession({
        created: now,
        expiresAt,
        customer: params.customer ?? null,
        customerEmail: params.customer_email ?? null,
        clientReferenceId: params.client_reference_id ?? null,
        metadata: mergeMetadata(null, params.metadata),
        successUrl: params.success_url,
        cancelUrl: params.cancel_url ?? null,
        currency: lineItems[0]?.currency ?? 'usd',
        amount: lineItems.reduce((sum, line) => sum + line.amount_total, 0),
        locale: params.locale ?? null,
        allowPromotionCodes: params.allow_promotion_codes ?? null,
        billingAddressCollection: params.billing_address_collection ?? null,
        paymentMethodCollection: params.payment_method_collection ?? 'always',
        hostedAt: world.hostedAt,
      });
      const data = params.subscription_data;
      const days = data?.trial_period_days;
      world.state.checkoutPlans.set(session.id, {
        lineItems,
        subscriptionMetadata: mergeMetadata(null, data?.metadata),
        subscriptionDescription: data?.description ?? null,
        trialEnd: data?.trial_end ?? (days ? now + days * DAY : null),
        lastDecline: null,
      });
      return world.state.checkoutSessions.put(session);
    },
  ),

  endpoint(
    'get',
    '/checkout/sessions',
    {
      ...paging,
      created: range.optional(),
      customer: text.optional(),
      status: oneOf(['complete', 'expired', 'open']).optional(),
      subscription: text.optional(),
    },
    ({ world, params }) => {
      expireLate(world);
      return listOf(world.state.checkoutSessions, 'checkout.session', '/v1/checkout/sessions', params, {
        group: params.customer,
        where: (one) =>
          (params.status === undefined || one.status === params.status) &&
          (params.subscription === undefined || one.subscription === params.subscription),
      });
    },
  ),

  endpoint('get', '/checkout/sessions/:id', expand, ({ world, id }) => checkoutSessionOf(world, id)),

  endpoint('get', '/checkout/sessions/:id/line_items', paging, ({ world, id, params }) => {
    const lines = world.state.checkoutPlans.get(checkoutSessionOf(world, id).id)?.lineItems ?? [];
    return listInOrder(lines, 'item', `/v1/checkout/sessions/${id}/line_items`, params);
  }),

  endpoint('post', '/checkout/sessions/:id/expire', expand, ({ world, id }) => {
    const session = checkoutSessionOf(world, id);
    if (session.status !== 'open') {
      throw invalidRequest(
        `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of ${session.status}.`,
      );
    }
    return expireSession(world, session);
  }),
];

/** `/v1/billing_portal/sessions` */
export const portalSessions = [
  endpoint(
    'post',
    '/billing_portal/sessions',
    { ...expand, customer: text, locale: text.optional(), return_url: url.optional() },
    ({ world, params }) => {
      customerOf(world, params.customer, 'customer');
      const session = buildPortalSession({
        created: world.now(),
        customer: params.customer,
        returnUrl: params.return_url ?? null,
        locale: params.locale ?? null,
        hostedAt: world.hostedAt,
      });
      world.state.portalSessions.put(session);
      world.emit('billing_portal.session.created', session);
      return session;
    },
  ),
];

/** A session in its present state: one whose time has run out is expired first. @throws StripeApiError if there is none */
export function checkoutSessionOf(world: World, id: string): Stripe.Checkout.Session {
  const session = world.state.checkoutSessions.get(id);
  if (!session) throw noSuch('checkout.session', id);
  if (session.status === 'open' && session.expires_at <= world.now()) expireSession(world, session);
  return session;
}

function expireLate(world: World): void {
  for (const { id } of world.state.checkoutSessions.all()) checkoutSessionOf(world, id);
}
