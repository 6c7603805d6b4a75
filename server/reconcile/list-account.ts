import type Stripe from 'stripe';
import type { Context } from '../context';
import { listPage, type SubscriptionPage } from '../stripe/list-page';
import { type Compared, compare, listedOf, type Piece, type Seen, seenOf } from './compare';
import { MirrorAhead } from './mirror-ahead';
import type { ReconcileRun } from './reconcile-run.entity';
import type { Window, WindowPool } from './windows';

/** Rows that are compared in one go. */
const BATCH = 250;
/** Rows that may wait for the database before walkers wait for it, too. */
const MOST_WAITING = 4000;
/** Batches that are worked on at the same time: while one waits for the database, another is worked out. */
const LANES = 4;

/** Takes the walkers' pieces, compares them in batches, and moves each window's checkpoint in the order of its pages. */
class Sink {
  private queue: Piece[] = [];
  private queued = 0;
  private waiting = 0;
  private readonly running = new Set<Promise<void>>();
  /** Begins the work of batches that wait for a lane. */
  private readonly next: (() => void)[] = [];
  private free = LANES;
  private settled: Promise<void> = Promise.resolve();
  private failure: unknown;

  constructor(
    private readonly context: Context,
    private readonly run: ReconcileRun,
    private readonly onCompared: (compared: Compared) => void,
  ) {}

  /** Takes a piece; waits while the database is far behind. Throws what a comparison threw. */
  async take(piece: Piece): Promise<void> {
    if (this.failure) throw this.failure;
    const last = this.queue.at(-1);
    if (last?.window === piece.window && last.after === piece.until && last.same === piece.same) {
      last.after = piece.after;
      last.listed.push(...piece.listed);
    } else this.queue.push(piece);
    this.queued += piece.listed.length;
    this.waiting += piece.listed.length;
    if (this.queued >= BATCH) this.flush();
    while (this.waiting > MOST_WAITING) await Promise.race(this.running);
  }

  /** Ends when all that was taken is written. */
  async drain(): Promise<void> {
    this.flush();
    await Promise.all(this.running);
    if (this.failure) throw this.failure;
  }

  /** Hands on what has come, however little: a checkpoint shall not lag behind the listing. */
  flush(): void {
    const pieces = this.queue;
    const size = this.queued;
    this.queue = [];
    this.queued = 0;
    if (pieces.length === 0) return;
    const before = this.settled;
    const work = this.inLane(pieces)
      .then(async (compared) => {
        await before;
        if (!compared || this.failure) return;
        for (const { window, after } of pieces) window.safe = Math.min(window.safe, after);
        this.onCompared(compared);
      })
      .catch((error: unknown) => {
        this.failure ??= error;
      })
      .finally(() => {
        this.waiting -= size;
        this.running.delete(work);
      });
    this.settled = work;
    this.running.add(work);
  }

  private async inLane(pieces: Piece[]): Promise<Compared | null> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.next.push(resolve));
    try {
      return this.failure ? null : await compare(this.context, this.run, pieces);
    } finally {
      const next = this.next.shift();
      if (next) next();
      else this.free += 1;
    }
  }
}

export interface ListingOptions {
  stripe: Stripe;
  pool: WindowPool;
  parallelism: number;
  /** How long a row may wait for others to be compared with. */
  flushMs: number;
  /** Ends the listing after the pages that are under way. */
  stopped: () => boolean;
  onPage: (rows: number) => void;
  onCompared: (compared: Compared) => void;
}

/** A page that is asked for, and when it was. */
interface Asked {
  readAt: Date;
  page: Promise<SubscriptionPage>;
}

/**
 * Walks one window from its newest to its oldest page. The next page is asked for before one is compared, so that
 * Stripe is never waited for longer than it takes. Rows of the second at which a page was cut wait for the next.
 */
async function walk(context: Context, sink: Sink, window: Window, options: ListingOptions): Promise<void> {
  const { stripe, pool, stopped, onPage } = options;
  const mirror = new MirrorAhead(context, window);
  const created = { gte: window.since, lte: window.until };
  const ask = (cursor?: string): Asked => {
    const readAt = context.now();
    const page = listPage(stripe, { created, after: cursor });
    // Whoever awaits it hears of its failure; a comparison that fails meanwhile leaves it alone.
    page.catch(() => undefined);
    return { readAt, page };
  };
  let asked: Asked | null = ask();
  let carried: Seen[] = [];
  while (asked) {
    const { readAt }: Asked = asked;
    const page: SubscriptionPage = await asked.page;
    const last = page.data.at(-1);
    const goesOn = page.has_more && last !== undefined && last.created >= window.since;
    asked = goesOn && !stopped() ? ask(last.id) : null;
    const here = page.data.filter((one) => one.created >= window.since).map((one) => seenOf(one, readAt));
    const inside = [...carried, ...here];
    const after = goesOn ? last.created : window.since - 1;
    carried = goesOn ? inside.filter(({ stripe: one }) => one.created === after) : [];
    const seen = carried.length > 0 ? inside.filter(({ stripe: one }) => one.created > after) : inside;
    const { until } = window;
    window.until = after;
    window.rows += seen.length;
    window.walked += until - after;
    onPage(seen.length);
    pool.advanced();
    if (after === until) continue;
    // What is equal to the mirror is let go of at once.
    const same = await mirror.isSame({ after, until }, seen);
    await sink.take({ window, after, until, readAt, same, listed: same ? [] : seen.map(listedOf) });
  }
}

/** Reads every subscription of the account in parallel windows, and compares each with the mirror. */
export async function listAccount(context: Context, run: ReconcileRun, options: ListingOptions): Promise<void> {
  const { pool, parallelism, onCompared } = options;
  const sink = new Sink(context, run, onCompared);
  let failure: unknown;
  const stopped = () => failure !== undefined || options.stopped();
  const walker = async (): Promise<void> => {
    for (let window = await pool.take(); window; window = await pool.take()) {
      try {
        await walk(context, sink, window, { ...options, stopped });
      } catch (error) {
        failure ??= error;
      }
      pool.release(window);
      if (stopped()) return;
    }
  };
  const timer = setInterval(() => sink.flush(), options.flushMs);
  await Promise.all(Array.from({ length: parallelism }, walker)).finally(() => clearInterval(timer));
  await sink.drain();
  if (failure) throw failure;
}
