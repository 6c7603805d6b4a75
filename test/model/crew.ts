import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Context } from '../../server/context';
import { openDatabase } from '../../server/db/data-source';
import { startWorkers } from '../../workers/start';

const SWEEP_MS = 400;
const ROOT = join(__dirname, '..', '..');

/** One of the two that share the work. */
export interface Hand {
  /** Cut off in the middle of whatever it does; resolves when it can do no more harm. */
  kill: () => Promise<void>;
  /** Ends in order. */
  stop: () => Promise<void>;
  /** Moves its clock to `offset` milliseconds ahead of the machine's. */
  setClock: (offset: number) => Promise<void>;
}

/**
 * Workers in this process, with a database pool of their own. Killed, they lose the database for good in the middle of
 * whatever they do, as a process that dies would: nothing is committed any more, leases stay held.
 */
export async function inProcess(context: Context): Promise<Hand> {
  const db = await openDatabase(context.config.databaseUrl, { poolSize: 6 });
  const workers = startWorkers({ ...context, db }, { sweepMs: SWEEP_MS });
  let ended: Promise<void> | undefined;
  return {
    async kill() {
      await db.destroy();
      ended = workers.stop();
    },
    async stop() {
      await (ended ?? workers.stop());
      if (db.isInitialized) await db.destroy();
    },
    setClock: async () => undefined,
  };
}

/** Workers in a process of their own, which is killed with SIGKILL. */
export async function ownProcess(env: NodeJS.ProcessEnv, offset: number): Promise<Hand> {
  const child: ChildProcess = fork(join(__dirname, 'worker-process.ts'), {
    cwd: ROOT,
    env: { ...env, PATH: process.env.PATH, CHAOS_CLOCK_OFFSET: String(offset), CHAOS_SWEEP_MS: String(SWEEP_MS) },
    execArgv: ['-r', join(ROOT, 'dev', 'launch', 'swc-register.cjs')],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const gone = once(child, 'exit');
  const alive = () => child.exitCode === null && child.signalCode === null;
  const answered = () => Promise.race([once(child, 'message'), gone]);
  await answered();
  if (!alive()) throw new Error('The worker process ended before it began.');
  const kill = async () => {
    child.kill('SIGKILL');
    await gone;
  };
  return {
    kill,
    stop: kill,
    async setClock(ahead) {
      if (!alive()) return;
      const heard = answered();
      child.send({ offset: ahead });
      await heard;
    },
  };
}
