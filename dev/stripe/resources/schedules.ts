import type Stripe from 'stripe';
import { z } from 'zod';
import { cancelNow, hasEnded } from '../billing/cancel';
import { customerOf, subscriptionOf } from '../billing/lookup';
import { currentPeriod } from '../billing/period';
import { layPhases, type PhaseOrder } from '../billing/phases';
import { endSchedule, isOpen, scheduleOf } from '../billing/schedule-end';
import { currentPhase, enterPhase, releaseSchedule, startSchedule } from '../billing/schedules';
import { invalidRequest, noSuch } from '../errors';
import { endpoint } from '../http/endpoint';
import { listOf } from '../http/list';
import { buildPhase, buildSchedule } from '../objects/schedule';
import {
  clearableText,
  expand,
  flag,
  inRange,
  integer,
  mergeMetadata,
  metadata,
  oneOf,
  paging,
  range,
  text,
  timestamp,
} from '../params/fields';
import { idOf } from '../store/json';
import type { World } from '../world';
import { prorationBehavior } from './subscription-params';

const moment = z.union([oneOf(['now']), timestamp]);
const phase = z.strictObject({
  description: clearableText.optional(),
  duration: z
    .strictObject({ interval: oneOf(['day', 'month', 'week', 'year']), interval_count: integer.optional() })
    .optional(),
  end_date: moment.optional(),
  items: z
    .array(z.strictObject({ price: text, quantity: integer.optional(), metadata: metadata.optional() }))
    .min(1)
    .max(20),
  metadata: metadata.optional(),
  proration_behavior: prorationBehavior.optional(),
  trial: flag.optional(),
  trial_end: timestamp.optional(),
});
const datedPhase = phase.extend({ start_date: moment.optional() });
const endBehavior = oneOf(['cancel', 'release']);
const defaultSettings = z.strictObject({
  collection_method: oneOf(['charge_automatically', 'send_invoice']).optional(),
  default_payment_method: text.optional(),
});

/** `/v1/subscription_schedules` */
export const subscriptionSchedules = [
  endpoint(
    'post',
    '/subscription_schedules',
    {
      ...expand,
      customer: text.optional(),
      default_settings: defaultSettings.optional(),
      end_behavior: endBehavior.optional(),
      from_subscription: text.optional(),
      metadata: metadata.optional(),
      phases: z.array(phase).min(1).optional(),
      start_date: moment.optional(),
    },
    ({ world, params }) => {
      if (params.from_subscription !== undefined) {
        const others = Object.keys(params).filter((name) => !['from_subscription', 'expand'].includes(name));
        if (others.length > 0) {
          throw invalidRequest(`You cannot set \`${others[0]}\` if \`from_subscription\` is set.`, {
            param: others[0] ?? '',
          });
        }
        return fromSubscription(world, subscriptionOf(world, params.from_subscription, 'from_subscription'));
      }
      if (params.customer === undefined) throw missing('customer');
      if (params.phases === undefined) throw missing('phases');
      return make(world, {
        ...params,
        customer: customerOf(world, params.customer, 'customer').id,
        phases: params.phases,
      });
    },
  ),

  endpoint(
    'get',
    '/subscription_schedules',
    {
      ...paging,
      canceled_at: range.optional(),
      completed_at: range.optional(),
      created: range.optional(),
      customer: text.optional(),
      released_at: range.optional(),
      scheduled: flag.optional(),
    },
    ({ world, params }) =>
      listOf(world.state.schedules, 'subscription_schedule', '/v1/subscription_schedules', params, {
        group: params.customer,
        where: (one) =>
          (params.scheduled === undefined || (one.status === 'not_started') === params.scheduled) &&
          (['canceled_at', 'completed_at', 'released_at'] as const).every(
            (at) => params[at] === undefined || (one[at] !== null && inRange(one[at], params[at])),
          ),
      }),
  ),

  endpoint('get', '/subscription_schedules/:id', expand, ({ world, id }) => openOrNot(world, id)),

  endpoint(
    'post',
    '/subscription_schedules/:id',
    {
      ...expand,
      default_settings: defaultSettings.optional(),
      end_behavior: endBehavior.optional(),
      metadata: metadata.optional(),
      phases: z.array(datedPhase).min(1).optional(),
      proration_behavior: prorationBehavior.optional(),
    },
    ({ world, id, params }) => {
      const schedule = openSchedule(world, id, 'update');
      const phases = params.phases && newPhases(world, schedule, params.phases);
      world.change(world.state.schedules, schedule, 'subscription_schedule.updated', (changed) => {
        if (params.metadata !== undefined) changed.metadata = mergeMetadata(changed.metadata, params.metadata);
        if (params.end_behavior !== undefined) changed.end_behavior = params.end_behavior;
        setDefaults(changed, params.default_settings);
        if (!phases) return;
        changed.phases = phases;
        const now = phases.find(({ start_date }) => start_date === changed.current_phase?.start_date);
        if (now) changed.current_phase = { start_date: now.start_date, end_date: now.end_date };
      });
      const subscription = world.state.subscriptions.get(idOf(schedule.subscription) ?? '');
      if (subscription) enterPhase(world, schedule, subscription, params.proration_behavior ?? 'create_prorations');
      return schedule;
    },
  ),

  endpoint(
    'post',
    '/subscription_schedules/:id/release',
    { ...expand, preserve_cancel_date: flag.optional() },
    ({ world, id, params }) =>
      releaseSchedule(world, openSchedule(world, id, 'release'), { keepEnd: params.preserve_cancel_date ?? false }),
  ),

  endpoint(
    'post',
    '/subscription_schedules/:id/cancel',
    { ...expand, invoice_now: flag.optional(), prorate: flag.optional() },
    ({ world, id, params }) => {
      const schedule = openSchedule(world, id, 'cancel');
      const subscription = world.state.subscriptions.get(idOf(schedule.subscription) ?? '');
      endSchedule(world, schedule, 'canceled');
      const final = { invoiceNow: params.invoice_now ?? true, prorate: params.prorate ?? true };
      if (subscription) cancelNow(world, subscription, 'cancellation_requested', final);
      return schedule;
    },
  ),
];

const missing = (param: string) =>
  invalidRequest(`Missing required param: ${param}.`, { code: 'parameter_missing', param });

function openOrNot(world: World, id: string): Stripe.SubscriptionSchedule {
  const schedule = world.state.schedules.get(id);
  if (!schedule) throw noSuch('subscription_schedule', id);
  return schedule;
}

function openSchedule(world: World, id: string, verb: 'cancel' | 'release' | 'update'): Stripe.SubscriptionSchedule {
  const schedule = openOrNot(world, id);
  if (isOpen(schedule)) return schedule;
  throw invalidRequest(
    `You cannot ${verb} a subscription schedule that is currently in the \`${schedule.status}\` status. It must be in either the \`not_started\` or \`active\` status.`,
  );
}

/** A schedule that takes over a subscription as it is, for the period that it is in. */
function fromSubscription(world: World, subscription: Stripe.Subscription): Stripe.SubscriptionSchedule {
  const known = scheduleOf(world, subscription);
  if (known) {
    throw invalidRequest(`You cannot migrate a subscription that is already attached to a schedule: \`${known.id}\`.`, {
      param: 'from_subscription',
    });
  }
  if (hasEnded(subscription)) {
    throw invalidRequest('You cannot migrate a subscription that has ended.', { param: 'from_subscription' });
  }
  const { start, end } = currentPeriod(subscription);
  const schedule = buildSchedule({
    created: world.now(),
    customer: idOf(subscription.customer),
    subscription: subscription.id,
    endBehavior: subscription.cancel_at === null ? 'release' : 'cancel',
    defaultPaymentMethod: idOf(subscription.default_payment_method),
    phases: [
      buildPhase({
        start,
        end: subscription.cancel_at ?? end,
        currency: subscription.currency,
        items: subscription.items.data.map((item) => ({
          price: item.price.id,
          quantity: item.quantity ?? 1,
          metadata: item.metadata,
        })),
        trialEnd: subscription.status === 'trialing' ? subscription.trial_end : null,
      }),
    ],
  });
  world.state.schedules.put(schedule);
  world.emit('subscription_schedule.created', schedule);
  world.changeSubscription(subscription, (managed) => {
    managed.schedule = schedule.id;
    managed.cancel_at_period_end = false;
  });
  return schedule;
}

interface ScheduleOrder {
  customer: string;
  phases: PhaseOrder[];
  start_date?: number | 'now' | undefined;
  end_behavior?: 'cancel' | 'release' | undefined;
  metadata?: z.output<typeof metadata> | undefined;
  default_settings?: z.output<typeof defaultSettings> | undefined;
}

function make(world: World, order: ScheduleOrder): Stripe.SubscriptionSchedule {
  const now = world.now();
  const start = typeof order.start_date === 'number' ? order.start_date : now;
  if (start < now) {
    throw invalidRequest('This local stand-in cannot backdate a schedule: `start_date` must not be in the past.', {
      param: 'start_date',
    });
  }
  const schedule = buildSchedule({
    created: now,
    customer: order.customer,
    subscription: null,
    endBehavior: order.end_behavior ?? 'release',
    metadata: mergeMetadata(null, order.metadata),
    phases: layPhases(world, order.phases, start),
  });
  setDefaults(schedule, order.default_settings);
  world.state.schedules.put(schedule);
  world.emit('subscription_schedule.created', schedule);
  if (start <= now) startSchedule(world, schedule);
  return schedule;
}

function setDefaults(
  schedule: Stripe.SubscriptionSchedule,
  settings: z.output<typeof defaultSettings> | undefined,
): void {
  if (settings?.collection_method !== undefined)
    schedule.default_settings.collection_method = settings.collection_method;
  if (settings?.default_payment_method !== undefined) {
    schedule.default_settings.default_payment_method = settings.default_payment_method;
  }
}

/** The phases of an update. The one that runs must be among them, from where it began; past ones may be left out. */
function newPhases(
  world: World,
  schedule: Stripe.SubscriptionSchedule,
  orders: PhaseOrder[],
): Stripe.SubscriptionSchedule.Phase[] {
  const running = currentPhase(schedule);
  const phases = layPhases(world, orders, running ? null : (schedule.phases[0]?.start_date ?? null));
  if (!running) return phases;
  const now = phases.find(({ start_date }) => start_date === running.start_date);
  if (!now) {
    throw invalidRequest('You can not modify the start date of the current phase.', { param: 'phases' });
  }
  if (now.end_date < world.now()) {
    throw invalidRequest('The current phase cannot end in the past.', { param: 'phases' });
  }
  const past = schedule.phases.filter(({ end_date }) => end_date <= running.start_date);
  return [...past.filter(({ start_date }) => start_date < (phases[0]?.start_date ?? 0)), ...phases];
}
