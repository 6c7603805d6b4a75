import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { freePort } from '../../dev/launch/ports';
import { bench } from './support';

const COPY = resolve('.data', 'start-bench');
const WARM_LIMIT_MS = 10_000;
const COLD_LIMIT_MS = 60_000;
const GIVE_UP_MS = 120_000;
const RUNNING = 'Tenantry is running.';

/** A copy of the sources as they lie here, with our packages, and neither compiled files nor data. */
function copySources(): void {
  rmSync(COPY, { recursive: true, force: true });
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
  });
  for (const path of listed.split('\0').filter((one) => one && existsSync(one))) {
    mkdirSync(join(COPY, dirname(path)), { recursive: true });
    cpSync(path, join(COPY, path));
  }
  // Where MariaDB runs as a user of its own, that user passes through here.
  chmodSync(COPY, 0o711);
  symlinkSync(resolve('node_modules'), join(COPY, 'node_modules'), 'dir');
}

/** Only what a newcomer's shell has: no services of the benchmark, no settings of ours. */
function plainEnv(port: number): NodeJS.ProcessEnv {
  const { PATH, HOME, USER, LANG, TMPDIR } = process.env;
  return { PATH, HOME, USER, LANG, TMPDIR, PORT: `${port}` };
}

/** Milliseconds from `npm start` to its saying that the product runs; then stops it and waits for its end. */
async function startOnce(port: number): Promise<number> {
  const begin = performance.now();
  const child = spawn('npm', ['start'], { cwd: COPY, env: plainEnv(port), stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const ended = once(child, 'close');
  try {
    await new Promise<void>((done, fail) => {
      const timer = setTimeout(
        () => fail(new Error(`npm start said nothing of running for long:\n${said}`)),
        GIVE_UP_MS,
      );
      const hear = (chunk: Buffer) => {
        said += chunk;
        if (!said.includes(RUNNING)) return;
        clearTimeout(timer);
        done();
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.once('exit', (code) => {
        clearTimeout(timer);
        fail(new Error(`npm start ended with ${code}:\n${said}`));
      });
    });
    return performance.now() - begin;
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

void bench(async (report) => {
  copySources();
  try {
    const port = await freePort();
    report.atMost('Cold start: compile, build, new database, demo', await startOnce(port), COLD_LIMIT_MS, 'ms');
    report.atMost('Warm start: the same folder again', await startOnce(port), WARM_LIMIT_MS, 'ms');
  } finally {
    rmSync(COPY, { recursive: true, force: true });
  }
});
