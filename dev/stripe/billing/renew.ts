import type Stripe from 'stripe';
import type { World } from '../world';
import { cancelNow } from './cancel';
import { nextAttempt } from './dunning';
import {
  draftInvoice,
  finalizeInvoice,
  markUncollectible,
  periodLines,
  settleInvoice,
  tryCharge,
  voidInvoice,
} from './invoicing';
import { currentPeriod, periodFrom, setPeriod } from './period';
import { giveUpAfterLast } from './retry';

/**
 * Begins the next period: bills it, and leaves the subscription past due where the card fails. A trial without a card
 * ends as its settings say. One that is unpaid gets its invoices as drafts, which nobody is charged for.
 */
export function renew(world: World, subscription: Stripe.Subscription): void {
  const first = subscription.items.data[0];
  if (!first) return;
  const charge = tryCharge(world, subscription);
  if (subscription.status === 'trialing' && charge === 'no_card' && endsTrial(world, subscription)) return;

  const period = periodFrom(currentPeriod(subscription).end, first.price, subscription.billing_cycle_anchor);
  const billed: Stripe.Subscription = { ...subscription, status: 'active' };
  const lines = [...(world.state.pendingLines.get(subscription.id) ?? []), ...periodLines(world, billed, period)];
  world.state.pendingLines.delete(subscription.id);
  const invoice = draftInvoice(world, { subscription, reason: 'subscription_cycle', lines, period });
  const paused = subscription.pause_collection?.behavior;
  const staysDraft = paused === 'keep_as_draft' || subscription.status === 'unpaid';
  const sends = subscription.collection_method === 'send_invoice';
  const isCharged = !staysDraft && !paused && !sends;
  if (!staysDraft) finalizeInvoice(world, invoice);
  world.changeSubscription(subscription, (renewed) => {
    setPeriod(renewed, period);
    renewed.latest_invoice = invoice.id;
    if (renewed.status === 'trialing') renewed.status = 'active';
    if (isCharged) renewed.status = charge === 'paid' || invoice.amount_due === 0 ? 'active' : 'past_due';
  });
  if (paused === 'void') voidInvoice(world, invoice);
  if (paused === 'mark_uncollectible') markUncollectible(world, invoice);
  if (!isCharged) return;
  settleInvoice(world, invoice, charge, nextAttempt(world, invoice));
  giveUpAfterLast(world, subscription, invoice);
}

/** Ends a trial that has no card, where its settings say so. Whether they do. */
function endsTrial(world: World, subscription: Stripe.Subscription): boolean {
  const missing = subscription.trial_settings?.end_behavior.missing_payment_method;
  if (missing === 'cancel') cancelNow(world, subscription, 'payment_failed');
  if (missing === 'pause') {
    world.changeSubscription(
      subscription,
      (paused) => {
        paused.status = 'paused';
      },
      'customer.subscription.paused',
    );
  }
  return missing === 'cancel' || missing === 'pause';
}
