import { StripeApiError } from '../errors';
import type { World } from '../world';

const SECOND_MS = 1000;

/** What is to become of a request that is not refused. */
export interface Passage {
  /** The request is done, but its caller never learns of it. */
  loseAnswer: boolean;
}

/**
 * Decides by the faults that are switched on what becomes of the next request to an endpoint.
 * @param endpoint method and path, `GET /customers/:id`
 * @throws StripeApiError 429 or 500, and then nothing was done
 */
export function meetTrouble(world: World, endpoint: string): Passage {
  const { faults, apiDice } = world;
  if (take(world, 'rateLimitNext') || apiDice.hits(faults.rateLimitShare)) throw rateLimited();
  if (take(world, 'lockTimeoutNext') || apiDice.hits(faults.lockTimeoutShare)) throw lockTimeout();
  if (take(world, 'failNext') || apiDice.hits(faults.failShare)) throw failed(endpoint);
  if (!world.limits.admit(endpoint, faults.maxRequestsPerSecond)) throw rateLimited();
  return { loseAnswer: take(world, 'timeoutNext') || apiDice.hits(faults.timeoutShare) };
}

function take(world: World, fault: 'rateLimitNext' | 'lockTimeoutNext' | 'failNext' | 'timeoutNext'): boolean {
  if (world.faults[fault] <= 0) return false;
  world.faults[fault] -= 1;
  return true;
}

/** Lets at most so many requests through to each endpoint in any stretch of one second. */
export class Limits {
  private readonly admitted = new Map<string, number[]>();

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /** Whether one more request may pass now; if so, it counts. `most` 0 lets all pass. */
  admit(endpoint: string, most: number): boolean {
    if (most === 0) return true;
    const now = this.nowMs();
    const recent = (this.admitted.get(endpoint) ?? []).filter((time) => time > now - SECOND_MS);
    const passes = recent.length < most;
    if (passes) recent.push(now);
    this.admitted.set(endpoint, recent);
    return passes;
  }
}

/** 429. Its headers name the reason, and tell the SDK to try again after a lock: https://docs.stripe.com/rate-limits */
export class RateLimitError extends StripeApiError {
  constructor(
    readonly headers: Record<string, string>,
    code: 'lock_timeout' | 'rate_limit',
    message: string,
  ) {
    super(429, { type: 'invalid_request_error', code, message });
  }
}

const rateLimited = (): RateLimitError =>
  new RateLimitError(
    { 'stripe-rate-limited-reason': 'endpoint-rate' },
    'rate_limit',
    'Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.',
  );

const lockTimeout = (): RateLimitError =>
  new RateLimitError(
    { 'stripe-rate-limited-reason': 'resource-specific', 'stripe-should-retry': 'true' },
    'lock_timeout',
    'This object cannot be accessed right now because another API request or Stripe process is currently accessing it. If you see this error intermittently, retry the request. If you see this error frequently and are making multiple concurrent requests to a single object, make your requests serially or at a lower rate. For more details, see https://stripe.com/docs/rate-limits#object-lock-timeouts.',
  );

const failed = (endpoint: string): StripeApiError =>
  new StripeApiError(500, { type: 'api_error', message: `An unknown error occurred (${endpoint}).` });
