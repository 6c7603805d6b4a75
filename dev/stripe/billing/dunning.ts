import type Stripe from 'stripe';
import { z } from 'zod';
import type { World } from '../world';

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
