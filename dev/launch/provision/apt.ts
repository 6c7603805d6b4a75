import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { LaunchFault, lastLines } from '../fault';
import { findBinary, runToEnd } from './binaries';

const ENV = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
const LISTS = '/var/lib/apt/lists';

/** Whether this is a Debian or Ubuntu where we may install packages. */
export const canInstall = (): boolean =>
  process.getuid?.() === 0 &&
  Boolean(findBinary('apt-get')) &&
  existsSync('/etc/os-release') &&
  /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync('/etc/os-release', 'utf8'));

const apt = (...args: string[]) => runToEnd('apt-get', ['-o', 'DPkg::Lock::Timeout=120', '-y', ...args], { env: ENV });
const listsAreMissing = () => !existsSync(LISTS) || !readdirSync(LISTS).some((name) => name.includes('_Packages'));

async function install(candidates: string[][]): Promise<void> {
  let updated = listsAreMissing();
  if (updated) await apt('update');
  let said = '';
  for (;;) {
    for (const packages of candidates) {
      const result = await apt('install', '--no-install-recommends', ...packages);
      if (result.code === 0) return;
      said ||= result.said;
    }
    if (updated) break;
    updated = true;
    await apt('update');
  }
  throw new LaunchFault(
    `apt-get could not install ${candidates[0]?.join(' ')}. Its last words:\n\n${lastLines(said)}\n\n` +
      `Try it by hand: apt-get update && apt-get install -y ${candidates.at(-1)?.join(' ')}`,
  );
}

let queue: Promise<unknown> = Promise.resolve();

/**
 * Installs the first of these sets of packages that can be had, reading the package lists first where they are missing or
 * stale. One at a time: apt locks. A system service that a package starts is never used nor touched.
 */
export function aptInstall(...candidates: string[][]): Promise<void> {
  const turn = queue.then(() => install(candidates));
  queue = turn.catch(() => undefined);
  return turn;
}
