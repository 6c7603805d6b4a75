import Stripe from 'stripe';

const { errors } = Stripe;
const FAULTS = [
  errors.StripeConnectionError,
  errors.StripeAPIError,
  errors.StripeRateLimitError,
  errors.StripeAuthenticationError,
  errors.StripePermissionError,
];

/** Whether an error is a fault of Stripe's, or of our access to it: it passes, and the same work succeeds later. */
export const isStripeFault = (error: unknown): boolean => FAULTS.some((type) => error instanceof type);
