import { PAGE } from '../stripe/list-page';

/** A part of the account by Stripe's `created`, in seconds since 1970, walked from its end to its beginning. */
export interface Window {
  n: number;
  /** The first second. */
  since: number;
  /** The last second that is not asked for yet; below `since` when all is. */
  until: number;
  /** The last second that is not compared and written yet: what a checkpoint keeps. */
  safe: number;
  /** How much was found, to guess what is left. */
  rows: number;
  walked: number;
  /** How many rows it probably holds, where something is known of it before it is walked. */
  guess: number | null;
}

/** A part of the account that ends with a second, and how many rows we know of in it. */
export interface KnownPart {
  until: number;
  rows: number;
}

/** Below so many expected rows, besides the page that is under way, a window is not worth dividing. */
const WORTH_SPLITTING = 400;

export const aWindow = (n: number, since: number, until: number, guess: number | null = null): Window => ({
  n,
  since,
  until,
  safe: until,
  rows: 0,
  walked: 0,
  guess,
});

/** Cuts a span into so many equal parts, or into `known` ones where it is known how the account is spread. */
export function initialWindows(
  since: number,
  until: number,
  parts: number,
  known: readonly KnownPart[] = [],
): Window[] {
  const even = Array.from({ length: parts }, (_, i) => ({
    until: since + Math.floor(((until - since) * (i + 1)) / parts),
    rows: null,
  }));
  const ends = new Map<number, number | null>();
  for (const part of known.length > 0 ? known : even) {
    const end = Math.min(part.until, until);
    if (end >= since) ends.set(end, part.rows === null ? null : part.rows + (ends.get(end) ?? 0));
  }
  if (!ends.has(until)) ends.set(until, null);
  const ordered = [...ends].sort(([a], [b]) => a - b);
  return ordered.map(([end, guess], n) => aWindow(n, n === 0 ? since : ordered[n - 1]![0] + 1, end, guess));
}

/**
 * Deals windows to walkers. Whoever is idle takes over half of what is left of the window that has most left, so that
 * an account whose subscriptions cluster in time is still walked in parallel.
 */
export class WindowPool {
  private readonly busy = new Set<Window>();
  private waiting: (() => void)[] = [];

  constructor(readonly windows: Window[]) {}

  /** A window of the caller's own to walk, or null once all is walked or being finished by others. */
  async take(): Promise<Window | null> {
    for (;;) {
      // The newest first: what is older than all that we know of comes last.
      const idle = this.windows.findLast((one) => !this.busy.has(one) && one.until >= one.since);
      const found = idle ?? this.split();
      if (found) {
        this.busy.add(found);
        return found;
      }
      if (this.busy.size === 0) return null;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  /** Told after each page, so that idle walkers may take a part of what is left. */
  advanced(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const wake of waiting) wake();
  }

  /** The window is walked to its end, or given up. */
  release(window: Window): void {
    this.busy.delete(window);
    this.advanced();
  }

  /** How many rows are probably left, over all windows. */
  expected(): number {
    return this.windows.reduce((sum, one) => sum + this.expectedIn(one), 0);
  }

  private expectedIn(window: Window): number {
    const left = window.until - window.since + 1;
    if (left <= 0) return 0;
    if (window.walked > 0) return (left * window.rows) / window.walked;
    if (window.guess !== null) return window.guess;
    const walked = this.windows.reduce((sum, one) => sum + one.walked, 0);
    return walked > 0 ? (left * this.windows.reduce((sum, one) => sum + one.rows, 0)) / walked : 0;
  }

  /** Takes whole pages off the far end of a window: about half of what is left behind the page under way. */
  private split(): Window | null {
    const [most] = [...this.busy].sort((a, b) => this.expectedIn(b) - this.expectedIn(a));
    if (!most || most.until <= most.since) return null;
    const expected = this.expectedIn(most);
    const behind = expected - PAGE;
    if (behind < WORTH_SPLITTING) return null;
    const share = (PAGE * Math.ceil(behind / PAGE / 2)) / expected;
    const last = most.since + Math.floor((most.until - most.since) * share);
    const lower = aWindow(this.windows.length, most.since, Math.min(last, most.until - 1), expected * share);
    most.since = lower.until + 1;
    most.guess = expected - expected * share;
    this.windows.push(lower);
    return lower;
  }
}
