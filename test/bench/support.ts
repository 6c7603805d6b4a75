import autocannon, { type Options } from 'autocannon';

export const CONNECTIONS = 10;
const WARM_UP_SECONDS = 2;
const ROUND_SECONDS = 3;
const ROUNDS = 3;

const figure = (value: number, unit: string) =>
  `${value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0 })} ${unit}`;

export interface Report {
  /** A rate that must be at least `share` of another, taken in the same run. */
  atLeast(name: string, measured: number, share: number, other: number, unit: string): void;
  /** A time, or a count of something, that must not be more than `limit`. */
  atMost(name: string, measured: number, limit: number, unit: string): void;
}

/** Runs one benchmark, prints a line for each measurement, and ends the process: with 1 when a limit is missed. */
export async function bench(run: (report: Report) => Promise<void>): Promise<void> {
  let missed = 0;
  const line = (name: string, measured: string, limit: string, ratio: string, ok: boolean) => {
    if (!ok) missed += 1;
    console.log(
      [name.padEnd(46), measured.padStart(12), limit.padStart(22), ratio.padStart(7), ok ? 'ok' : 'over'].join('  '),
    );
  };
  console.log(['name'.padEnd(46), 'measured'.padStart(12), 'limit'.padStart(22), 'ratio'.padStart(7)].join('  '));
  try {
    await run({
      atLeast(name, measured, share, other, unit) {
        const ratio = measured / other;
        line(name, figure(measured, unit), `>= ${share} of ${figure(other, unit)}`, ratio.toFixed(2), ratio >= share);
      },
      atMost(name, measured, limit, unit) {
        line(
          name,
          figure(measured, unit),
          `<= ${figure(limit, unit)}`,
          (measured / limit).toFixed(2),
          measured <= limit,
        );
      },
    });
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
  process.exit(missed > 0 ? 1 : 0);
}

/** What measures for so many seconds and gives how often it was done in a second. */
export type Rate = (seconds: number) => Promise<number>;

/** Requests per second over real HTTP, sent from a thread of their own. Throws when any is not answered with 2xx. */
export const httpRate =
  (options: Pick<Options, 'url' | 'headers' | 'requests'> & { connections?: number }): Rate =>
  async (duration) => {
    const result = await autocannon({
      ...options,
      connections: options.connections ?? CONNECTIONS,
      workers: 1,
      duration,
    });
    if (result.errors + result.non2xx > 0)
      throw new Error(`${options.url}: ${result.errors} requests failed, ${result.non2xx} were not answered with 2xx.`);
    return result.requests.total / result.duration;
  };

/** How often `work` is done in a second when as many loops as there are connections repeat it. */
export const loopRate =
  (work: () => Promise<unknown>): Rate =>
  async (seconds) => {
    const begin = performance.now();
    const end = begin + seconds * 1000;
    let done = 0;
    const loop = async () => {
      for (; performance.now() < end; done += 1) await work();
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, loop));
    return (done * 1000) / (performance.now() - begin);
  };

/** Both rates, warmed up, then taken in turns so that the machine's moods meet both alike. */
export async function sideBySide(ours: Rate, bare: Rate): Promise<{ ours: number; bare: number }> {
  for (const rate of [ours, bare]) await rate(WARM_UP_SECONDS);
  const sums = { ours: 0, bare: 0 };
  for (let round = 0; round < ROUNDS; round += 1) {
    sums.ours += await ours(ROUND_SECONDS);
    sums.bare += await bare(ROUND_SECONDS);
  }
  return { ours: sums.ours / ROUNDS, bare: sums.bare / ROUNDS };
}

/** The value below which `share` of the values lie. */
export function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!;
}
