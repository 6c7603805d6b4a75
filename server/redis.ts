import Redis from 'ioredis';
import type { Logger } from './log';

/** A connection for limits and queue commands: fails at once while Redis is away, and comes back by itself. */
export function connectRedis(url: string, log: Logger): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    retryStrategy: (times) => Math.min(times * 200, 2000),
  });
  let told = false;
  redis.on('error', (error) => {
    if (!told) log.warn({ err: error }, 'redis unreachable; trying again until it is back');
    told = true;
  });
  redis.on('ready', () => {
    if (told) log.info('redis is back');
    told = false;
  });
  return redis;
}
