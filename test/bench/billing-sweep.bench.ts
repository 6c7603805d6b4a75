import { createPool, type RowDataPacket } from 'mysql2/promise';
import type { Context } from '../../server/context';
import { makeContext } from '../support/context';
import { bench, type Report } from './support';
import { bareListing, startListServer, sweepWorld } from './sweep-world';

const COUNT = 20_000;
const BATCH = 500;
const WRITERS = 2;
/** Parents first: foreign keys. */
const TABLES = [
  'plans',
  'plan_prices',
  'tenants',
  'leases',
  'stripe_customers',
  'subscriptions',
  'plan_changes',
  'reconcile_runs',
  'reconcile_changes',
  'audit_chains',
  'audit_log',
  'audit_personal',
];
/** Here before the sweep began, or of no weight. */
const BEFORE = new Set(['plans', 'plan_prices', 'tenants', 'reconcile_runs']);

/** Writes the very rows that a sweep wrote into an empty database, by the bare driver, as fast as batches go. */
async function bareWrite(context: Context): Promise<number> {
  const empty = await makeContext();
  const from = createPool({ uri: context.config.databaseUrl, timezone: 'Z' });
  const to = createPool({ uri: empty.context.config.databaseUrl, timezone: 'Z', connectionLimit: WRITERS });
  await empty.context.db.query('DELETE FROM plans');
  let ms = 0;
  for (const table of TABLES) {
    const [rows] = await from.query<RowDataPacket[]>({ sql: `SELECT * FROM \`${table}\``, typeCast: true });
    const columns = Object.keys(rows[0] ?? {});
    const values = rows.map((row) =>
      columns.map((name) =>
        row[name] !== null && typeof row[name] === 'object' && !(row[name] instanceof Date)
          ? JSON.stringify(row[name])
          : row[name],
      ),
    );
    const batches: unknown[][][] = [];
    for (let first = 0; first < values.length; first += BATCH) batches.push(values.slice(first, first + BATCH));
    const sql = `INSERT INTO \`${table}\` (${columns.map((name) => `\`${name}\``).join(', ')}) VALUES ?`;
    const begin = performance.now();
    const writer = async () => {
      for (let batch = batches.shift(); batch; batch = batches.shift()) await to.query(sql, [batch]);
    };
    await Promise.all(Array.from({ length: WRITERS }, writer));
    if (!BEFORE.has(table)) ms += performance.now() - begin;
  }
  // A sweep updates the tenants, too.
  const begin = performance.now();
  await to.query(`UPDATE tenants SET planSince = NOW(3), lastSyncedAt = NOW(3)`);
  ms += performance.now() - begin;
  await from.end();
  await to.end();
  await empty.close();
  return ms;
}

/** How many rows of ours a second run writes: it may write its own checkpoint and nothing else. */
const rowsOf = async ({ db }: Context): Promise<string> => {
  const sums = [];
  for (const table of ['subscriptions', 'stripe_customers', 'tenants', 'plan_changes', 'audit_log', 'findings'])
    sums.push(await db.query(`CHECKSUM TABLE ${table}`));
  return JSON.stringify(sums);
};

async function measure(report: Report, delayMs: number): Promise<void> {
  const server = await startListServer(COUNT, delayMs);
  const world = await sweepWorld(server.url, COUNT);
  await bareListing(world.stripe);
  const listing = await bareListing(world.stripe);
  const first = await world.sweep();
  if (first.run.scanned !== COUNT || listing.rows !== COUNT) throw new Error('Not every subscription was read.');
  const write = await bareWrite(world.context);
  const floor = Math.max(listing.ms, write);
  const label = `${delayMs} ms a page`;
  console.log(
    `${label}: bare listing ${Math.round(listing.ms)} ms, bare write ${Math.round(write)} ms, first sweep ${Math.round(first.ms)} ms`,
  );
  if (delayMs === 0) report.atLeast(`First sweep, ${label}`, (COUNT * 1000) / first.ms, 1, 5000, '/s');
  else report.atMost(`First sweep, ${label}, to the larger bare work`, first.ms / floor, 1.25, 'times');
  const before = await rowsOf(world.context);
  const second = await world.sweep();
  if (second.run.changed !== 0 || (await rowsOf(world.context)) !== before)
    throw new Error('The second sweep wrote more than its checkpoint.');
  const again = await bareListing(world.stripe);
  report.atMost(
    `Second sweep, ${label}, to the bare listing`,
    second.ms / Math.min(again.ms, listing.ms),
    1.2,
    'times',
  );
  await world.close();
  server.stop();
}

void bench(async (report) => {
  for (const delayMs of [0, 100]) await measure(report, delayMs);
});
