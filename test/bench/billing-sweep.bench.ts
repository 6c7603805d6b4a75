import { availableParallelism } from 'node:os';
import type { Context } from '../../server/context';
import { bareWrite } from './bare-write';
import { bench, type Report } from './support';
import { type Account, bareListing, type SweepWorld, startListServer, sweepWorld } from './sweep-world';

const COUNT = 20_000;
/** How often a second sweep is told, by milliseconds a page: without a delay the code must be warm, as the listing's is. */
const TURNS: Record<number, number> = { 0: 12, 100: 3 };
/** Subscriptions a second that a first sweep shall manage. */
const GOAL = 5000;
/** What must hold of the goal: a plan, its history and an audit entry for each subscription keep it from the whole. */
const SHARE: Record<Account, number> = { paying: 0.7, ended: 1 };
/** What a first sweep must make use of all that the machine's cores could do of the same work. */
const SHARE_OF_CORES = 0.75;
/**
 * To the larger of the bare listing and the bare write, by milliseconds a page. The goal at 100 ms is 1.25, and the
 * mirror alone keeps it; see docs/performance.md for what is in the way of the rest.
 */
const FIRST_LIMITS: Record<Account, Record<number, number>> = {
  paying: { 0: 2.25, 100: 2 },
  ended: { 0: 2.25, 100: 1.25 },
};
/** To the bare listing, by milliseconds a page. The goal is 1.2. */
const SECOND_LIMITS: Record<number, number> = { 0: 1.4, 100: 1.2 };
/** A run's own rows: itself, how far it read, and when the whole account was proven. */
const OWN = ['reconcile_runs', 'reconcile_windows', 'stripe_state'];
/** Tables that hold a row or two of a run's own: its lease, and the entry that tells who started it. */
const BUT_ITS_OWN: Record<string, string> = {
  leases: "SELECT COUNT(*), SUM(fence) FROM leases WHERE name <> 'sweep'",
  audit_log: "SELECT COUNT(*), MAX(id) FROM audit_log WHERE chain <> 'reconcile-runs'",
  audit_chains: "SELECT COUNT(*), SUM(seq) FROM audit_chains WHERE chain <> 'reconcile-runs'",
};

/** What stands in every table, but for a run's own rows. */
async function rowsOf({ db }: Context): Promise<string> {
  const tables: { name: string }[] = await db.query(
    'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME NOT IN (?)',
    [OWN],
  );
  const sums = [];
  for (const { name } of tables) sums.push(await db.query(BUT_ITS_OWN[name] ?? `CHECKSUM TABLE \`${name}\``));
  return JSON.stringify(sums, null, 1);
}

interface Round {
  account: Account;
  delayMs: number;
  label: string;
}

/** Sweeps what is not known yet, against listing it and against writing the same rows. */
async function first(report: Report, world: SweepWorld, { account, delayMs, label }: Round): Promise<void> {
  await bareListing(world.stripe);
  const listing = await bareListing(world.stripe);
  const { run, ms, cpuMs, databaseCpuMs } = await world.sweep();
  if (run.scanned !== COUNT || listing.rows !== COUNT) throw new Error('Not every subscription was read.');
  const write = await bareWrite(world.context);
  const [listed, wrote, took, ours, database] = [listing.ms, write, ms, cpuMs, databaseCpuMs].map(Math.round);
  console.log(`${label}: bare listing ${listed} ms, bare write ${wrote} ms, first sweep ${took} ms`);
  const most = (COUNT * 1000 * availableParallelism()) / (cpuMs + databaseCpuMs);
  console.log(`  CPU: ours ${ours} ms, the database ${database} ms; with no core ever idle ${Math.round(most)}/s`);
  const rate = (COUNT * 1000) / ms;
  if (delayMs === 0) report.atLeast(`First sweep, ${label}`, rate, SHARE[account], GOAL, '/s');
  if (delayMs === 0 && account === 'paying') report.atLeast('  to busy cores', rate, SHARE_OF_CORES, most, '/s');
  report.atMost(
    '  to the larger bare work',
    ms / Math.max(listing.ms, write),
    FIRST_LIMITS[account][delayMs]!,
    'times',
  );
}

/** Sweeps again, in turns with the bare listing: the best of each counts, and nothing may be written. */
async function again(report: Report, world: SweepWorld, { delayMs, label }: Round): Promise<void> {
  const before = await rowsOf(world.context);
  const [sweeps, listings]: number[][] = [[], []];
  for (let turn = 0; turn < TURNS[delayMs]!; turn += 1) {
    const { run, ms } = await world.sweep();
    if (run.changed !== 0 || (await rowsOf(world.context)) !== before)
      throw new Error('The second sweep wrote more than its own rows.');
    sweeps!.push(ms);
    listings!.push((await bareListing(world.stripe)).ms);
  }
  const [ours, bare] = [Math.min(...sweeps!), Math.min(...listings!)];
  console.log(`${label}: second sweep ${Math.round(ours)} ms, bare listing ${Math.round(bare)} ms`);
  report.atMost(`Second sweep, ${label}, to the bare listing`, ours / bare, SECOND_LIMITS[delayMs]!, 'times');
}

async function measure(report: Report, account: Account, delayMs: number): Promise<void> {
  const server = await startListServer(COUNT, { delayMs, account });
  const world = await sweepWorld(server.url, COUNT);
  const label = `${account === 'ended' ? 'mirror alone, ' : ''}${delayMs} ms a page`;
  const round = { account, delayMs, label };
  await first(report, world, round);
  if (account === 'paying') await again(report, world, round);
  await world.close();
  server.stop();
}

void bench(async (report) => {
  await measure(report, 'paying', 0);
  await measure(report, 'paying', 100);
  await measure(report, 'ended', 0);
  await measure(report, 'ended', 100);
});
