import { setTimeout as sleep } from 'node:timers/promises';
import Stripe from 'stripe';
import { endpointOf } from './endpoint';
import { type StripePriority, stripePriority } from './priority';
import { NoTurn, type StripeLimit } from './rate-limit';

type HttpClient = NonNullable<NonNullable<ConstructorParameters<typeof Stripe>[1]>['httpClient']>;
type HttpResponse = Awaited<ReturnType<HttpClient['makeRequest']>>;

/** What Stripe answered: told for every request, refused ones with Stripe's message. */
export interface StripeAnswer {
  status: number;
  endpoint: string;
  message: string | null;
}
export type OnAnswer = (answer: StripeAnswer) => void;

/** For so long a request waits for its turn and tries again what Stripe had no room for. */
const PATIENCE_MS: Record<StripePriority, number> = { person: 15_000, event: 5 * 60_000, sweep: 30 * 60_000 };
const MAX_TRIES = 8;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const LONGEST_RETRY_AFTER_MS = 60_000;

/** An answer whose body was read, or that never came from Stripe. */
class ReadResponse implements HttpResponse {
  constructor(
    private readonly status: number,
    private readonly headers: ReturnType<HttpResponse['getHeaders']>,
    private readonly body: unknown,
  ) {}
  getStatusCode = () => this.status;
  getHeaders = () => this.headers;
  getRawResponse = () => ({});
  toStream = () => {
    throw new Error('A refusal is no stream.');
  };
  toJSON = async () => this.body;
}

interface ErrorBody {
  error?: { code?: string; message?: string };
}

async function bodyOf(response: HttpResponse): Promise<ErrorBody> {
  try {
    return (await response.toJSON()) as ErrorBody;
  } catch {
    // Cut off, or of a proxy that speaks no JSON: the status tells enough.
    return { error: { message: `Stripe answered ${response.getStatusCode()}.` } };
  }
}

/** How long to wait before the next try: what Stripe asks for, else doubled each time, spread out by chance. */
function pauseFor(tries: number, retryAfter: unknown): number {
  const doubled = Math.min(FIRST_PAUSE_MS * 2 ** tries, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2);
  const seconds = Number(retryAfter);
  return seconds > 0 ? Math.max(Math.min(seconds * 1000, LONGEST_RETRY_AFTER_MS), doubled) : doubled;
}

/** The answer to a request that never went out. The SDK makes a StripeRateLimitError of it and does not try again. */
const noTurn = (error: NoTurn): HttpResponse =>
  new ReadResponse(
    429,
    { 'stripe-should-retry': 'false', 'retry-after': '10' },
    { error: { type: 'invalid_request_error', code: 'rate_limit', message: error.message } },
  );

/**
 * The SDK's HTTP client under the limit: a request waits for its turn before it is sent, so its time-out does not run
 * while it waits. The SDK itself tries again after connection faults, 409 and 5xx, but not after 429: a rate limit and
 * a lock time-out are tried again here, with the same idempotency key, unless `stripe-should-retry` forbids it.
 * https://docs.stripe.com/rate-limits, https://docs.stripe.com/error-low-level#idempotency
 */
export class LimitedHttpClient implements HttpClient {
  readonly #inner = Stripe.createNodeHttpClient();

  /** @param limit null lets every request go at once */
  constructor(
    private readonly limit: StripeLimit | null,
    private readonly onAnswer: OnAnswer,
  ) {}

  getClientName = () => this.#inner.getClientName();

  makeRequest: HttpClient['makeRequest'] = async (host, port, path, method, ...rest) => {
    const endpoint = endpointOf(method, path);
    const priority = stripePriority();
    const end = Date.now() + PATIENCE_MS[priority];
    for (let tries = 1; ; tries++) {
      try {
        await this.limit?.take(endpoint, priority, Math.max(0, end - Date.now()));
      } catch (error) {
        if (error instanceof NoTurn) return noTurn(error);
        throw error;
      }
      const response = await this.#inner.makeRequest(host, port, path, method, ...rest);
      const status = response.getStatusCode();
      if (status < 400) this.onAnswer({ status, endpoint, message: null });
      if (![401, 403, 429].includes(status)) return response;
      const headers = response.getHeaders();
      const body = await bodyOf(response);
      this.onAnswer({ status, endpoint, message: body.error?.message ?? null });
      if (status !== 429) return new ReadResponse(status, headers, body);
      const pause = pauseFor(tries - 1, headers['retry-after']);
      if (body.error?.code !== 'lock_timeout') await this.#slowDown(endpoint, headers);
      const last = tries === MAX_TRIES || headers['stripe-should-retry'] === 'false' || Date.now() + pause > end;
      if (last) return new ReadResponse(status, { ...headers, 'stripe-should-retry': 'false' }, body);
      await sleep(pause);
    }
  };

  /** Others of ours hold back too: from this endpoint, where Stripe says that it alone is overrun, else altogether. */
  async #slowDown(endpoint: string, headers: ReturnType<HttpResponse['getHeaders']>): Promise<void> {
    const reason = String(headers['stripe-rate-limited-reason'] ?? '');
    const ms = Math.min(Math.max(Number(headers['retry-after']) * 1000 || 0, FIRST_PAUSE_MS), LONGEST_PAUSE_MS);
    await this.limit?.pause(/^(endpoint|resource)/.test(reason) ? endpoint : null, ms);
  }
}
