import { setTimeout as sleep } from 'node:timers/promises';
import Redis from 'ioredis';
import type { StripePriority } from './priority';
import { gapMs, LATE_MS, type Rates, WINDOW_MS } from './slot-rules';

/** A request that waits: the first of its endpoint and priority in this process. */
export interface Candidate {
  priority: StripePriority;
  endpoint: string;
}

/** Which of the candidates may go now, else how long to wait before asking again. */
export type SlotAnswer = { granted: number } | { waitMs: number };

/**
 * Lets at most one of the candidates go. A bucket is the account's requests in all, or those to one endpoint: a list
 * of when the last ones went, and a hash that says who waits for it (until when that is believed), how many others
 * went since a sweep did, and until when Stripe asked us to pause. Redis' clock is the only one.
 *
 * Whoever is held back says so in the bucket that holds it, and less urgent ones then stand back: all of them for a
 * person; a sweep for an event, but for every second turn; an event for a sweep that has waited for four others.
 *
 * KEYS: hash and list of each bucket, the whole account's first.
 * ARGV: window, rate and gap of the account, rate and gap of an endpoint, how late a slot may be taken as if in time,
 * then priority and bucket of each candidate.
 */
const TAKE = `
local window, late = tonumber(ARGV[1]), tonumber(ARGV[6])
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local buckets = {}
for i = 1, #KEYS / 2 do
  local hash, list = KEYS[2 * i - 1], KEYS[2 * i]
  local rate = tonumber(ARGV[i == 1 and 2 or 4])
  local gap = tonumber(ARGV[i == 1 and 3 or 5])
  local state = redis.call('HMGET', hash, 'pausedUntil', 'person', 'event', 'sweep', 'others')
  local first = redis.call('LINDEX', list, rate - 1)
  local last = redis.call('LINDEX', list, 0)
  local free = tonumber(state[1] or 0)
  if first then free = math.max(free, first + window) end
  if last then free = math.max(free, last + gap) end
  buckets[i] = { hash = hash, list = list, rate = rate, free = free, freeIn = free - now, others = tonumber(state[5] or 1),
    person = tonumber(state[2] or 0), event = tonumber(state[3] or 0), sweep = tonumber(state[4] or 0) }
end
local function waitIn(bucket, priority)
  if bucket.freeIn > 0 then return bucket.freeIn end
  if priority ~= 'person' and bucket.person > now then return 10 end
  if priority == 'sweep' and bucket.event > now and bucket.others < 1 then return 10 end
  if priority == 'event' and bucket.sweep > now and bucket.others >= 4 then return 10 end
  return 0
end
local shortest = window
for i = 7, #ARGV, 2 do
  local priority, mine = ARGV[i], { buckets[1], buckets[tonumber(ARGV[i + 1])] }
  local wait = 0
  for _, bucket in ipairs(mine) do
    local here = waitIn(bucket, priority)
    if here > 0 then
      bucket[priority] = now + here + 50
      redis.call('HSET', bucket.hash, priority, string.format('%.3f', bucket[priority]))
      redis.call('PEXPIRE', bucket.hash, 60000)
    end
    wait = math.max(wait, here)
  end
  if wait == 0 then
    for _, bucket in ipairs(mine) do
      redis.call('LPUSH', bucket.list, string.format('%.3f', math.max(bucket.free, now - late)))
      redis.call('LTRIM', bucket.list, 0, bucket.rate - 1)
      redis.call('PEXPIRE', bucket.list, 5000)
      redis.call('HDEL', bucket.hash, priority)
      redis.call('HSET', bucket.hash, 'others', priority == 'sweep' and 0 or bucket.others + 1)
      redis.call('PEXPIRE', bucket.hash, 60000)
    end
    return { (i - 7) / 2, 0 }
  end
  shortest = math.min(shortest, wait)
end
return { -1, math.ceil(shortest) }
`;

/** KEYS: the bucket's hash. ARGV: milliseconds. A longer pause that runs already stays. */
const PAUSE = `
local time = redis.call('TIME')
local untilThen = time[1] * 1000 + time[2] / 1000 + ARGV[1]
if untilThen > tonumber(redis.call('HGET', KEYS[1], 'pausedUntil') or 0) then
  redis.call('HSET', KEYS[1], 'pausedUntil', string.format('%.3f', untilThen))
  redis.call('PEXPIRE', KEYS[1], 60000)
end
`;

type SlotRedis = Redis & {
  takeStripeSlot(keys: number, ...args: (string | number)[]): Promise<[index: number, waitMs: number]>;
  pauseStripe(keys: number, ...args: (string | number)[]): Promise<null>;
};

/** After a failure Redis is left alone for so long. */
const RETRY_REDIS_MS = 1000;
const OPEN_REDIS_MS = 300;

/** The slots of one Stripe account, shared by every process through Redis. */
export class SharedSlots {
  readonly #redis: SlotRedis;
  #awayUntil = 0;
  #opened: Promise<unknown> | undefined;

  /** @param prefix begins every key; the account's own. @param onReady called whenever Redis comes (back) */
  constructor(
    redisUrl: string,
    private readonly prefix: string,
    private readonly rates: Rates,
    onReady: () => void,
  ) {
    this.#redis = new Redis(redisUrl, {
      lazyConnect: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 1,
      commandTimeout: 500,
      retryStrategy: (times) => Math.min(times * 200, 2000),
      scripts: { takeStripeSlot: { lua: TAKE }, pauseStripe: { lua: PAUSE } },
    }) as SlotRedis;
    // The process's other connections tell of the outage.
    this.#redis.on('error', () => undefined);
    this.#redis.on('ready', () => {
      this.#awayUntil = 0;
      onReady();
    });
  }

  /** Asks for one slot; null while Redis is away. */
  async take(candidates: readonly Candidate[]): Promise<SlotAnswer | null> {
    if (!(await this.#isHere())) return null;
    const endpoints = [...new Set(candidates.map(({ endpoint }) => endpoint))];
    const keys = [null, ...endpoints].flatMap((endpoint) => this.#keysOf(endpoint));
    const wanted = candidates.flatMap(({ priority, endpoint }) => [priority, endpoints.indexOf(endpoint) + 2]);
    const { total, endpoint } = this.rates;
    try {
      const [granted, waitMs] = await this.#redis.takeStripeSlot(
        keys.length,
        ...keys,
        ...[WINDOW_MS, total, gapMs(total), endpoint, gapMs(endpoint), LATE_MS],
        ...wanted,
      );
      return granted < 0 ? { waitMs } : { granted };
    } catch {
      this.#awayUntil = Date.now() + RETRY_REDIS_MS;
      return null;
    }
  }

  /** Lets nobody go for a while: to one endpoint, or at all. */
  async pause(endpoint: string | null, ms: number): Promise<void> {
    if (await this.#isHere())
      await this.#redis.pauseStripe(1, this.#keysOf(endpoint)[0], Math.ceil(ms)).catch(() => undefined);
  }

  close(): void {
    this.#redis.disconnect();
  }

  /** The first asker waits for the connection, for a moment. */
  async #isHere(): Promise<boolean> {
    this.#opened ??= Promise.race([this.#redis.connect().catch(() => undefined), sleep(OPEN_REDIS_MS)]);
    await this.#opened;
    return this.#redis.status === 'ready' && Date.now() >= this.#awayUntil;
  }

  #keysOf(endpoint: string | null): [hash: string, list: string] {
    const base = `${this.prefix}:${endpoint ?? 'all'}`;
    return [base, `${base}:sent`];
  }
}
