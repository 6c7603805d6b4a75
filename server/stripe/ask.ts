import Stripe from 'stripe';
import { ProblemError } from '../errors';
import { isKeyRefused, isStripeAway } from './fault';

const { StripeCardError, StripeRateLimitError } = Stripe.errors;

/**
 * Awaits a call to Stripe that a person waits for.
 * @throws ProblemError 402 where the bank refuses, 503 where Stripe is away, overrun or refuses our key; other errors
 * as they are
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
    if (isKeyRefused(error))
      throw new ProblemError({
        status: 503,
        code: 'stripe_key_refused',
        title: 'Stripe refuses the key',
        detail:
          'Stripe refuses the key of this installation. Nothing was changed. Whoever runs it must set STRIPE_SECRET_KEY to a key that is valid and may do this (Stripe Dashboard, Developers, API keys), then restart.',
      });
    if (isStripeAway(error))
      throw new ProblemError({
        status: 503,
        code: 'stripe_unavailable',
        title: 'Stripe does not answer',
        detail:
          error instanceof StripeRateLimitError
            ? 'Too much is asked of Stripe just now. Nothing was changed; try again in a moment.'
            : 'Stripe can not be reached just now. Nothing was changed; try again in a moment.',
        retryAfterSeconds: 10,
      });
    throw error;
  }
}
