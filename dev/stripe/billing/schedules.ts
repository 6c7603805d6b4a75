import type Stripe from 'stripe';
import { mergeMetadata } from '../params/fields';
import { idOf } from '../store/json';
import type { World } from '../world';
import { cancelNow, hasEnded } from './cancel';
import { changeItems, type ItemChange, type ProrationBehavior } from './change-items';
import { currentPeriod, setPeriod } from './period';
import { endSchedule, scheduleOf } from './schedule-end';
import { subscribe } from './subscribe';

type Schedule = Stripe.SubscriptionSchedule;
type Phase = Stripe.SubscriptionSchedule.Phase;

/** What a phase asks for: each price once, with its quantity. */
const wanted = (phase: Phase): Map<string, number> =>
  new Map(phase.items.map((item) => [idOf(item.price), item.quantity ?? 1]));

/** The phase that a schedule is in. */
export function currentPhase(schedule: Schedule): Phase | undefined {
  const start = schedule.current_phase?.start_date;
  return schedule.phases.find((phase) => phase.start_date === start);
}

/** Begins a schedule that has no subscription yet: makes it, and charges for it. A failed charge leaves it past due. */
export function startSchedule(world: World, schedule: Schedule): Stripe.Subscription {
  const [first] = schedule.phases;
  if (!first) throw new Error(`The schedule ${schedule.id} has no phase.`);
  const customer = idOf(schedule.customer);
  const subscription = subscribe(world, {
    customer,
    items: [...wanted(first)].flatMap(([id, quantity]) => {
      const price = world.state.prices.get(id);
      return price ? [{ price, quantity }] : [];
    }),
    metadata: first.metadata ?? {},
    description: first.description,
    defaultPaymentMethod: idOf(schedule.default_settings.default_payment_method),
    collectionMethod: schedule.default_settings.collection_method === 'send_invoice' ? 'send_invoice' : undefined,
    trialEnd: first.trial_end,
    schedule: schedule.id,
    cancelAt: endOf(schedule, first),
    isUnattended: true,
  });
  world.change(world.state.schedules, schedule, 'subscription_schedule.updated', (begun) => {
    begun.status = 'active';
    begun.subscription = subscription.id;
    begun.current_phase = { start_date: first.start_date, end_date: first.end_date };
  });
  return subscription;
}

/** Goes on to the phase after the one that ends now, or ends the schedule after its last. */
export function nextPhase(world: World, schedule: Schedule): void {
  const subscription = world.state.subscriptions.get(idOf(schedule.subscription) ?? '');
  const phase = schedule.phases.find(({ start_date }) => start_date === schedule.current_phase?.end_date);
  if (!subscription || hasEnded(subscription)) {
    endSchedule(world, schedule, 'canceled');
    return;
  }
  if (!phase) {
    finishSchedule(world, schedule, subscription);
    return;
  }
  world.change(world.state.schedules, schedule, 'subscription_schedule.updated', (moved) => {
    moved.current_phase = { start_date: phase.start_date, end_date: phase.end_date };
  });
  // At the end of a period there is nothing to prorate: the renewal bills the new items.
  const isAtPeriodEnd = currentPeriod(subscription).end <= world.now();
  enterPhase(world, schedule, subscription, isAtPeriodEnd ? 'none' : (phase.proration_behavior as ProrationBehavior));
}

function finishSchedule(world: World, schedule: Schedule, subscription: Stripe.Subscription): void {
  if (schedule.end_behavior === 'cancel') {
    endSchedule(world, schedule, 'completed');
    cancelNow(world, subscription, 'cancellation_requested');
    return;
  }
  releaseSchedule(world, schedule);
}

/** Puts the subscription on what the schedule's current phase says, where it is on something else. */
export function enterPhase(
  world: World,
  schedule: Schedule,
  subscription: Stripe.Subscription,
  proration: ProrationBehavior,
): void {
  const phase = currentPhase(schedule);
  if (!phase) return;
  const rest = (changed: Stripe.Subscription): void => {
    changed.metadata = mergeMetadata(changed.metadata, phase.metadata ?? undefined);
    changed.cancel_at = endOf(schedule, phase);
    if (phase.trial_end === null || phase.trial_end <= world.now()) return;
    changed.status = 'trialing';
    changed.trial_start ??= world.now();
    changed.trial_end = phase.trial_end;
    changed.billing_cycle_anchor = phase.trial_end;
    setPeriod(changed, { start: currentPeriod(changed).start, end: phase.trial_end });
  };
  const changes = changesTo(subscription, wanted(phase));
  if (changes.length === 0) world.changeSubscription(subscription, rest);
  else changeItems(world, subscription, { changes, proration, behavior: 'allow_incomplete' }, rest);
}

/** A schedule that cancels at its end says so on the subscription, once its last phase runs. */
const endOf = (schedule: Schedule, phase: Phase): number | null =>
  schedule.end_behavior === 'cancel' && schedule.phases.at(-1) === phase ? phase.end_date : null;

function changesTo(subscription: Stripe.Subscription, target: Map<string, number>): ItemChange[] {
  const kept = new Set<string>();
  const changes: ItemChange[] = [];
  for (const item of subscription.items.data) {
    const quantity = target.get(item.price.id);
    if (quantity === undefined) changes.push({ id: item.id, deleted: true });
    else if (quantity !== item.quantity) changes.push({ id: item.id, quantity });
    kept.add(item.price.id);
  }
  const added = [...target].filter(([price]) => !kept.has(price)).map(([price, quantity]) => ({ price, quantity }));
  return [...added, ...changes];
}

/** A change made to the subscription itself holds for the rest of the schedule's current phase too. */
export function copyIntoPhase(world: World, subscription: Stripe.Subscription): void {
  const schedule = scheduleOf(world, subscription);
  const phase = schedule && currentPhase(schedule);
  if (!schedule || !phase || changesTo(subscription, wanted(phase)).length === 0) return;
  world.change(world.state.schedules, schedule, 'subscription_schedule.updated', () => {
    phase.items = subscription.items.data.map((item) => ({
      billing_thresholds: null,
      discounts: [],
      metadata: item.metadata,
      plan: item.price.id,
      price: item.price.id,
      quantity: item.quantity ?? 1,
      tax_rates: [],
    }));
  });
}

/** Lets the subscription go on as it is, without the schedule. */
export function releaseSchedule(world: World, schedule: Schedule, options: { keepEnd?: boolean } = {}): Schedule {
  const subscription = world.state.subscriptions.get(idOf(schedule.subscription) ?? '');
  endSchedule(world, schedule, 'released');
  if (subscription) {
    world.changeSubscription(subscription, (freed) => {
      freed.schedule = null;
      if (!options.keepEnd && schedule.end_behavior === 'cancel') freed.cancel_at = null;
    });
  }
  return schedule;
}
