import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { runToEnd } from './binaries';

const EXECUTE_BY_OTHERS = 0o001;

const passableByAll = (path: string): boolean =>
  Boolean(statSync(path).mode & EXECUTE_BY_OTHERS) && (dirname(path) === path || passableByAll(dirname(path)));

/**
 * The user that a database server started by root shall run as: `mysql` where it exists and can reach the folder,
 * else root, which the server demands to be told. Undefined when we are not root: then it runs as we do.
 */
export async function serverUser(folder: string): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const known = (await runToEnd('id', ['-u', 'mysql'])).code === 0;
  return known && passableByAll(folder) ? 'mysql' : 'root';
}

/** Gives a folder and all in it to `user`; nothing to do without one. */
export async function giveTo(user: string | undefined, folder: string): Promise<void> {
  if (user) await runToEnd('chown', ['-R', user, folder]);
}
