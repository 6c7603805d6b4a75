import type { DataSource } from 'typeorm';
import { readState, type StripeStates, writeState } from '../billing/stripe-state';
import type { Context } from '../context';
import { onStripeAnswer } from './client';
import type { StripeAnswer } from './limited-http';

type Refusal = NonNullable<StripeStates['key']['refused']>;

/** What this process remembers is held against the database after so long: other processes write there too. */
const TRUST_MEMORY_MS = 60_000;
const KEYS = /\b(sk|rk|pk)_[\w*]+/g;

/** When and why Stripe refused our key; null while it takes it. */
export async function readKeyRefusal(db: DataSource): Promise<{ at: string; message: string } | null> {
  const { refused } = (await readState(db, 'key')) ?? { refused: null };
  return refused && { at: refused.at, message: refused.message };
}

/** Follows what Stripe says of the key, and writes only what changed. */
class KeyWatch {
  /** Undefined until it was read. */
  #known: Refusal | null | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #settled: Promise<void> = Promise.resolve();

  constructor(private readonly context: Context) {}

  hear(answer: StripeAnswer): void {
    if (this.#isFresh() && !this.#changes(answer)) return;
    this.#settled = this.#settled
      .then(() => this.#settle(answer))
      .catch((error) => this.context.log.warn({ err: error }, 'the state of the stripe key was not written'));
  }

  #isFresh(): boolean {
    return performance.now() - this.#readAt < TRUST_MEMORY_MS;
  }

  /**
   * 401 refuses the key as a whole, until anything is answered. 403 refuses it for one endpoint, as a restricted key
   * may be, until that endpoint answers. Of several refusals alike the first is kept.
   */
  #changes({ status, endpoint }: StripeAnswer): boolean {
    const known = this.#known;
    if (status === 401) return !known || known.endpoint !== undefined;
    if (status === 403) return known?.endpoint === undefined;
    if (!known || status >= 400) return false;
    return known.endpoint === undefined || known.endpoint === endpoint;
  }

  async #settle(answer: StripeAnswer): Promise<void> {
    const { db, log, now } = this.context;
    if (!this.#isFresh()) {
      this.#known = (await readState(db, 'key'))?.refused ?? null;
      this.#readAt = performance.now();
    }
    if (!this.#changes(answer)) return;
    const { status, endpoint } = answer;
    const refused = status < 400 ? null : refusal(answer, now());
    await writeState(db, 'key', { refused });
    this.#known = refused;
    if (refused) log.error({ status, endpoint, reason: refused.message }, 'stripe refuses our key');
    else log.info('stripe takes our key again');
  }
}

function refusal({ status, endpoint, message }: StripeAnswer, at: Date): Refusal {
  // Stripe's message repeats the ends of the key.
  const reason = (message ?? `Stripe answered ${status}.`).replace(KEYS, '(hidden)').slice(0, 500);
  return status === 401
    ? { at: at.toISOString(), message: reason }
    : { at: at.toISOString(), message: `${endpoint}: ${reason}`, endpoint };
}

/** From now on the database knows whether Stripe refuses the key of this process's clients. */
export function watchStripeKey(context: Context): void {
  const watch = new KeyWatch(context);
  onStripeAnswer(context.config, (answer) => watch.hear(answer));
}
