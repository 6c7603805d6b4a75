import { OwnSlots } from './own-slots';
import { STRIPE_PRIORITIES, type StripePriority } from './priority';
import { type Candidate, SharedSlots } from './shared-slots';
import type { Rates } from './slot-rules';

/** What a process lets itself have of the limit while Redis can't say what the others use. */
const SHARE_ALONE = 1 / 4;
/** So many endpoints are asked for at once. */
const MOST_CANDIDATES = 20;

/** No turn came within the time that the request could wait. */
export class NoTurn extends Error {
  constructor(readonly waitedMs: number) {
    super(`No turn at Stripe within ${Math.round(waitedMs / 1000)} s: others use the whole limit.`);
    this.name = 'NoTurn';
  }
}

interface Waiting {
  go: () => void;
}

interface Queue extends Candidate {
  waiting: Waiting[];
}

const nameOf = ({ priority, endpoint }: Candidate): string => `${priority} ${endpoint}`;

/**
 * Lets requests to Stripe go so that all processes together keep the rates in any second: people's first, then events'
 * and sweeps'. While Redis is away the process keeps to a quarter of the rates, and asks Redis again once it is back.
 */
export class StripeLimit {
  readonly #shared: SharedSlots;
  readonly #own: OwnSlots;
  readonly #queues = new Map<string, Queue>();
  #serving = false;
  #wake: () => void = () => undefined;
  #woken = false;

  /** @param prefix begins every key in Redis: processes with the same one share one budget */
  constructor(redisUrl: string, prefix: string, rates: Rates) {
    this.#own = new OwnSlots(rates);
    this.#shared = new SharedSlots(redisUrl, prefix, rates, () => this.#lookAgain());
  }

  /** Resolves when a request to `endpoint` may be sent at once. @throws NoTurn after `patienceMs` */
  take(endpoint: string, priority: StripePriority, patienceMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const name = nameOf({ priority, endpoint });
      const queue: Queue = this.#queues.get(name) ?? { priority, endpoint, waiting: [] };
      this.#queues.set(name, queue);
      const timer = setTimeout(() => {
        queue.waiting.splice(queue.waiting.indexOf(one), 1);
        reject(new NoTurn(patienceMs));
      }, patienceMs);
      const one: Waiting = {
        go: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      queue.waiting.push(one);
      if (!this.#serving) void this.#serve();
      else if (queue.waiting.length === 1) this.#lookAgain();
    });
  }

  /** Stripe had too many requests, to one endpoint or in all: nobody goes for a while. */
  async pause(endpoint: string | null, ms: number): Promise<void> {
    this.#own.pause(endpoint, ms);
    await this.#shared.pause(endpoint, ms);
  }

  /** Lets Redis go. Whoever still waits is served from the process's own share. */
  close(): void {
    this.#shared.close();
  }

  async #serve(): Promise<void> {
    this.#serving = true;
    for (let heads = this.#heads(); heads.length > 0; heads = this.#heads()) {
      const answer = (await this.#shared.take(heads)) ?? this.#takeAlone(heads);
      if ('waitMs' in answer) await this.#sleep(answer.waitMs);
      else await this.#letGo(heads[answer.granted]);
    }
    this.#serving = false;
  }

  /** The first of each priority and endpoint, the most urgent first. */
  #heads(): Queue[] {
    for (const [name, { waiting }] of this.#queues) if (waiting.length === 0) this.#queues.delete(name);
    const queues = [...this.#queues.values()];
    return STRIPE_PRIORITIES.flatMap((priority) => queues.filter((queue) => queue.priority === priority)).slice(
      0,
      MOST_CANDIDATES,
    );
  }

  #takeAlone(heads: readonly Candidate[]) {
    const waits = heads.map(({ endpoint }) => this.#own.freeIn(endpoint, SHARE_ALONE));
    const granted = waits.findIndex((wait) => wait <= 0);
    return granted < 0 ? { waitMs: Math.min(...waits) } : { granted };
  }

  async #letGo(queue: Queue | undefined): Promise<void> {
    if (!queue) return;
    // Redis may have been wiped, or its answer held up: what this process itself sent is known all the same.
    const crowded = this.#own.crowdedFor(queue.endpoint);
    if (crowded > 0) await new Promise((resolve) => setTimeout(resolve, Math.ceil(crowded)));
    const next = queue.waiting.shift();
    if (!next) return;
    // To the end of the line, so that one busy endpoint does not keep those of the same priority waiting.
    const name = nameOf(queue);
    this.#queues.delete(name);
    this.#queues.set(name, queue);
    this.#own.record(queue.endpoint);
    next.go();
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake(), this.#woken ? 0 : Math.ceil(ms));
      this.#wake = () => {
        clearTimeout(timer);
        this.#woken = false;
        resolve();
      };
    });
  }

  /** Asks again at once: somebody else waits now, or Redis is back. */
  #lookAgain(): void {
    this.#woken = true;
    this.#wake();
  }
}
