import type { Rates } from './slot-rules';
import { gapMs, WINDOW_MS } from './slot-rules';

const ALL = 'all';

/** What this process alone sent in the last second, by endpoint and in all. Times are of the process's own clock. */
export class OwnSlots {
  readonly #sent = new Map<string, number[]>();
  readonly #pausedUntil = new Map<string, number>();

  constructor(
    private readonly rates: Rates,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  /** Milliseconds until this process may send to `endpoint`, where it may use only a `share` of the limit. */
  freeIn(endpoint: string, share: number): number {
    return Math.max(...this.#buckets(endpoint).map(([name, rate]) => this.#bucketFreeIn(name, rate, share)));
  }

  /** Milliseconds until this process would keep the limit if it were alone, whatever others were told. */
  crowdedFor(endpoint: string): number {
    return Math.max(...this.#buckets(endpoint).map(([name, rate]) => this.#fullFor(name, rate, 1000)));
  }

  record(endpoint: string): void {
    for (const [name, rate] of this.#buckets(endpoint)) {
      const sent = this.#sent.get(name) ?? [];
      sent.push(this.clock());
      if (sent.length > rate) sent.shift();
      this.#sent.set(name, sent);
    }
  }

  pause(endpoint: string | null, ms: number): void {
    this.#pausedUntil.set(endpoint ?? ALL, this.clock() + ms);
  }

  #buckets(endpoint: string): [name: string, rate: number][] {
    return [
      [ALL, this.rates.total],
      [endpoint, this.rates.endpoint],
    ];
  }

  #bucketFreeIn(name: string, fullRate: number, share: number): number {
    const rate = Math.max(1, Math.floor(fullRate * share));
    const last = this.#sent.get(name)?.at(-1) ?? Number.NEGATIVE_INFINITY;
    const paused = (this.#pausedUntil.get(name) ?? 0) - this.clock();
    return Math.max(0, paused, last + gapMs(rate) - this.clock(), this.#fullFor(name, rate, WINDOW_MS));
  }

  #fullFor(name: string, rate: number, windowMs: number): number {
    const first = this.#sent.get(name)?.at(-rate);
    return first === undefined ? 0 : Math.max(0, first + windowMs - this.clock());
  }
}
