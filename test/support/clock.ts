export interface TestClock {
  now: () => Date;
  /** Moves the clock on, for all that reads it through the context. */
  advance: (ms: number) => void;
}

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const DAY = 86_400 * SECOND;

/** A clock that runs like the real one, plus what it was moved by. */
export function makeClock(): TestClock {
  let offset = 0;
  return {
    now: () => new Date(Date.now() + offset),
    advance: (ms) => {
      offset += ms;
    },
  };
}
