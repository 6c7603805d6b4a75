import Stripe from 'stripe';
import { ProblemError } from '../errors';

const { StripeCardError, StripeConnectionError, StripeAPIError, StripeRateLimitError } = Stripe.errors;

/**
 * Awaits a call to Stripe that a person waits for.
 * @throws ProblemError 402 where the bank refuses, 503 where Stripe is away or overrun; other errors as they are
 */
export async function ask<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof StripeCardError)
      throw new ProblemError({
        status: 402,
        code: 'payment_failed',
        title: 'Payment failed',
        detail: `${error.message} Change the payment method in the billing portal, then try again.`,
      });
    const away = [StripeConnectionError, StripeAPIError, StripeRateLimitError].some((type) => error instanceof type);
    if (away)
      throw new ProblemError({
        status: 503,
        code: 'stripe_unavailable',
        title: 'Stripe does not answer',
        detail: 'Stripe can not be reached just now. Nothing was changed; try again in a moment.',
        retryAfterSeconds: 10,
      });
    throw error;
  }
}
