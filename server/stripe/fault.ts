import Stripe from 'stripe';

const {
  StripeAPIError,
  StripeAuthenticationError,
  StripeConnectionError,
  StripePermissionError,
  StripeRateLimitError,
} = Stripe.errors;
// The SDK makes a StripeAPIError of 5xx, and of a proxy's answer that is no JSON.
const AWAY = [StripeConnectionError, StripeAPIError, StripeRateLimitError];
const REFUSED = [StripeAuthenticationError, StripePermissionError];

/** Whether Stripe can not be reached, fails, or has no room for us. */
export const isStripeAway = (error: unknown): boolean => AWAY.some((type) => error instanceof type);

/** Whether Stripe refuses our key: altogether, or for what was asked. */
export const isKeyRefused = (error: unknown): boolean => REFUSED.some((type) => error instanceof type);

/** Whether an error is a fault of Stripe's, or of our access to it: it passes, and the same work succeeds later. */
export const isStripeFault = (error: unknown): error is Error => isStripeAway(error) || isKeyRefused(error);
