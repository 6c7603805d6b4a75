import type Stripe from 'stripe';
import { z } from 'zod';
import type { World } from '../world';
import { cancelNow, hasEnded } from './cancel';
import { settleInvoice, subscriptionIdOf, tryCharge } from './invoicing';
import { afterPaid } from './recover';

/**
 * What becomes of a renewal that can't be paid: so many more tries, so many days apart, and what the subscription is
 * after the last. The account's settings in Stripe: https://docs.stripe.com/billing/revenue-recovery/smart-retries
 */
export const dunningSchema = z.strictObject({
  retries: z.number().int().min(0),
  everyDays: z.number().min(1),
  outcome: z.enum(['canceled', 'past_due', 'unpaid']),
});
export type Dunning = z.infer<typeof dunningSchema>;

export const USUAL_DUNNING: Dunning = { retries: 4, everyDays: 3, outcome: 'past_due' };

/** When an invoice whose charge fails now is charged again; null where this was the last try. */
export function nextAttempt(world: World, invoice: Stripe.Invoice): number | null {
  const { retries, everyDays } = world.dunning;
  return invoice.attempt_count < retries ? world.now() + everyDays * 86_400 : null;
}

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
