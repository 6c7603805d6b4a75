import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, statfsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LaunchFault } from './fault';
import { freePort } from './ports';

/** A new MariaDB writes about 150 MB, and waits for ever when it can not. */
const NEEDED_BYTES = 300 * 1024 * 1024;

/** The folder that holds all that a launcher keeps between starts: data, logs, ports and secrets. */
export interface DataDir {
  path: string;
  /** A path inside; the folder is not made. */
  at(...names: string[]): string;
  /** The log file of one process. */
  logOf(name: string): string;
  /** A secret that is made at first use and kept, in a file that only this user reads. */
  secret(name: string, prefix?: string): string;
  /** A free port on 127.0.0.1, the same one at each start as long as nobody else took it. */
  port(name: string): Promise<number>;
  /** What was written last under this name, or undefined. */
  recall<T>(name: string): T | undefined;
  remember(name: string, value: unknown): void;
}

const readJson = (path: string): unknown => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new LaunchFault(
      `${path} can't be read (${(error as Error).message}). Mend it, or move it away to start anew.`,
    );
  }
};

/** Whole or not at all: a full disk or a kill in the middle leaves the old file. */
const writeJson = (path: string, value: unknown) => {
  writeFileSync(`${path}.new`, JSON.stringify(value, null, 2), { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
};

function requireSpace(path: string): void {
  const { bavail, bsize } = statfsSync(path);
  const free = bavail * bsize;
  if (free >= NEEDED_BYTES) return;
  const mb = (bytes: number) => `${Math.floor(bytes / 1024 / 1024)} MB`;
  throw new LaunchFault(
    `The disk is full: ${path} has ${mb(free)} left, and ${mb(NEEDED_BYTES)} are needed.\n` +
      'Free some space, or keep the data elsewhere: TENANTRY_DATA=/some/folder npm start',
  );
}

/** Makes the folder if it is missing. Throws LaunchFault when it can't be written or the disk is (nearly) full. */
export function openDataDir(where: string): DataDir {
  const path = resolve(where);
  try {
    for (const folder of ['', 'run', 'logs']) mkdirSync(join(path, folder), { recursive: true });
    // Others may pass through (the database's own user must), but not look around.
    chmodSync(path, 0o711);
    chmodSync(join(path, 'run'), 0o700);
  } catch (error) {
    throw new LaunchFault(`The data folder ${path} can't be written: ${(error as Error).message}`);
  }
  requireSpace(path);
  const at = (...names: string[]) => join(path, ...names);
  const file = (name: string) => at('run', `${name}.json`);
  const recall = <T>(name: string) => readJson(file(name)) as T | undefined;
  const remember = (name: string, value: unknown) => writeJson(file(name), value);
  return {
    path,
    at,
    recall,
    remember,
    logOf: (name) => at('logs', `${name}.log`),
    secret(name, prefix = '') {
      const secrets = recall<Record<string, string>>('secrets') ?? {};
      const known = secrets[name];
      if (known) return known;
      const made = prefix + randomBytes(32).toString('hex');
      remember('secrets', { ...secrets, [name]: made });
      return made;
    },
    async port(name) {
      const port = await freePort(recall<Record<string, number>>('ports')?.[name]);
      remember('ports', { ...recall<Record<string, number>>('ports'), [name]: port });
      return port;
    },
  };
}
