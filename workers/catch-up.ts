import type Redis from 'ioredis';
import { catchUp } from '../server/billing/catch-up';
import { wakeRelay } from '../server/jobs/queues';
import { withStripePriority } from '../server/stripe/priority';
import type { Tools } from './processor';
import { Ticker } from './ticker';

/** So long a webhook may take before the event list is believed to have come first. */
const LONGEST_SETTLE_SECONDS = 10;

/**
 * Catches up with Stripe's event list at once and then at regular intervals. The first round after a start takes all
 * that is listed; later ones leave the last seconds to the webhooks that are on their way.
 */
export function catchUpTicker({ context, stripe }: Tools, redis: Redis, signal: AbortSignal): Ticker {
  const { config, log } = context;
  const { catchUpSeconds } = config.stripe;
  let settleSeconds = 0;
  let failing = false;
  return new Ticker('catch-up', catchUpSeconds * 1000, log, async () => {
    try {
      const { newEvents } = await withStripePriority('event', () =>
        catchUp(context, stripe, { settleSeconds, signal }),
      );
      settleSeconds = Math.min(LONGEST_SETTLE_SECONDS, catchUpSeconds);
      if (failing) log.info('the event list of stripe can be read again');
      failing = false;
      if (newEvents === 0) return;
      log.info({ newEvents }, 'the event list of stripe held events that no webhook brought');
      await wakeRelay(redis);
    } catch (error) {
      // Told once: while Stripe is away every round fails alike.
      if (!failing) log.warn({ err: error }, 'the event list of stripe can not be read; trying again at the next turn');
      failing = true;
    }
  });
}
