/** Requests a second to one endpoint of Stripe, and in all. */
export interface Rates {
  endpoint: number;
  total: number;
}

/**
 * In any stretch as long as this, no more requests are let go than the rate says. The part beyond a second is for what
 * is held up on its way: requests that were let go a second apart may reach Stripe a little closer than that.
 */
export const WINDOW_MS = 1025;

/** Timers come a little late. So much of it is made good by the next slot, else every second would lose it. */
export const LATE_MS = 10;

/** The least time between two requests: nearly even, so that none comes in a burst and what was held up is made good. */
export const gapMs = (rate: number): number => Math.max(0, 900 / rate - 1);
