import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LaunchFault } from './fault';
import type { Lock } from './lock';
import { runToEnd } from './provision/binaries';
import { findChromium, provideChromium } from './provision/chromium';
import type { Steps } from './steps';
import { stopOnSignal, Teardown } from './teardown';
import { testWorld } from './test-services';

const JEST = join('node_modules', 'jest', 'bin', 'jest.js');
const BROWSER_TESTS = join('test', 'browser');

/** The part of jest's `--json` results that we read. */
interface JestResults {
  numPassedTests: number;
  numFailedTests: number;
  /** Files that could not even be loaded: their tests are not counted among the failed ones. */
  numRuntimeErrorTestSuites: number;
}

/** Chromium's path; installed only if one of the chosen tests needs it. */
async function chromium(steps: Steps, chosen: string[]): Promise<string | undefined> {
  const found = findChromium(process.env);
  if (found) return found;
  const { said } = await runToEnd(process.execPath, [JEST, '--listTests', '--passWithNoTests', ...chosen]);
  if (!said.includes(BROWSER_TESTS)) return undefined;
  return steps.step('Installing Chromium', () => provideChromium(process.env));
}

const exitOf = (child: ChildProcess) =>
  new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });

/** What the last line says. No results, or no test at all, is a failure. */
export function verdict(results: JestResults | undefined, jestCode: number): { line: string; code: number } {
  const passed = results?.numPassedTests ?? 0;
  const failed = (results?.numFailedTests ?? 0) + (results?.numRuntimeErrorTestSuites ?? 0);
  return { line: `${passed} passed, ${failed} failed`, code: passed + failed === 0 ? jestCode || 1 : jestCode };
}

/** `npm test`: brings up private servers, runs jest with the arguments that were given, and counts. */
export async function main(steps: Steps): Promise<void> {
  const teardown = new Teardown(steps);
  let lock: Lock | undefined;
  let jest: ChildProcess | undefined;
  let line = verdict(undefined, 1).line;
  const finish = async (code: number): Promise<never> => {
    lock?.announceStop();
    jest?.kill();
    await teardown.stop();
    lock?.release();
    steps.note(line);
    process.exit(code);
  };
  stopOnSignal(steps, teardown, () => finish(130));
  try {
    const chosen = process.argv.slice(2);
    const browser = chromium(steps, chosen);
    browser.catch(() => undefined);
    const world = await testWorld(steps, teardown, { name: 'test', database: 'relaxed', redis: 'none' });
    lock = world.lock;
    const chromiumPath = await browser;
    const results = world.data.at('results.json');
    rmSync(results, { force: true });
    const env = { ...world.env, ...(chromiumPath ? { CHROMIUM_PATH: chromiumPath } : {}) };
    jest = spawn(process.execPath, [JEST, '--json', `--outputFile=${results}`, ...chosen], {
      env: { ...env, NODE_ENV: 'test' },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const code = await exitOf(jest);
    if (teardown.stopping) return;
    const counted = existsSync(results) ? (JSON.parse(readFileSync(results, 'utf8')) as JestResults) : undefined;
    const result = verdict(counted, code);
    line = result.line;
    await finish(result.code);
  } catch (error) {
    if (teardown.stopping) return;
    steps.complain(`\n${error instanceof LaunchFault ? error.message : (error as Error).stack}\n`);
    await finish(1);
  }
}
