import type Redis from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { tooMany } from '../errors';

export interface Limit {
  /** Takes one point for `key`; throws 429 with the seconds to wait when none is left. */
  take(key: string): Promise<void>;
  /** Gives the point back: what was tried turned out well. */
  give(key: string): Promise<void>;
}

/** `points` tries in `seconds` for each key, over all processes through Redis; while Redis is away, in this one alone. */
export function makeLimit(redis: Redis, name: string, points: number, seconds: number): Limit {
  const options = { keyPrefix: `tenantry:limit:${name}`, points, duration: seconds };
  const limiter = new RateLimiterRedis({
    ...options,
    storeClient: redis,
    rejectIfRedisNotReady: true,
    insuranceLimiter: new RateLimiterMemory(options),
  });
  return {
    async take(key) {
      try {
        await limiter.consume(key);
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal;
        const wait = refusal.msBeforeNext / 1000;
        throw tooMany(`Too many tries. Wait ${Math.ceil(wait / 60)} min, then try again.`, wait);
      }
    },
    async give(key) {
      await limiter.reward(key);
    },
  };
}
