import type Stripe from 'stripe';
import type { World } from '../world';
import { cancelNow, expireSession, hasEnded } from './cancel';
import { issueInvoice, periodLines, settleInvoice, tryCharge, voidInvoice } from './invoicing';
import { currentPeriod, periodFrom, setPeriod } from './period';

/** An incomplete subscription waits so long for its first payment. */
const INCOMPLETE_SECONDS = 23 * 3600;
const KEEP_EVENTS_SECONDS = 30 * 86_400;
const KEEP_KEYS_SECONDS = 86_400;
/** A stand-in that slept for years bills no more periods than this at once. */
const MOST_RENEWALS = 24;

/** Does what time alone brings: trials and periods end, cancellations fall due, sessions and old events expire. */
export function advanceClock(world: World): void {
  for (const subscription of world.state.subscriptions.all()) {
    try {
      advanceSubscription(world, subscription);
    } catch (error) {
      // A subscription that was loaded broken must not keep the others from going on.
      console.error('The Stripe stand-in cannot advance a subscription', subscription.id, error);
    }
  }
  const now = world.now();
  for (const session of world.state.checkoutSessions.all()) {
    if (session.status === 'open' && session.expires_at <= now) expireSession(world, session);
  }
  forgetOld(world, now);
}

/** Brings one subscription up to the present. */
export function advanceSubscription(world: World, subscription: Stripe.Subscription): void {
  const now = world.now();
  if (hasEnded(subscription)) return;
  if (subscription.status === 'incomplete') {
    if (subscription.created + INCOMPLETE_SECONDS <= now) cancelNow(world, subscription, 'payment_failed');
    return;
  }
  dropLatePendingUpdate(world, subscription, now);
  const endsAtPeriodEnd = subscription.cancel_at_period_end && currentPeriod(subscription).end <= now;
  if (endsAtPeriodEnd || (subscription.cancel_at !== null && subscription.cancel_at <= now)) {
    cancelNow(world, subscription, 'cancellation_requested');
    return;
  }
  const resumesAt = subscription.pause_collection?.resumes_at;
  if (resumesAt && resumesAt <= now) {
    world.changeSubscription(subscription, (resumed) => {
      resumed.pause_collection = null;
    });
  }
  for (let renewals = 0; renewals < MOST_RENEWALS; renewals++) {
    if (subscription.status !== 'active' && subscription.status !== 'trialing') return;
    if (currentPeriod(subscription).end > now) return;
    renew(world, subscription);
  }
}

/** Begins the next period: bills it, and leaves the subscription past due where the card fails. */
export function renew(world: World, subscription: Stripe.Subscription): void {
  const first = subscription.items.data[0];
  if (!first) return;
  const trialEnded = subscription.status === 'trialing';
  const missing = subscription.trial_settings?.end_behavior.missing_payment_method;
  const charge = tryCharge(world, subscription);
  if (trialEnded && charge === 'no_card' && missing === 'cancel') {
    cancelNow(world, subscription, 'payment_failed');
    return;
  }
  if (trialEnded && charge === 'no_card' && missing === 'pause') {
    world.changeSubscription(
      subscription,
      (paused) => {
        paused.status = 'paused';
      },
      'customer.subscription.paused',
    );
    return;
  }
  const period = periodFrom(currentPeriod(subscription).end, first.price);
  const pausedAs = subscription.pause_collection?.behavior;
  const billed: Stripe.Subscription = { ...subscription, status: 'active' };
  const lines = [...(world.state.pendingLines.get(subscription.id) ?? []), ...periodLines(world, billed, period)];
  world.state.pendingLines.delete(subscription.id);
  const invoice = issueInvoice(world, { subscription, reason: 'subscription_cycle', lines, period });
  const sends = subscription.collection_method === 'send_invoice';
  const fails = charge !== 'paid' && invoice.amount_due > 0 && !sends && !pausedAs;
  world.changeSubscription(subscription, (renewed) => {
    setPeriod(renewed, period);
    renewed.latest_invoice = invoice.id;
    renewed.status = fails ? 'past_due' : 'active';
  });
  if (pausedAs) voidInvoice(world, invoice);
  else if (!sends) settleInvoice(world, invoice, charge);
}

function dropLatePendingUpdate(world: World, subscription: Stripe.Subscription, now: number): void {
  if (!subscription.pending_update || subscription.pending_update.expires_at > now) return;
  world.changeSubscription(
    subscription,
    (expired) => {
      expired.pending_update = null;
    },
    'customer.subscription.pending_update_expired',
  );
}

function forgetOld(world: World, now: number): void {
  const { events, deliveries, idempotency } = world.state;
  for (const event of events.all()) {
    if (event.created > now - KEEP_EVENTS_SECONDS) break;
    events.delete(event.id);
    deliveries.delete(event.id);
  }
  for (const [key, answer] of idempotency) if (answer.created < now - KEEP_KEYS_SECONDS) idempotency.delete(key);
}
