import type Stripe from 'stripe';
import { idOf } from '../store/json';
import type { World } from '../world';

/** Whether a schedule still has something to do. */
export const isOpen = (schedule: Pick<Stripe.SubscriptionSchedule, 'status'>): boolean =>
  schedule.status === 'active' || schedule.status === 'not_started';

/** The schedule that manages a subscription, if there is one. */
export function scheduleOf(
  world: World,
  subscription: Pick<Stripe.Subscription, 'schedule'>,
): Stripe.SubscriptionSchedule | null {
  const id = idOf(subscription.schedule);
  return (id !== null && world.state.schedules.get(id)) || null;
}

type Ending = 'aborted' | 'canceled' | 'completed' | 'released';

/**
 * Ends a schedule, with its event. `aborted` is Stripe's word for one whose subscription was ended for want of payment;
 * it reads as canceled. The subscription itself is the caller's to change.
 */
export function endSchedule(world: World, schedule: Stripe.SubscriptionSchedule, ending: Ending): void {
  const now = world.now();
  schedule.current_phase = null;
  schedule.status = ending === 'aborted' ? 'canceled' : ending;
  if (ending === 'aborted' || ending === 'canceled') schedule.canceled_at = now;
  if (ending === 'completed') schedule.completed_at = now;
  if (ending === 'released') {
    schedule.released_at = now;
    schedule.released_subscription = idOf(schedule.subscription);
    schedule.subscription = null;
  }
  world.state.schedules.put(schedule);
  world.emit(`subscription_schedule.${ending}`, schedule);
}
