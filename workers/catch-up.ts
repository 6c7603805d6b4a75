import type Redis from 'ioredis';
import { catchUp } from '../server/billing/catch-up';
import { wakeRelay } from '../server/jobs/queues';
import { withStripePriority } from '../server/stripe/priority';
import type { Tools } from './processor';
import { Ticker } from './ticker';

/** Webhooks mostly arrive within seconds: an event younger than this is on its way, not missed. */
const LONGEST_SETTLE_SECONDS = 30;

/** Catches up with Stripe's event list at once and then at regular intervals, but for events that are only just on their way. */
export function catchUpTicker({ context, stripe }: Tools, redis: Redis, signal: AbortSignal): Ticker {
  const { config, log } = context;
  const { catchUpSeconds } = config.stripe;
  const settleSeconds = Math.min(LONGEST_SETTLE_SECONDS, catchUpSeconds);
  let failing = false;
  return new Ticker('catch-up', catchUpSeconds * 1000, log, async () => {
    try {
      const { newEvents } = await withStripePriority('event', () =>
        catchUp(context, stripe, { settleSeconds, signal }),
      );
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
