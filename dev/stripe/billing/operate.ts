import type Stripe from 'stripe';
import { invalidRequest } from '../errors';
import type { World } from '../world';
import { cancelNow, hasEnded } from './cancel';
import { advanceClock } from './clock';
import { nextAttempt } from './dunning';
import { invoicesOf, issueInvoice, periodLines, settleInvoice } from './invoicing';
import { currentPeriod, setPeriod } from './period';
import { payAll } from './recover';
import { renew } from './renew';

/** What the front page can do to a subscription, as if the bank, or time, had done it. */
export const OPERATIONS = ['fail', 'pay', 'unpaid', 'cancel', 'renew'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** @throws StripeApiError where the subscription has ended */
export function operate(world: World, subscription: Stripe.Subscription, operation: Operation): void {
  if (hasEnded(subscription)) throw invalidRequest('This subscription has ended; nothing can happen to it any more.');
  switch (operation) {
    case 'fail':
      failPayment(world, subscription, 'past_due');
      return;
    case 'unpaid':
      failPayment(world, subscription, 'unpaid');
      return;
    case 'pay':
      payAll(world, subscription);
      return;
    case 'cancel':
      cancelNow(world, subscription, 'cancellation_requested');
      return;
    case 'renew':
      endPeriod(world, subscription);
  }
}

/** The card is refused: the open invoice (a new one, if there is none) stays open. */
function failPayment(world: World, subscription: Stripe.Subscription, status: 'past_due' | 'unpaid'): void {
  const period = currentPeriod(subscription);
  const open = invoicesOf(world, subscription, 'open').at(-1);
  const billed: Stripe.Subscription = { ...subscription, status: 'active' };
  const invoice =
    open ??
    issueInvoice(world, {
      subscription,
      reason: 'subscription_cycle',
      lines: periodLines(world, billed, period),
      period,
    });
  if (invoice.amount_due > 0) settleInvoice(world, invoice, 'declined', nextAttempt(world, invoice));
  world.changeSubscription(subscription, (owing) => {
    owing.status = status;
    owing.latest_invoice = invoice.id;
  });
}

/** Lets the period end now: it renews, or ends where it was to be cancelled. */
function endPeriod(world: World, subscription: Stripe.Subscription): void {
  const now = world.now();
  const { start, end } = currentPeriod(subscription);
  const wasToEnd =
    subscription.cancel_at_period_end || (subscription.cancel_at !== null && subscription.cancel_at <= end);
  world.changeSubscription(subscription, (ended) => {
    setPeriod(ended, { start: Math.min(start, now), end: now });
    if (ended.trial_end !== null && ended.trial_end > now) ended.trial_end = now;
    if (wasToEnd) ended.cancel_at = now;
  });
  if (wasToEnd) advanceClock(world);
  else renew(world, subscription);
}
