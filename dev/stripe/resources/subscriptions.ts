import type Stripe from 'stripe';
import { z } from 'zod';
import { cancelNow, hasEnded } from '../billing/cancel';
import { customerOf, recurringPrice, subscriptionOf } from '../billing/lookup';
import { pauseSubscription, resumeSubscription } from '../billing/pause';
import { currentPeriod } from '../billing/period';
import { subscribe } from '../billing/subscribe';
import { invalidRequest, noSuch } from '../errors';
import { endpoint } from '../http/endpoint';
import { listInOrder, listOf } from '../http/list';
import { expand, flag, inRange, integer, mergeMetadata, metadata, oneOf, paging, range, text } from '../params/fields';
import { asTrialSettings, cancelAt, prorationBehavior, shared, updateParams } from './subscription-params';
import { requireFuture, updateSubscription } from './subscription-update';

const STATUSES = [
  'active',
  'all',
  'canceled',
  'ended',
  'incomplete',
  'incomplete_expired',
  'past_due',
  'paused',
  'trialing',
  'unpaid',
] as const;

const newItem = z.strictObject({ price: text, quantity: integer.optional(), metadata: metadata.optional() });

/** `/v1/subscriptions` */
export const subscriptions = [
  endpoint(
    'post',
    '/subscriptions',
    {
      ...shared,
      cancel_at: cancelAt.optional(),
      customer: text,
      items: z.array(newItem).min(1).max(20),
      trial_period_days: integer.optional(),
    },
    ({ world, params }) => {
      const now = world.now();
      if (
        params.default_payment_method !== undefined &&
        !world.state.paymentMethods.has(params.default_payment_method)
      ) {
        throw noSuch('PaymentMethod', params.default_payment_method, 'default_payment_method');
      }
      requireFuture(world, params);
      if (params.trial_end !== undefined && params.trial_period_days !== undefined) {
        throw invalidRequest('You may only specify one of these parameters: trial_end, trial_period_days.');
      }
      const days = params.trial_period_days;
      const trialEnd = typeof params.trial_end === 'number' ? params.trial_end : days ? now + days * 86_400 : null;
      return subscribe(world, {
        customer: params.customer,
        items: params.items.map((item, index) => ({
          price: recurringPrice(world, item.price, `items[${index}][price]`),
          quantity: item.quantity ?? 1,
          metadata: mergeMetadata(null, item.metadata),
        })),
        metadata: mergeMetadata(null, params.metadata),
        description: params.description ?? null,
        defaultPaymentMethod: params.default_payment_method ?? null,
        collectionMethod: params.collection_method ?? 'charge_automatically',
        daysUntilDue: params.days_until_due ?? null,
        trialEnd,
        paymentBehavior: params.payment_behavior ?? 'allow_incomplete',
        cancelAt: typeof params.cancel_at === 'string' ? 'period_end' : (params.cancel_at ?? null),
        cancelAtPeriodEnd: params.cancel_at_period_end ?? false,
        ...(params.trial_settings ? { trialSettings: asTrialSettings(params.trial_settings) } : {}),
      });
    },
  ),

  endpoint(
    'get',
    '/subscriptions',
    {
      ...paging,
      collection_method: oneOf(['charge_automatically', 'send_invoice']).optional(),
      created: range.optional(),
      current_period_end: range.optional(),
      current_period_start: range.optional(),
      customer: text.optional(),
      price: text.optional(),
      status: oneOf(STATUSES).optional(),
    },
    ({ world, params }) => {
      const { customer } = params;
      if (customer !== undefined && !world.state.deletedCustomers.has(customer))
        customerOf(world, customer, 'customer');
      return listOf(world.state.subscriptions, 'subscription', '/v1/subscriptions', params, {
        group: customer,
        where: (one) =>
          hasStatus(one, params.status) &&
          (params.price === undefined || one.items.data.some((item) => item.price.id === params.price)) &&
          (params.collection_method === undefined || one.collection_method === params.collection_method) &&
          inRange(currentPeriod(one).start, params.current_period_start) &&
          inRange(currentPeriod(one).end, params.current_period_end),
      });
    },
  ),

  endpoint('get', '/subscriptions/:id', expand, ({ world, id }) => subscriptionOf(world, id)),

  endpoint('post', '/subscriptions/:id', updateParams, ({ world, id, params }) =>
    updateSubscription(world, subscriptionOf(world, id), params),
  ),

  endpoint(
    'delete',
    '/subscriptions/:id',
    {
      ...expand,
      cancellation_details: updateParams.cancellation_details,
      invoice_now: flag.optional(),
      prorate: flag.optional(),
    },
    ({ world, id, params }) => {
      const subscription = subscriptionOf(world, id);
      // Stripe says of an ended subscription that there is no such thing to cancel.
      if (hasEnded(subscription)) throw noSuch('subscription', id);
      if (params.cancellation_details && subscription.cancellation_details) {
        subscription.cancellation_details.comment = params.cancellation_details.comment ?? null;
        subscription.cancellation_details.feedback = params.cancellation_details.feedback ?? null;
      }
      return cancelNow(world, subscription, 'cancellation_requested', {
        invoiceNow: params.invoice_now ?? false,
        prorate: params.prorate ?? false,
      });
    },
  ),

  endpoint(
    'post',
    '/subscriptions/:id/resume',
    {
      ...expand,
      billing_cycle_anchor: z.strictObject({ type: oneOf(['now', 'unchanged']) }).optional(),
      payment_behavior: oneOf(['resume_on_payment_attempt', 'resume_on_payment_success']).optional(),
      proration_behavior: prorationBehavior.optional(),
    },
    ({ world, id, params }) =>
      resumeSubscription(world, subscriptionOf(world, id), {
        restarts: params.billing_cycle_anchor?.type !== 'unchanged',
        onlyIfPaid: params.payment_behavior === 'resume_on_payment_success',
        prorates: params.proration_behavior !== 'none',
      }),
  ),

  endpoint(
    'post',
    '/subscriptions/:id/pause',
    {
      ...expand,
      bill_for: z
        .strictObject({
          outstanding_usage_through: z.strictObject({ type: oneOf(['none', 'now']) }).optional(),
          unused_time_from: z.strictObject({ type: oneOf(['none', 'now']) }).optional(),
        })
        .optional(),
      invoicing_behavior: oneOf(['invoice', 'pending_invoice_item']).optional(),
      type: oneOf(['subscription']).optional(),
    },
    ({ world, id, params }) =>
      pauseSubscription(world, subscriptionOf(world, id), {
        credits: params.bill_for?.unused_time_from?.type !== 'none',
        invoiceNow: params.invoicing_behavior === 'invoice',
      }),
  ),
];

/** `/v1/subscription_items` */
export const subscriptionItems = [
  endpoint('get', '/subscription_items', { ...paging, subscription: text }, ({ world, params }) => {
    const subscription = subscriptionOf(world, params.subscription, 'subscription');
    return listInOrder(subscription.items.data, 'subscription_item', '/v1/subscription_items', params);
  }),
  endpoint('get', '/subscription_items/:id', expand, ({ world, id }) => {
    const items = world.state.subscriptions.all().flatMap((subscription) => subscription.items.data);
    const item = items.find((one) => one.id === id);
    if (!item) throw noSuch('subscription_item', id);
    return item;
  }),
];

/** Without a status, Stripe hides the canceled ones; `ended` means canceled or never paid. */
function hasStatus(one: Stripe.Subscription, wanted: (typeof STATUSES)[number] | undefined): boolean {
  if (wanted === undefined) return one.status !== 'canceled';
  if (wanted === 'all') return true;
  return wanted === 'ended' ? hasEnded(one) : one.status === wanted;
}
