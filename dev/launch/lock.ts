import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { LaunchFault } from './fault';
import { identify, isAlive, type ProcessIdentity, waitForEnd } from './process-identity';

/** Longer than any stop may take: the product's grace, then the servers'. */
const STOP_MS = 60_000;

interface Holder extends ProcessIdentity {
  /** What the holder is, for the message: "Tenantry at http://localhost:3000". */
  what: string;
  /** It is on its way out. */
  stopping?: boolean;
}

export interface Lock {
  /** Says that the holder is on its way out, so that whoever starts now waits instead of giving up. */
  announceStop(): void;
  release(): void;
}

const read = (path: string): Holder | undefined => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
};

/** Moves a dead holder's lock away. Whoever moved a living one by a hair's breadth puts it back. */
function clearStale(path: string): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
    const moved = read(aside);
    if (moved && isAlive(moved)) linkSync(aside, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

const tryLink = (draft: string, path: string): boolean => {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
};

/**
 * Holds a folder for this process. A lock whose holder died is taken over, whatever process has its pid by now; one
 * that is stopping is waited for. Throws LaunchFault naming the holder when another process has the folder.
 */
export async function takeLock(path: string, what: string): Promise<Lock> {
  const me = identify(process.pid);
  if (!me) throw new Error('This process can not find itself in the process table.');
  const mine: Holder = { ...me, what };
  const draft = `${path}.${process.pid}`;
  const isMine = () => read(path)?.pid === process.pid;
  writeFileSync(draft, JSON.stringify(mine), { mode: 0o600 });
  try {
    while (!tryLink(draft, path)) {
      const holder = read(path);
      if (!holder || !isAlive(holder)) clearStale(path);
      else if (!holder.stopping || !(await waitForEnd(holder, STOP_MS)))
        throw new LaunchFault(
          `${holder.what} is already running in this folder (pid ${holder.pid}).\n` +
            'Use that one, or stop it first (Ctrl-C in its terminal). A second copy needs a folder of its own.',
        );
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return {
    announceStop() {
      if (!isMine()) return;
      writeFileSync(draft, JSON.stringify({ ...mine, stopping: true } satisfies Holder), { mode: 0o600 });
      renameSync(draft, path);
    },
    release() {
      if (isMine()) rmSync(path, { force: true });
    },
  };
}
