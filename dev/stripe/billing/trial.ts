import type Stripe from 'stripe';
import type { World } from '../world';
import type { Moment } from './agenda';

/** Stripe warns so long before a trial ends, or at once where the trial is shorter. */
const WARN_SECONDS = 3 * 86_400;

/** When `customer.subscription.trial_will_end` is owed for a trial; null where it was sent, or there is no trial. */
export function warnOfTrialEnd(world: World, subscription: Stripe.Subscription): Moment | null {
  const { id, status, trial_end: end } = subscription;
  if (status !== 'trialing' || end === null || world.state.trialWarnings.get(id) === end) return null;
  return {
    at: Math.max(subscription.trial_start ?? subscription.created, end - WARN_SECONDS),
    act: () => {
      world.state.trialWarnings.set(id, end);
      if (end > world.now()) world.emit('customer.subscription.trial_will_end', subscription);
    },
  };
}

/** Sends the warning of a trial that ends so soon that it is owed already. */
export function warnIfTrialEndsSoon(world: World, subscription: Stripe.Subscription): void {
  const warning = warnOfTrialEnd(world, subscription);
  if (warning && warning.at <= world.now()) warning.act();
}
