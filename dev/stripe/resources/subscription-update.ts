import type Stripe from 'stripe';
import { hasEnded, setCancellation } from '../billing/cancel';
import { changeItems } from '../billing/change-items';
import { currentPeriod, setPeriod } from '../billing/period';
import { renew } from '../billing/renew';
import { scheduleOf } from '../billing/schedule-end';
import { copyIntoPhase } from '../billing/schedules';
import { warnIfTrialEndsSoon } from '../billing/trial';
import { invalidRequest, noSuch } from '../errors';
import { mergeMetadata } from '../params/fields';
import type { World } from '../world';
import { asTrialSettings, PENDING_SUPPORTS, type UpdateParams } from './subscription-params';

/**
 * Changes a subscription as `POST /v1/subscriptions/:id` does.
 * @throws StripeApiError for what Stripe refuses
 */
export function updateSubscription(
  world: World,
  subscription: Stripe.Subscription,
  params: UpdateParams,
): Stripe.Subscription {
  refuseContradictions(world, subscription, params);
  const endsTrial = params.trial_end === 'now' && subscription.status === 'trialing';
  const mutate = (changed: Stripe.Subscription): void => applyFields(world, changed, params);
  if (params.items !== undefined && params.items.length > 0) {
    changeItems(
      world,
      subscription,
      {
        changes: params.items.map((item) => ({
          ...item,
          metadata: item.metadata === undefined ? undefined : mergeMetadata(null, item.metadata),
        })),
        proration: params.proration_behavior ?? 'create_prorations',
        prorationDate: params.proration_date,
        behavior: params.payment_behavior ?? 'allow_incomplete',
      },
      mutate,
    );
    copyIntoPhase(world, subscription);
  } else {
    world.changeSubscription(subscription, mutate);
  }
  if (endsTrial) renew(world, subscription);
  else warnIfTrialEndsSoon(world, subscription);
  return subscription;
}

/** @throws StripeApiError for a `cancel_at` or a `trial_end` that has passed */
export function requireFuture(world: World, params: Pick<UpdateParams, 'cancel_at' | 'trial_end'>): void {
  for (const param of ['cancel_at', 'trial_end'] as const) {
    const time = params[param];
    if (typeof time === 'number' && time <= world.now()) {
      throw invalidRequest('Invalid timestamp: must be an integer Unix timestamp in the future.', { param });
    }
  }
}

function refuseContradictions(world: World, subscription: Stripe.Subscription, params: UpdateParams): void {
  const given = Object.entries(params).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (hasEnded(subscription) && given.some((name) => !['metadata', 'cancellation_details', 'expand'].includes(name))) {
    throw invalidRequest('A canceled subscription can only update its cancellation_details and metadata.');
  }
  const schedule = scheduleOf(world, subscription);
  if (schedule && (params.cancel_at !== undefined || params.cancel_at_period_end !== undefined)) {
    throw invalidRequest(
      `The subscription is managed by the subscription schedule \`${schedule.id}\`, and updating any cancelation behavior directly is not allowed. Please update the schedule instead.`,
    );
  }
  if (params.cancel_at !== undefined && params.cancel_at_period_end !== undefined) {
    throw invalidRequest('You may only specify one of these parameters: cancel_at, cancel_at_period_end.');
  }
  requireFuture(world, params);
  if (params.payment_behavior === 'pending_if_incomplete') {
    const refused = given.find((name) => !PENDING_SUPPORTS.includes(name));
    if (refused) {
      throw invalidRequest(
        `Updating \`${refused}\` is not supported with payment_behavior=pending_if_incomplete. Make that change in a request of its own.`,
        { param: refused },
      );
    }
  }
  const card = params.default_payment_method;
  if (card !== undefined && !world.state.paymentMethods.has(card)) {
    throw noSuch('PaymentMethod', card, 'default_payment_method');
  }
}

function applyFields(world: World, changed: Stripe.Subscription, params: UpdateParams): void {
  if (params.metadata !== undefined) changed.metadata = mergeMetadata(changed.metadata, params.metadata);
  if (params.description !== undefined) changed.description = params.description;
  if (params.default_payment_method !== undefined) changed.default_payment_method = params.default_payment_method;
  if (params.collection_method !== undefined) changed.collection_method = params.collection_method;
  if (params.days_until_due !== undefined) changed.days_until_due = params.days_until_due;
  if (params.trial_settings !== undefined) changed.trial_settings = asTrialSettings(params.trial_settings);
  if (params.pause_collection !== undefined) {
    const pause = params.pause_collection;
    changed.pause_collection = pause && { behavior: pause.behavior, resumes_at: pause.resumes_at ?? null };
  }
  if (params.cancellation_details !== undefined) {
    const { comment, feedback } = params.cancellation_details;
    changed.cancellation_details = {
      feedback_option: null,
      reason: changed.cancellation_details?.reason ?? null,
      comment: comment === undefined ? (changed.cancellation_details?.comment ?? null) : comment,
      feedback: feedback === undefined ? (changed.cancellation_details?.feedback ?? null) : feedback,
    };
  }
  applyTimes(world, changed, params);
}

function applyTimes(world: World, changed: Stripe.Subscription, params: UpdateParams): void {
  const now = world.now();
  const { start, end } = currentPeriod(changed);
  if (params.trial_end === 'now' && changed.status === 'trialing') {
    changed.trial_end = now;
    changed.billing_cycle_anchor = now;
    setPeriod(changed, { start, end: now });
  } else if (typeof params.trial_end === 'number' && params.trial_end > now) {
    changed.status = 'trialing';
    changed.trial_start ??= now;
    changed.trial_end = params.trial_end;
    changed.billing_cycle_anchor = params.trial_end;
    setPeriod(changed, { start, end: params.trial_end });
  }
  if (changed.cancel_at_period_end) changed.cancel_at = currentPeriod(changed).end;
  if (params.cancel_at_period_end !== undefined) {
    setCancellation(world, changed, { at: null, atPeriodEnd: params.cancel_at_period_end });
  }
  if (params.cancel_at !== undefined) {
    const at = typeof params.cancel_at === 'string' ? end : params.cancel_at;
    setCancellation(world, changed, { at, atPeriodEnd: false });
  }
}
