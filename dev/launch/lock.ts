import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { LaunchFault } from './fault';
import { identify, isAlive, type ProcessIdentity } from './process-identity';

interface Holder extends ProcessIdentity {
  /** What the holder is, for the message: "Tenantry (http://localhost:3000)". */
  what: string;
}

const read = (path: string): Holder | undefined => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
};

/**
 * Holds a folder for this process; a lock whose holder died is taken over, whatever process has its pid by now.
 * Gives the function that lets it go. Throws LaunchFault naming the holder when another process has it.
 */
export function takeLock(path: string, what: string): () => void {
  const me = identify(process.pid);
  if (!me) throw new Error('This process can not find itself in the process table.');
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify({ ...me, what } satisfies Holder), { mode: 0o600 });
  try {
    for (;;) {
      try {
        linkSync(draft, path);
        return () => {
          if (read(path)?.pid === process.pid) rmSync(path, { force: true });
        };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      clearStale(path);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Moves a dead holder's lock away. Whoever moved a living one by a hair's breadth puts it back. */
function clearStale(path: string): void {
  const holder = read(path);
  if (holder && isAlive(holder)) {
    throw new LaunchFault(
      `${holder.what} is already running in this folder (pid ${holder.pid}).\n` +
        'Use that one, or stop it first (Ctrl-C in its terminal). A second copy needs a folder of its own: TENANTRY_DATA.',
    );
  }
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
