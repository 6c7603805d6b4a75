import type Stripe from 'stripe';
import { STANDING_BY_STATUS, SUBSCRIPTION_STATUSES, standingOf } from '../../domain/subscription-status';

/** Compiles only while Stripe's own type names the very statuses that we know. */
const STRIPES = {
  trialing: true,
  active: true,
  past_due: true,
  incomplete: true,
  incomplete_expired: true,
  canceled: true,
  unpaid: true,
  paused: true,
} as const satisfies Record<Stripe.Subscription.Status, true>;

test('every status of Stripe has a standing, and no other has', () => {
  expect([...SUBSCRIPTION_STATUSES].sort()).toEqual(Object.keys(STRIPES).sort());
  expect(SUBSCRIPTION_STATUSES.map(standingOf)).toEqual(Object.values(STANDING_BY_STATUS));
  expect(standingOf('hibernating')).toBeUndefined();
});
