import type Stripe from 'stripe';
import type { World } from '../world';
import { invoicesOf, stopCollecting, voidInvoice } from './invoicing';
import { currentPeriod } from './period';

type CancelReason = NonNullable<Stripe.Subscription['cancellation_details']>['reason'];

/** Statuses from which no subscription comes back. */
const ENDED: readonly Stripe.Subscription.Status[] = ['canceled', 'incomplete_expired'];

const NO_DETAILS = { comment: null, feedback: null, feedback_option: null, reason: null };

export const hasEnded = (subscription: Pick<Stripe.Subscription, 'status'>): boolean =>
  ENDED.includes(subscription.status);

/** Ends a subscription now. An invoice that is still open stays to be paid, as in Stripe, unless it was the first. */
export function cancelNow(world: World, subscription: Stripe.Subscription, reason: CancelReason): Stripe.Subscription {
  const neverPaid = subscription.status === 'incomplete';
  const end = (ended: Stripe.Subscription): void => {
    ended.status = neverPaid ? 'incomplete_expired' : 'canceled';
    ended.ended_at = world.now();
    ended.canceled_at ??= world.now();
    ended.pending_update = null;
    const details = ended.cancellation_details;
    ended.cancellation_details = { ...NO_DETAILS, ...details, reason: details?.reason ?? reason };
  };
  world.state.pendingLines.delete(subscription.id);
  if (neverPaid) {
    world.changeSubscription(subscription, end);
    for (const invoice of invoicesOf(world, subscription, 'open')) voidInvoice(world, invoice);
    return subscription;
  }
  end(subscription);
  world.state.subscriptions.put(subscription);
  world.emit('customer.subscription.deleted', subscription);
  stopCollecting(world, subscription);
  return subscription;
}

/**
 * Sets when a subscription ends. The API's `cancel_at_period_end` sets the flag and the time; the portal, for
 * subscriptions in flexible billing mode, sets the time alone.
 */
export function setCancellation(
  world: World,
  subscription: Stripe.Subscription,
  end: { at: number | null; atPeriodEnd: boolean },
): void {
  const scheduled = end.atPeriodEnd || end.at !== null;
  subscription.cancel_at_period_end = end.atPeriodEnd;
  subscription.cancel_at = end.atPeriodEnd ? currentPeriod(subscription).end : end.at;
  subscription.canceled_at = scheduled ? world.now() : null;
  const reason = scheduled ? 'cancellation_requested' : null;
  subscription.cancellation_details = { ...NO_DETAILS, ...subscription.cancellation_details, reason };
}

/** Deletes a customer for good: its subscriptions end at once, and only its id is remembered. */
export function deleteCustomer(world: World, customer: Stripe.Customer): Stripe.DeletedCustomer {
  for (const subscription of world.state.subscriptions.inGroup(customer.id)) {
    if (!hasEnded(subscription)) cancelNow(world, subscription, 'cancellation_requested');
  }
  for (const session of world.state.checkoutSessions.inGroup(customer.id)) {
    if (session.status === 'open') expireSession(world, session);
  }
  world.state.customers.delete(customer.id);
  world.state.deletedCustomers.add(customer.id);
  world.emit('customer.deleted', customer);
  return { id: customer.id, object: 'customer', deleted: true };
}

/** Closes a checkout session that nobody may pay any more. */
export function expireSession(world: World, session: Stripe.Checkout.Session): Stripe.Checkout.Session {
  session.status = 'expired';
  session.url = null;
  world.state.checkoutSessions.put(session);
  world.emit('checkout.session.expired', session);
  return session;
}
