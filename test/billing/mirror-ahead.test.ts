import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type Stripe from 'stripe';
import { Subscription } from '../../server/billing/subscription.entity';
import { insertMany } from '../../server/db/bulk';
import { MirrorAhead } from '../../server/reconcile/mirror-ahead';
import { makeContext, type TestContext } from '../support/context';
import { aCustomer, aSubscription } from '../support/factories';

const FIRST = 1_700_000_000;
const SECONDS = 12;
/** So few rows ahead that every account here takes several readings. */
const AHEAD = 4;

let world: TestContext;
let template: Subscription;

beforeAll(async () => {
  world = await makeContext();
  const { id: customerId } = await aCustomer(world.context);
  template = await aSubscription(world.context, { customerId });
});
afterAll(() => world.close());

interface Row {
  id: string;
  created: number;
  hash: string | null;
  missing: boolean;
  livemode: boolean;
}

const hashOf = (version: number) => createHash('sha256').update(String(version)).digest('base64');

/** What our mirror has: several a second, some without a hash, some that Stripe lists no more, some of the other mode. */
const mirrors = fc
  .array(
    fc.record({
      second: fc.nat({ max: SECONDS - 1 }),
      hash: fc.oneof({ weight: 9, arbitrary: fc.nat({ max: 2 }) }, { weight: 1, arbitrary: fc.constant(null) }),
      missing: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
      livemode: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    }),
    { maxLength: 24 },
  )
  .map((rows) =>
    rows.map(
      ({ second, hash, ...rest }, n): Row => ({
        id: `sub_${String(n).padStart(3, '0')}`,
        created: FIRST + second,
        hash: hash === null ? null : hashOf(hash),
        ...rest,
      }),
    ),
  );

/** What became of a row at Stripe: mostly nothing. */
const fates = fc.array(
  fc.oneof(
    { weight: 30, arbitrary: fc.constant('same' as const) },
    { weight: 1, arbitrary: fc.constantFrom('changed' as const, 'gone' as const, 'another' as const) },
  ),
  { minLength: 24, maxLength: 24 },
);

const cuts = fc.uniqueArray(fc.integer({ min: FIRST, max: FIRST + SECONDS - 2 }), { maxLength: 6 });

async function write(rows: readonly Row[]): Promise<void> {
  const { db } = world.context;
  await db.query('DELETE FROM subscriptions');
  const subscriptions = rows.map(({ id, created, hash, missing, livemode }) => ({
    ...template,
    id,
    livemode,
    contentHash: hash,
    createdAt: new Date(created * 1000),
    missingSince: missing ? new Date() : null,
  }));
  await insertMany<Subscription>(db.manager, Subscription, subscriptions);
}

const oneEachSecond = (count: number): Row[] =>
  Array.from({ length: count }, (_, n) => ({
    id: `sub_${n}`,
    created: FIRST + n,
    hash: hashOf(1),
    missing: false,
    livemode: false,
  }));
const seenIn = (n: number) => [
  { stripe: { id: `sub_${n}`, created: FIRST + n } as Stripe.Subscription, hash: hashOf(1) },
];

const inside = (after: number, until: number) => (row: { created: number }) =>
  row.created > after && row.created <= until;
const told = (rows: readonly { id: string; created: number; hash: string | null }[]) =>
  rows.map(({ id, created, hash }) => `${id} ${created} ${hash}`).sort();

describe('the mirror read ahead', () => {
  it('calls a span the same just where every row of it is, wherever pages are cut', async () => {
    await fc.assert(
      fc.asyncProperty(mirrors, fates, cuts, async (rows, become, ends) => {
        await write(rows);
        const ours = rows.filter(({ missing, livemode }) => !missing && !livemode);
        const listed = ours.flatMap(({ id, created, hash }, n) => {
          if (become[n] === 'gone') return [];
          const now = { id, created, hash: become[n] === 'changed' ? hashOf(9) : (hash ?? hashOf(0)) };
          return become[n] === 'another' ? [now, { ...now, id: `${id}_more` }] : [now];
        });
        const window = { since: FIRST, until: FIRST + SECONDS - 1 };
        const ahead = new MirrorAhead(world.context, window, AHEAD);
        let { until } = window;
        for (const after of [...ends.sort((a, b) => b - a), FIRST - 1]) {
          const page = listed.filter(inside(after, until));
          const seen = page.map(({ id, created, hash }) => ({ stripe: { id, created } as Stripe.Subscription, hash }));
          const here = ours.filter(inside(after, until));
          const equal = JSON.stringify(told(page)) === JSON.stringify(told(here));
          // More than can be read ahead of one span, or of one second: not known, and looked at row by row.
          const tooMany = here.length >= AHEAD;
          const same = await ahead.isSame({ after, until }, seen);
          expect({ same: same || (equal && tooMany), equal }).toEqual({ same: equal, equal });
          until = after;
        }
      }),
      { numRuns: 300 },
    );
  });

  it('holds no page against what is written after it was read', async () => {
    await write(oneEachSecond(3));
    const ahead = new MirrorAhead(world.context, { since: FIRST, until: FIRST + 2 });
    expect(await ahead.isSame({ after: FIRST + 1, until: FIRST + 2 }, seenIn(2))).toBe(true);
    await world.context.db.getRepository(Subscription).update({ id: 'sub_1' }, { contentHash: hashOf(2) });
    expect(await ahead.isSame({ after: FIRST, until: FIRST + 1 }, seenIn(1))).toBe(true);
    expect(await ahead.isSame({ after: FIRST - 1, until: FIRST }, [])).toBe(false);
  });

  it('takes an answer that the server cut short for none', async () => {
    await write(oneEachSecond(3));
    const { context } = world;
    const query = async (sql: string, parameters: unknown[]) => {
      const [{ rows, text }] = await context.db.query(sql, parameters);
      return [{ rows, text: text.slice(0, text.length / 3) }];
    };
    const ahead = new MirrorAhead({ ...context, db: { query } as never }, { since: FIRST, until: FIRST + 2 });
    expect(await ahead.isSame({ after: FIRST - 1, until: FIRST + 2 }, seenIn(2))).toBe(false);
  });
});
