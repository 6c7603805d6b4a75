import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 50;
/** In /proc/PID/stat, counted after the `)` that ends the program's name: field 3 is the state, 22 the start time. */
const STATE = 0;
const START_TIME = 19;

/** One process for certain: the system gives a pid to others later, but never with the same start. */
export interface ProcessIdentity {
  pid: number;
  started: string;
}

/** A zombie whose other threads still run holds its files and ports yet. */
const isOver = (pid: number, state: string | undefined) =>
  state === 'X' || (state === 'Z' && readdirSync(`/proc/${pid}/task`).length <= 1);

function startOf(pid: number): string | undefined {
  try {
    if (existsSync('/proc/self/stat')) {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (isOver(pid, fields[STATE])) return undefined;
      return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[START_TIME]}`;
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** The identity of a running process, or undefined when there is none with this pid. */
export function identify(pid: number | undefined): ProcessIdentity | undefined {
  const started = pid ? startOf(pid) : undefined;
  return pid && started ? { pid, started } : undefined;
}

/** Whether exactly this process still runs. */
export const isAlive = ({ pid, started }: ProcessIdentity): boolean => startOf(pid) === started;

const signal = (process_: ProcessIdentity, name: NodeJS.Signals) => {
  try {
    if (isAlive(process_)) process.kill(process_.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

/** Waits until the process is gone: true, or false when `ms` passed or `impatient` said so. */
export async function waitForEnd(process_: ProcessIdentity, ms: number, impatient = () => false): Promise<boolean> {
  for (const end = Date.now() + ms; isAlive(process_); await sleep(POLL_MS)) {
    if (Date.now() > end || impatient()) return !isAlive(process_);
  }
  return true;
}

/** SIGTERM, up to `graceMs` to finish, then SIGKILL. Cut short when `impatient` turns true. */
export async function endProcess(process_: ProcessIdentity, graceMs: number, impatient = () => false): Promise<void> {
  signal(process_, 'SIGTERM');
  if (await waitForEnd(process_, graceMs, impatient)) return;
  signal(process_, 'SIGKILL');
  await waitForEnd(process_, 5000);
}
