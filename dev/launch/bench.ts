import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, symlinkSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { LaunchFault } from './fault';
import type { Lock } from './lock';
import { provideChromium } from './provision/chromium';
import type { Steps } from './steps';
import { stopOnSignal, Teardown } from './teardown';
import { testWorld } from './test-services';
import { WORKER_FLAGS } from './worker-flags';

const FOLDER = join('test', 'bench');
const COMPILER = join('node_modules', 'typescript', 'bin', 'tsc');
const PROJECT = join('test', 'tsconfig.json');
/** What these measure, the workers do; the rest is the API's, which is started without options. */
const OF_WORKERS = /^(billing|burst|mail|sync)\b/;

/** What these measure is seen in a browser. */
const IN_BROWSER = /portal/;

const flagsFor = (file: string): string[] => (OF_WORKERS.test(basename(file)) ? WORKER_FLAGS : []);

function chosenFiles(words: string[]): string[] {
  const all = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => name.endsWith('.bench.ts')) : [];
  const chosen = all.map((name) => join(FOLDER, name)).filter((path) => words.every((word) => path.includes(word)));
  if (chosen.length === 0) throw new LaunchFault(`No benchmark in ${FOLDER} matches "${words.join(' ')}".`);
  return chosen.sort();
}

/** Compiles benchmarks and product alike, as the product is for production: what is measured is what ships. */
async function compileInto(folder: string): Promise<void> {
  const child = spawn(process.execPath, [COMPILER, '-p', PROJECT, '--noEmit', 'false', '--outDir', folder], {
    stdio: 'inherit',
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new LaunchFault('The benchmarks could not be compiled. Try: npm run check');
}

/** `npm run bench [words]`: private servers with durable commits, then each benchmark in a process of its own. */
export async function main(steps: Steps): Promise<void> {
  const teardown = new Teardown(steps);
  let lock: Lock | undefined;
  const finish = async (code: number): Promise<never> => {
    lock?.announceStop();
    await teardown.stop();
    lock?.release();
    process.exit(code);
  };
  stopOnSignal(steps, teardown, () => finish(130));
  try {
    const files = chosenFiles(process.argv.slice(2));
    const world = await testWorld(steps, teardown, { name: 'bench', database: 'each-commit', redis: 'each-second' });
    lock = world.lock;
    const env = { ...world.env };
    if (files.some((file) => IN_BROWSER.test(basename(file))))
      env.CHROMIUM_PATH = await steps.step('Finding Chromium, or installing it', () => provideChromium(process.env));
    const compiled = resolve(world.data.at('compiled'));
    await steps.step('Compiling the benchmarks', () => compileInto(compiled));
    if (!existsSync(join(compiled, 'web'))) symlinkSync(resolve('dist', 'web'), join(compiled, 'web'), 'dir');
    let failed = 0;
    for (const file of files) {
      if (teardown.stopping) return;
      steps.note(`\n${file}`);
      const program = join(compiled, file.replace(/\.ts$/, '.js'));
      const child = spawn(process.execPath, [...flagsFor(file), program], { env, stdio: 'inherit' });
      const [code] = (await once(child, 'exit')) as [number | null];
      if (code !== 0) failed += 1;
    }
    if (failed > 0) steps.complain(`\n${failed} of ${files.length} benchmarks failed or missed a limit.`);
    await finish(failed > 0 ? 1 : 0);
  } catch (error) {
    if (teardown.stopping) return;
    steps.complain(`\n${error instanceof LaunchFault ? error.message : (error as Error).stack}\n`);
    await finish(1);
  }
}
