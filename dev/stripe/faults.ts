import { z } from 'zod';

/** Trouble that can be switched on, to see how the caller bears it. Shares lie between 0 and 1. */
export interface Faults {
  /** So many of the next API requests get 429, as from too many requests. */
  rateLimitNext: number;
  /** So many of the next API requests get 429, as from an object that another request holds. */
  lockTimeoutNext: number;
  /** So many of the next API requests get 500, and nothing happens. */
  failNext: number;
  /** So many of the next API requests are done, but their answer never arrives. */
  timeoutNext: number;
  /** How long a request whose answer is lost holds its connection, before it is cut. */
  timeoutMs: number;
  /** Requests wait so long before anything is read or done. */
  apiDelayMs: number;
  /** Answers wait so long after it, so that what they say is old when it arrives. */
  answerDelayMs: number;
  rateLimitShare: number;
  lockTimeoutShare: number;
  failShare: number;
  timeoutShare: number;
  /** More requests a second than this to one endpoint get 429; 0 for no limit. */
  maxRequestsPerSecond: number;
  /** Webhooks of new events are lost for good. */
  dropWebhooks: boolean;
  dropShare: number;
  /** Webhooks of new events come twice. */
  duplicateShare: number;
  webhookDelayMs: number;
  /** Webhooks of events that lie close together come in any order. */
  shuffleWebhooks: boolean;
  /** The same seed, and the same requests in the same order, lead to the same trouble. */
  seed: number;
}

export const NO_FAULTS: Faults = {
  rateLimitNext: 0,
  lockTimeoutNext: 0,
  failNext: 0,
  timeoutNext: 0,
  timeoutMs: 0,
  apiDelayMs: 0,
  answerDelayMs: 0,
  rateLimitShare: 0,
  lockTimeoutShare: 0,
  failShare: 0,
  timeoutShare: 0,
  maxRequestsPerSecond: 0,
  dropWebhooks: false,
  dropShare: 0,
  duplicateShare: 0,
  webhookDelayMs: 0,
  shuffleWebhooks: false,
  seed: 1,
};

const times = z.number().int().min(0);
const share = z.number().min(0).max(1);

/** The faults as a program sends them: those that are named change, the others stay. */
export const faultsSchema = z
  .strictObject({
    rateLimitNext: times,
    lockTimeoutNext: times,
    failNext: times,
    timeoutNext: times,
    timeoutMs: times,
    apiDelayMs: times,
    answerDelayMs: times,
    rateLimitShare: share,
    lockTimeoutShare: share,
    failShare: share,
    timeoutShare: share,
    maxRequestsPerSecond: times,
    dropWebhooks: z.boolean(),
    dropShare: share,
    duplicateShare: share,
    webhookDelayMs: times,
    shuffleWebhooks: z.boolean(),
    seed: z.number().int(),
  } satisfies Record<keyof Faults, z.ZodType>)
  .partial();

/**
 * A row of random numbers between 0 and 1 that begins anew whenever the seed changes. The API's requests and the
 * webhooks have a row each, so that one more request moves no webhook.
 */
export class Dice {
  private state = 0;
  private seed: number | undefined;

  constructor(
    private readonly faults: Pick<Faults, 'seed'>,
    private readonly row: number,
  ) {}

  /** The next number: mulberry32, small and even enough for tests. */
  roll(): number {
    if (this.seed !== this.faults.seed) this.restart();
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Begins the row of the present seed again. */
  restart(): void {
    this.seed = this.faults.seed;
    this.state = (Math.imul(this.seed, 0x9e3779b1) + this.row) | 0;
  }

  /** Whether chance hits a share. A share of 0 takes nothing from the row. */
  hits(share: number): boolean {
    return share > 0 && this.roll() < share;
  }
}
