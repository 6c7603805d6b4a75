import type Stripe from 'stripe';
import { invalidRequest } from '../errors';
import type { World } from '../world';
import { hasEnded } from './cancel';
import { type Charge, invoicesOf, markPaid, settleInvoice, subscriptionIdOf } from './invoicing';
import { chargeRefusal } from './subscribe';

/** Statuses that a paid-up subscription leaves for `active`. */
const OWING: readonly Stripe.Subscription.Status[] = ['incomplete', 'past_due', 'unpaid'];

/**
 * Pays an open invoice with what a charge led to, and lets its subscription recover.
 * @throws StripeApiError where the invoice is not open, or the charge failed
 */
export function payInvoice(world: World, invoice: Stripe.Invoice, charge: Charge): Stripe.Invoice {
  if (invoice.status === 'paid') throw invalidRequest('Invoice is already paid', { code: 'invoice_already_paid' });
  if (invoice.status !== 'open' && invoice.status !== 'uncollectible') {
    throw invalidRequest(`This invoice can no longer be paid: its status is ${invoice.status}.`);
  }
  if (charge !== 'paid' && invoice.amount_due > 0) {
    settleInvoice(world, invoice, charge, invoice.next_payment_attempt);
    throw chargeRefusal(charge);
  }
  markPaid(world, invoice);
  afterPaid(world, invoice);
  return invoice;
}

/** What a paid invoice means for its subscription: it recovers, and a change that waited for the money is made. */
export function afterPaid(world: World, invoice: Stripe.Invoice): void {
  const id = subscriptionIdOf(invoice);
  const subscription = id === null ? undefined : world.state.subscriptions.get(id);
  if (!subscription || hasEnded(subscription)) return;
  if (subscription.pending_update && subscription.latest_invoice === invoice.id)
    applyPendingUpdate(world, subscription);
  if (subscription.status === 'paused' && subscription.latest_invoice === invoice.id) resume(world, subscription);
  if (!OWING.includes(subscription.status) || !isLatest(world, subscription, invoice)) return;
  world.changeSubscription(subscription, (recovered) => {
    recovered.status = 'active';
  });
}

/** A paused subscription whose resumption was only waiting for the money. */
function resume(world: World, subscription: Stripe.Subscription): void {
  world.changeSubscription(
    subscription,
    (resumed) => {
      resumed.status = 'active';
    },
    'customer.subscription.resumed',
  );
}

/** The newest invoice decides: paying an older one leaves the subscription past due, as in Stripe. */
function isLatest(world: World, subscription: Stripe.Subscription, invoice: Stripe.Invoice): boolean {
  const newer = (['open', 'uncollectible'] as const).flatMap((status) => invoicesOf(world, subscription, status));
  return newer.every((other) => other.created < invoice.created);
}

function applyPendingUpdate(world: World, subscription: Stripe.Subscription): void {
  world.changeSubscription(
    subscription,
    (updated) => {
      updated.items.data = updated.pending_update?.subscription_items ?? updated.items.data;
      updated.pending_update = null;
    },
    'customer.subscription.pending_update_applied',
  );
}

/** Pays everything that a subscription owes, so that it is active again. */
export function payAll(world: World, subscription: Stripe.Subscription): void {
  for (const invoice of invoicesOf(world, subscription, 'open')) payInvoice(world, invoice, 'paid');
  if (OWING.includes(subscription.status)) {
    world.changeSubscription(subscription, (recovered) => {
      recovered.status = 'active';
    });
  }
}
