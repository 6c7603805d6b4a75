import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type Stripe from 'stripe';
import { systemActor } from '../../server/audit/actor';
import type { Context } from '../../server/context';
import { driveRun } from '../../server/reconcile/drive-run';
import { ReconcileRun, type RunMode } from '../../server/reconcile/reconcile-run.entity';
import { startRun } from '../../server/reconcile/start-run';
import { makeStripe } from '../../server/stripe/client';
import { SUBSCRIPTION_EXPANDS } from '../../server/stripe/read-customer';
import { makeContext, type TestContext } from '../support/context';
import { aPlan } from '../support/factories';

export const PARALLELISM = 8;
const SPAN = 2 * 365 * 86_400;
const CHUNK = 5000;

/** Every customer names its tenant and pays, or all have left: then nothing follows but the mirror's own rows. */
export type Account = 'paying' | 'ended';

interface ListServer {
  url: string;
  /** How many pages it gave since it was last asked. */
  pages: () => Promise<number>;
  stop: () => void;
}

/** The list server in a process of its own. */
export async function startListServer(
  count: number,
  { delayMs = 0, account = 'paying' }: { delayMs?: number; account?: Account } = {},
): Promise<ListServer> {
  const child: ChildProcess = fork(join(__dirname, 'list-server.js'), {
    env: { ...process.env, COUNT: String(count), DELAY_MS: String(delayMs), ACCOUNT: account },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  return {
    url: `http://127.0.0.1:${String(line).trim()}`,
    async pages() {
      const told = once(child, 'message');
      child.send('pages');
      return Number((await told)[0]);
    },
    stop: () => child.disconnect(),
  };
}

export interface SweepWorld extends TestContext {
  stripe: Stripe;
  /** Sweeps the account, or only tells what a sweep would do. */
  sweep: (mode?: RunMode) => Promise<Driven>;
  /** Goes on with a run that was started. */
  drive: (id: string) => Promise<Driven>;
}

/** A run that is done, how long it took, and how long this process and the database worked, in milliseconds. */
interface Driven {
  run: ReconcileRun;
  ms: number;
  cpuMs: number;
  databaseCpuMs: number;
}

const TICKS_A_SECOND = 100;

/** How long the database's process has worked, in milliseconds: it runs on this machine. */
async function databaseCpu({ db }: Context): Promise<number> {
  const [{ file }] = await db.query('SELECT @@pid_file AS file');
  const stat = await readFile(`/proc/${(await readFile(file, 'utf8')).trim()}/stat`, 'utf8');
  // proc(5): the 14th and 15th field; the second, the name, may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_A_SECOND;
}

/** A tenant for each subscription of the list, on the free plan, and a plan that the list's price earns. */
export async function sweepWorld(url: string, count: number, env: NodeJS.ProcessEnv = {}): Promise<SweepWorld> {
  const made = await makeContext({ STRIPE_API_BASE: url, ...env });
  const { context } = made;
  await aPlan(context, { id: 'starter', rank: 10, stripePriceIds: ['price_starter'] });
  for (let first = 0; first < count; first += CHUNK) {
    const rows = Array.from({ length: Math.min(CHUNK, count - first) }, (_, i) => {
      const number = String(first + i).padStart(10, '0');
      return [`ten_${number}`, `Tenant ${number}`, 'free', 'free', new Date()];
    });
    await context.db.query('INSERT INTO tenants (id, name, basePlanId, planId, planSince) VALUES ?', [rows]);
  }
  await context.db.query('ANALYZE TABLE tenants');
  const stripe = makeStripe(context.config, { limit: null });
  const drive = async (id: string): Promise<Driven> => {
    const worked = await databaseCpu(context);
    const [begin, used] = [performance.now(), process.cpuUsage()];
    await driveRun(context, stripe, { parallelism: PARALLELISM });
    const ms = performance.now() - begin;
    const { user, system } = process.cpuUsage(used);
    const databaseCpuMs = (await databaseCpu(context)) - worked;
    const run = await context.db.getRepository(ReconcileRun).findOneByOrFail({ id });
    if (run.status !== 'done' || run.error) throw new Error(`The run ended as ${run.status}: ${run.error}`);
    return { run, ms, cpuMs: (user + system) / 1000, databaseCpuMs };
  };
  const sweep = async (mode: RunMode = 'apply') =>
    drive(await startRun(context, { mode, trigger: 'command', actor: systemActor }));
  return { ...made, stripe, sweep, drive };
}

/** The same listing with the same parallelism and nothing done with it: windows of equal size, known beforehand. */
export async function bareListing(stripe: Stripe): Promise<{ rows: number; ms: number }> {
  const until = Math.floor(Date.now() / 1000);
  const begin = performance.now();
  let rows = 0;
  const walk = async (part: number): Promise<void> => {
    const first = part === 0 ? 0 : until - SPAN + Math.floor((SPAN * part) / PARALLELISM) + 1;
    const created = { gte: first, lte: until - SPAN + Math.floor((SPAN * (part + 1)) / PARALLELISM) };
    for (let cursor: string | undefined; ; ) {
      const page = await stripe.subscriptions.list({
        status: 'all',
        limit: 100,
        created,
        expand: [...SUBSCRIPTION_EXPANDS, 'data.customer'],
        ...(cursor ? { starting_after: cursor } : {}),
      });
      rows += page.data.length;
      cursor = page.data.at(-1)?.id;
      if (!page.has_more) return;
    }
  };
  await Promise.all(Array.from({ length: PARALLELISM }, (_, part) => walk(part)));
  return { rows, ms: performance.now() - begin };
}
