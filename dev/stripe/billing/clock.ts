import type Stripe from 'stripe';
import type { World } from '../world';
import { Agenda, type Moment } from './agenda';
import { cancelNow, expireSession, hasEnded } from './cancel';
import { invoicesOf, voidInvoice } from './invoicing';
import { currentPeriod } from './period';
import { renew } from './renew';
import { retry } from './retry';
import { scheduleOf } from './schedule-end';
import { nextPhase, startSchedule } from './schedules';
import { warnOfTrialEnd } from './trial';

/** What waits for its first payment, or for that of its resumption, waits so long. */
const UNPAID_SECONDS = 23 * 3600;
const KEEP_EVENTS_SECONDS = 30 * 86_400;
const KEEP_KEYS_SECONDS = 86_400;
/** A stand-in that slept for years does no more than this to one subscription at once. */
const MOST_STEPS = 400;

/** Moves the stand-in's clock on, and does what the time between has brought. */
export function moveClock(world: World, seconds: number): void {
  world.state.clockOffset += seconds;
  advanceClock(world);
}

/**
 * Does what time alone brings, in the order of time and each at its own time: trials and periods end, cards are charged
 * again, cancellations fall due, sessions and old events expire.
 */
export function advanceClock(world: World): void {
  const now = world.now();
  const agenda = new Agenda(now, MOST_STEPS);
  // A phase's end goes before the renewal at the same time, which then bills what the next phase says.
  for (const schedule of world.state.schedules.all()) {
    agenda.add(guarded(schedule.id, () => nextOfSchedule(world, schedule, agenda)));
  }
  for (const subscription of world.state.subscriptions.all()) {
    agenda.add(guarded(subscription.id, () => nextOfSubscription(world, subscription)));
  }
  for (const session of world.state.checkoutSessions.all()) {
    agenda.add(() =>
      session.status === 'open' ? { at: session.expires_at, act: () => expireSession(world, session) } : null,
    );
  }
  agenda.work((moment) => world.at(moment.at, moment.act));
  forgetOld(world);
  world.livedUntil = now;
  world.onChange();
}

/** What was loaded broken must not keep the others from going on: it is left alone from its first error on. */
function guarded(id: string, next: () => Moment | null): () => Moment | null {
  let isBroken = false;
  const attempt = <T>(work: () => T): T | null => {
    try {
      return work();
    } catch (error) {
      isBroken = true;
      console.error('The Stripe stand-in cannot advance', id, error);
      return null;
    }
  };
  return () => {
    const moment = isBroken ? null : attempt(next);
    return moment && { at: moment.at, act: () => void attempt(moment.act) };
  };
}

function nextOfSchedule(world: World, schedule: Stripe.SubscriptionSchedule, agenda: Agenda): Moment | null {
  if (schedule.status === 'active' && schedule.current_phase) {
    return { at: schedule.current_phase.end_date, act: () => nextPhase(world, schedule) };
  }
  const [first] = schedule.phases;
  if (schedule.status !== 'not_started' || !first) return null;
  return {
    at: first.start_date,
    act: () => {
      const made = startSchedule(world, schedule);
      agenda.add(guarded(made.id, () => nextOfSubscription(world, made)));
    },
  };
}

/** The next thing that time brings to a subscription, however far away. */
function nextOfSubscription(world: World, subscription: Stripe.Subscription): Moment | null {
  let first: Moment | null = null;
  for (const moment of momentsOf(world, subscription)) {
    if (first === null || moment.at < first.at) first = moment;
  }
  return first;
}

/** Of two at the same time, the first one here is done first: what ends a subscription goes before what bills it. */
function* momentsOf(world: World, one: Stripe.Subscription): Generator<Moment> {
  if (hasEnded(one)) return;
  if (one.status === 'incomplete') {
    yield { at: one.created + UNPAID_SECONDS, act: () => cancelNow(world, one, null) };
    return;
  }
  const periodEnd = currentPeriod(one).end;
  const end = one.cancel_at ?? (one.cancel_at_period_end ? periodEnd : null);
  // What a schedule set is the schedule's to do.
  if (end !== null && !scheduleOf(world, one)) {
    yield { at: end, act: () => cancelNow(world, one, 'cancellation_requested') };
  }
  if (one.pending_update) yield { at: one.pending_update.expires_at, act: () => dropPendingUpdate(world, one) };
  const resumesAt = one.pause_collection?.resumes_at;
  if (resumesAt) yield { at: resumesAt, act: () => endPause(world, one) };
  const warning = warnOfTrialEnd(world, one);
  if (warning) yield warning;
  if (one.status !== 'unpaid') yield* invoiceMoments(world, one);
  if (one.status !== 'paused') yield { at: periodEnd, act: () => renew(world, one) };
}

function* invoiceMoments(world: World, one: Stripe.Subscription): Generator<Moment> {
  for (const invoice of invoicesOf(world, one, 'open')) {
    const { next_payment_attempt: retryAt, due_date: dueAt } = invoice;
    const isLatest = invoice.id === one.latest_invoice;
    if (one.status === 'paused') {
      // A resumption that nobody pays for is forgotten, and the subscription stays paused.
      const resumes = isLatest && invoice.billing_reason === 'subscription_update';
      if (resumes) yield { at: invoice.created + UNPAID_SECONDS, act: () => voidInvoice(world, invoice) };
      continue;
    }
    if (retryAt !== null) yield { at: retryAt, act: () => retry(world, invoice) };
    if (dueAt !== null && isLatest && one.status === 'active') {
      yield { at: dueAt, act: () => fallDue(world, one, invoice) };
    }
  }
}

/** An invoice that was sent, and is not paid when it is due. */
function fallDue(world: World, subscription: Stripe.Subscription, invoice: Stripe.Invoice): void {
  world.emit('invoice.overdue', invoice);
  world.changeSubscription(subscription, (owing) => {
    owing.status = 'past_due';
  });
}

function endPause(world: World, subscription: Stripe.Subscription): void {
  world.changeSubscription(subscription, (resumed) => {
    resumed.pause_collection = null;
  });
}

/** A change that waited for its payment too long is forgotten, and nobody needs to pay for it any more. */
function dropPendingUpdate(world: World, subscription: Stripe.Subscription): void {
  const invoice = invoicesOf(world, subscription, 'open').find(({ id }) => id === subscription.latest_invoice);
  world.changeSubscription(
    subscription,
    (expired) => {
      expired.pending_update = null;
    },
    'customer.subscription.pending_update_expired',
  );
  if (invoice) voidInvoice(world, invoice);
}

/** Forgets what was old before the clock was moved: whoever follows the events sees each of them, however far it leaps. */
function forgetOld(world: World): void {
  const { events, deliveries, idempotency } = world.state;
  const now = world.livedUntil;
  const old = now - KEEP_EVENTS_SECONDS;
  for (const { id } of events.removeOldest((event) => event.created <= old, isOwed(world))) deliveries.delete(id);
  for (const [key, answer] of idempotency) if (answer.created < now - KEEP_KEYS_SECONDS) idempotency.delete(key);
}

/** An event that still has to be delivered is kept, however far the clock was moved. */
const isOwed =
  ({ state }: World) =>
  (event: Stripe.EventBase): boolean =>
    state.deliveries.get(event.id)?.state === 'pending';
