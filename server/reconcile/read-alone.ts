import type Stripe from 'stripe';
import type { AppliedReading } from '../billing/apply-readings';
import type { Context } from '../context';
import { GiveUp } from '../jobs/settle';
import { readCustomer } from '../stripe/read-customer';
import { forgotten } from './staged';

/**
 * What Stripe says now of one customer; of one that it knows no more, what our copy leaves of it. Null of one that
 * neither knows, and of one of the other mode (live or test). Throws Stripe's own errors.
 */
export async function readAlone(context: Context, stripe: Stripe, customerId: string): Promise<AppliedReading | null> {
  const readAt = context.now();
  try {
    const reading = await readCustomer(stripe, customerId);
    const { livemode } = reading.customer;
    if (livemode !== null && livemode !== context.config.stripe.livemode) return null;
    return { customerId, readAt, ...reading };
  } catch (error) {
    if (!(error instanceof GiveUp)) throw error;
    return forgotten(context.db, customerId, readAt);
  }
}

/** Does `work` to each of `items`, so many at the same time. The first error ends it. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
