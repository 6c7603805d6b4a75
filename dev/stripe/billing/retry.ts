import type Stripe from 'stripe';
import type { World } from '../world';
import { cancelNow, hasEnded } from './cancel';
import { nextAttempt } from './dunning';
import { settleInvoice, subscriptionIdOf, tryCharge } from './invoicing';
import { afterPaid } from './recover';

/** Charges an open invoice whose next try is due. */
export function retry(world: World, invoice: Stripe.Invoice): void {
  const id = subscriptionIdOf(invoice);
  const subscription = id === null ? undefined : world.state.subscriptions.get(id);
  const charge = subscription ? tryCharge(world, subscription) : 'no_card';
  settleInvoice(world, invoice, charge, nextAttempt(world, invoice));
  if (invoice.status === 'paid') afterPaid(world, invoice);
  else if (subscription) giveUpAfterLast(world, subscription, invoice);
}

/** Where no further try of an unpaid invoice is to come, the subscription becomes what the settings say. */
export function giveUpAfterLast(world: World, subscription: Stripe.Subscription, invoice: Stripe.Invoice): void {
  if (invoice.status !== 'open' || invoice.next_payment_attempt !== null || hasEnded(subscription)) return;
  if (world.dunning.outcome === 'canceled') cancelNow(world, subscription, 'payment_failed');
  if (world.dunning.outcome !== 'unpaid') return;
  world.changeSubscription(subscription, (unpaid) => {
    unpaid.status = 'unpaid';
  });
}
