import type Stripe from 'stripe';
import type { z } from 'zod';
import { invalidRequest } from '../errors';
import { buildPhase } from '../objects/schedule';
import { mergeMetadata, type metadata } from '../params/fields';
import type { World } from '../world';
import type { ProrationBehavior } from './change-items';
import { recurringPrice } from './lookup';
import { addInterval } from './period';

type Phase = Stripe.SubscriptionSchedule.Phase;
type MetadataParam = z.output<typeof metadata>;

/** A phase as the API takes it; times in seconds. */
export interface PhaseOrder {
  items: { price: string; quantity?: number | undefined; metadata?: MetadataParam | undefined }[];
  start_date?: number | 'now' | undefined;
  end_date?: number | 'now' | undefined;
  duration?: { interval: 'day' | 'month' | 'week' | 'year'; interval_count?: number | undefined } | undefined;
  metadata?: MetadataParam | undefined;
  description?: string | null | undefined;
  proration_behavior?: ProrationBehavior | undefined;
  trial?: boolean | undefined;
  trial_end?: number | undefined;
}

/**
 * Lays phases end to end. One that names neither its end nor its duration lasts for one interval of its first price.
 * @param start of the first phase, where it names none
 * @throws StripeApiError for an unknown price, a gap, or a phase that ends before it begins
 */
export function layPhases(world: World, orders: readonly PhaseOrder[], start: number | null): Phase[] {
  let next = start;
  return orders.map((order, index) => {
    const param = `phases[${index}]`;
    const begin = order.start_date === 'now' ? world.now() : (order.start_date ?? next);
    if (begin === null) {
      throw invalidRequest(
        'The subscription schedule update is missing at least one phase with a `start_date` to anchor end dates to.',
        { param: 'phases' },
      );
    }
    if (index > 0 && begin !== next) {
      throw invalidRequest('The `start_date` of a phase must be the `end_date` of the phase before it.', {
        param: `${param}[start_date]`,
      });
    }
    const phase = layPhase(world, order, begin, param);
    if (phase.end_date <= begin) {
      throw invalidRequest('The `end_date` of a phase must be after its `start_date`.', {
        param: `${param}[end_date]`,
      });
    }
    next = phase.end_date;
    return phase;
  });
}

function layPhase(world: World, order: PhaseOrder, start: number, param: string): Phase {
  if (order.end_date !== undefined && order.duration !== undefined) {
    throw invalidRequest('You may only specify one of these parameters: end_date, duration.', { param });
  }
  const prices = order.items.map((item, index) =>
    recurringPrice(world, item.price, `${param}[items][${index}][price]`),
  );
  const [first] = prices;
  if (!first) throw invalidRequest(`Missing required param: ${param}[items].`, { code: 'parameter_missing', param });
  const { interval, interval_count } = order.duration ?? first.recurring ?? { interval: 'month' as const };
  const lasting = addInterval(start, { interval, interval_count: interval_count ?? 1 });
  const end = order.end_date === 'now' ? world.now() : (order.end_date ?? lasting);
  return buildPhase({
    start,
    end,
    currency: first.currency,
    items: order.items.map((item, index) => ({
      price: prices[index]!.id,
      quantity: item.quantity ?? 1,
      metadata: mergeMetadata(null, item.metadata),
    })),
    metadata: mergeMetadata(null, order.metadata),
    description: order.description ?? null,
    ...(order.proration_behavior ? { proration: order.proration_behavior } : {}),
    trialEnd: order.trial ? end : (order.trial_end ?? null),
  });
}
