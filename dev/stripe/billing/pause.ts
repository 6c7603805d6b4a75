import type Stripe from 'stripe';
import { invalidRequest } from '../errors';
import type { Period } from '../objects/subscription';
import type { World } from '../world';
import { creditLines } from './change-items';
import { nextAttempt } from './dunning';
import { issueInvoice, periodLines, settleInvoice, tryCharge } from './invoicing';
import { currentPeriod, periodFrom, setPeriod } from './period';
import { chargeRefusal } from './subscribe';

export interface PauseOrder {
  /** Whether the time that was paid for and not used is credited. */
  credits: boolean;
  /** Bills the credit at once, instead of keeping it for the next invoice. */
  invoiceNow: boolean;
}

/**
 * Pauses a subscription: it makes no invoices and begins no period until it is resumed.
 * @throws StripeApiError where its status or a schedule forbids it
 */
export function pauseSubscription(
  world: World,
  subscription: Stripe.Subscription,
  order: PauseOrder,
): Stripe.Subscription {
  if (subscription.schedule) throw invalidRequest('You cannot pause a subscription that has a schedule attached.');
  if (subscription.status !== 'active' && subscription.status !== 'trialing') {
    throw invalidRequest(`Only active and trialing subscriptions can be paused; this one is ${subscription.status}.`);
  }
  const lines = order.credits ? creditLines(world, subscription) : [];
  if (lines.length > 0 && order.invoiceNow) {
    const period = currentPeriod(subscription);
    settleInvoice(world, issueInvoice(world, { subscription, reason: 'subscription_update', lines, period }), 'paid');
  } else if (lines.length > 0) {
    world.state.pendingLines.set(subscription.id, [...(world.state.pendingLines.get(subscription.id) ?? []), ...lines]);
  }
  return world.changeSubscription(
    subscription,
    (paused) => {
      paused.status = 'paused';
    },
    'customer.subscription.paused',
  );
}

export interface ResumeOrder {
  /** Begins a new period now, in place of going on in the one that time has reached. */
  restarts: boolean;
  /** A charge that fails leaves it paused, and not past due. */
  onlyIfPaid: boolean;
  prorates: boolean;
}

/**
 * Resumes a paused subscription, with an invoice where it has nothing paid for: paid, it is active at once.
 * https://docs.stripe.com/billing/subscriptions/pause
 * @throws StripeApiError where it is not paused, or has no card
 */
export function resumeSubscription(
  world: World,
  subscription: Stripe.Subscription,
  order: ResumeOrder,
): Stripe.Subscription {
  const first = subscription.items.data[0];
  if (subscription.status !== 'paused' || !first) {
    throw invalidRequest(`Only paused subscriptions can be resumed; this one is ${subscription.status}.`);
  }
  const charge = tryCharge(world, subscription);
  if (charge === 'no_card') throw chargeRefusal(charge);
  const now = world.now();
  const period = order.restarts ? periodFrom(now, first.price) : reachedPeriod(subscription, first.price, now);
  const billed = { ...subscription, status: 'active' as const };
  const isPaidFor = !order.restarts && currentPeriod(subscription).end > now;
  const left = order.restarts ? 1 : (period.end - now) / Math.max(1, period.end - period.start);
  const full = isPaidFor || (!order.restarts && !order.prorates) ? [] : periodLines(world, billed, period, left);
  const lines = [...(world.state.pendingLines.get(subscription.id) ?? []), ...full];
  world.state.pendingLines.delete(subscription.id);
  const invoice =
    lines.length > 0 ? issueInvoice(world, { subscription, reason: 'subscription_update', lines, period }) : null;
  const isPaid = invoice === null || invoice.amount_due === 0 || charge === 'paid';
  const wake = (resumed: Stripe.Subscription): void => {
    if (invoice) resumed.latest_invoice = invoice.id;
    if (order.restarts) resumed.billing_cycle_anchor = now;
    setPeriod(resumed, period);
    if (isPaid || !order.onlyIfPaid) resumed.status = isPaid ? 'active' : 'past_due';
  };
  const staysPaused = !isPaid && order.onlyIfPaid;
  world.changeSubscription(
    subscription,
    wake,
    staysPaused ? 'customer.subscription.updated' : 'customer.subscription.resumed',
  );
  if (invoice) settleInvoice(world, invoice, charge, staysPaused ? null : nextAttempt(world, invoice));
  return subscription;
}

/** The period, counted on from the one that was paused, that now lies in. */
function reachedPeriod(subscription: Stripe.Subscription, price: Stripe.Price, now: number): Period {
  let period: Period = currentPeriod(subscription);
  while (period.end <= now) period = periodFrom(period.end, price, subscription.billing_cycle_anchor);
  return period;
}
