import type Stripe from 'stripe';
import type { World } from '../world';
import { creditLines } from './change-items';
import { invoicesOf, issueInvoice, settleInvoice, stopCollecting, tryCharge, voidInvoice } from './invoicing';
import { currentPeriod } from './period';
import { endSchedule, isOpen, scheduleOf } from './schedule-end';

type CancelReason = NonNullable<Stripe.Subscription['cancellation_details']>['reason'];

/** Statuses from which no subscription comes back. */
const ENDED: readonly Stripe.Subscription.Status[] = ['canceled', 'incomplete_expired'];

const NO_DETAILS = { comment: null, feedback: null, feedback_option: null, reason: null };

export const hasEnded = (subscription: Pick<Stripe.Subscription, 'status'>): boolean =>
  ENDED.includes(subscription.status);

/** What a cancellation still bills: nothing, unless asked. */
export interface FinalInvoice {
  /** Prorations that wait for an invoice are billed on a last one. */
  invoiceNow?: boolean;
  /** The time that was paid for and not used is credited. */
  prorate?: boolean;
}

/** Ends a subscription now. An invoice that is still open stays to be paid, as in Stripe, unless it was the first. */
export function cancelNow(
  world: World,
  subscription: Stripe.Subscription,
  reason: CancelReason,
  final: FinalInvoice = {},
): Stripe.Subscription {
  const schedule = scheduleOf(world, subscription);
  billFinally(world, subscription, final);
  const neverPaid = subscription.status === 'incomplete';
  const end = (ended: Stripe.Subscription): void => {
    ended.status = neverPaid ? 'incomplete_expired' : 'canceled';
    ended.ended_at = world.now();
    ended.canceled_at ??= world.now();
    ended.pending_update = null;
    ended.schedule = null;
    const details = ended.cancellation_details;
    ended.cancellation_details = { ...NO_DETAILS, ...details, reason: details?.reason ?? reason };
  };
  if (neverPaid) {
    world.changeSubscription(subscription, end);
    for (const invoice of invoicesOf(world, subscription, 'open')) voidInvoice(world, invoice);
    return subscription;
  }
  end(subscription);
  world.state.subscriptions.put(subscription);
  world.emit('customer.subscription.deleted', subscription);
  if (schedule && isOpen(schedule)) endSchedule(world, schedule, reason === 'payment_failed' ? 'aborted' : 'canceled');
  stopCollecting(world, subscription);
  return subscription;
}

/** Credits and bills what a cancellation was asked to; what waits for an invoice is forgotten where neither was. */
function billFinally(world: World, subscription: Stripe.Subscription, final: FinalInvoice): void {
  const waiting = world.state.pendingLines.get(subscription.id) ?? [];
  const lines = [...waiting, ...(final.prorate ? creditLines(world, subscription) : [])];
  world.state.pendingLines.delete(subscription.id);
  if (lines.length === 0 || subscription.status === 'incomplete') return;
  if (!final.invoiceNow) {
    if (final.prorate) world.state.pendingLines.set(subscription.id, lines);
    return;
  }
  const period = { start: currentPeriod(subscription).start, end: world.now() };
  const invoice = issueInvoice(world, { subscription, reason: 'subscription_update', lines, period });
  subscription.latest_invoice = invoice.id;
  if (subscription.collection_method === 'charge_automatically') {
    settleInvoice(world, invoice, tryCharge(world, subscription));
  }
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
  for (const schedule of world.state.schedules.inGroup(customer.id)) {
    if (isOpen(schedule)) endSchedule(world, schedule, 'canceled');
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
