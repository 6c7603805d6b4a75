import fc from 'fast-check';
import { initialWindows, type KnownPart, type Window, WindowPool } from '../../server/reconcile/windows';

const PAGE = 100;

interface Account {
  since: number;
  until: number;
  parts: number;
  known: KnownPart[];
  /** Seconds at which subscriptions were made, the oldest first. */
  created: number[];
}

interface Walked {
  /** Every span that was asked for and answered: `(after, until]`. */
  spans: { after: number; until: number }[];
  rows: number;
}

/** Walks an account as the listing does, by walkers whose pages take as long as `pace` says. */
async function walk({ since, until, parts, known, created }: Account, pace: () => number): Promise<Walked> {
  const pool = new WindowPool(initialWindows(since, until, parts, known));
  const walked: Walked = { spans: [], rows: 0 };
  const page = (window: Window) => {
    const newest = created.filter((at) => at >= window.since && at <= window.until).reverse();
    const next = newest[PAGE];
    const after = next !== undefined && next < window.until ? next : window.since - 1;
    walked.spans.push({ after, until: window.until });
    const rows = newest.filter((at) => at > after).length;
    walked.rows += rows;
    window.rows += rows;
    window.walked += window.until - after;
    window.until = after;
  };
  const walker = async () => {
    for (let window = await pool.take(); window; window = await pool.take()) {
      while (window.until >= window.since) {
        for (let turns = pace(); turns > 0; turns -= 1) await null;
        page(window);
        pool.advanced();
      }
      pool.release(window);
    }
  };
  await Promise.all(Array.from({ length: parts }, walker));
  return walked;
}

const accounts = fc
  .record({
    since: fc.integer({ min: 0, max: 1000 }),
    length: fc.integer({ min: 1, max: 50_000 }),
    parts: fc.integer({ min: 1, max: 8 }),
    known: fc.array(fc.record({ at: fc.double({ min: -0.2, max: 1.2, noNaN: true }), rows: fc.nat({ max: 3000 }) }), {
      maxLength: 9,
    }),
    made: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 1500 }),
  })
  .map(({ since, length, parts, known, made }): Account => {
    const second = (share: number) => since + Math.floor((length - 1) * share);
    return {
      since,
      until: since + length - 1,
      parts,
      known: known.map(({ at, rows }) => ({ until: second(at), rows })),
      created: made.map(second).sort((a, b) => a - b),
    };
  });

describe('windows of a listing', () => {
  it('walk every second of an account once, whatever was known of it and however fast each is', async () => {
    await fc.assert(
      fc.asyncProperty(accounts, fc.infiniteStream(fc.nat({ max: 20 })), async (account, paces) => {
        const { spans, rows } = await walk(account, () => paces.next().value!);
        const ordered = spans.sort((a, b) => a.until - b.until);
        const joined = ordered.every(({ after }, n) => after === (n === 0 ? account.since - 1 : ordered[n - 1]!.until));
        expect({ joined, to: ordered.at(-1)!.until, rows }).toEqual({
          joined: true,
          to: account.until,
          rows: account.created.length,
        });
      }),
      { numRuns: 300 },
    );
  });

  it('ask once for the years before all that is known', async () => {
    const until = 500_000;
    const created = Array.from({ length: 4000 }, (_, n) => 460_000 + n * 10);
    const known = [7, 6, 5, 4, 3, 2, 1, 0].map((n) => ({ until: n === 7 ? until : 464_999 + n * 5000, rows: 500 }));
    const account = { since: 0, until, parts: 8, known: [...known, { until: 459_999, rows: 0 }], created };
    let asked = 0;
    const { spans, rows } = await walk(account, () => (asked++ % 8 === 0 ? 20 : 1));
    expect(rows).toBe(4000);
    expect(spans.filter(({ after }) => after < 459_999)).toEqual([{ after: -1, until: 459_999 }]);
  });
});
