import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createConsole } from './console.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const inRoot = (...path) => join(root, ...path);
const stampFile = inRoot('node_modules', '.tenantry-installed');
const TAIL_LINES = 25;

/** A failure with a message for the person at the keyboard; no stack is shown. */
class Fault extends Error {}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new Fault(
    `Tenantry needs Node 20.19 or later; this is ${process.version}.\n` +
      'Install one from https://nodejs.org (or: nvm install 22), then try again.',
  );
}

/** Runs a program, keeps what it says to itself, and gives the exit code with the last lines. */
const run = (file, args) =>
  new Promise((resolve, reject) => {
    let said = '';
    const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const hear = (chunk) => {
      said = (said + chunk).slice(-20_000);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, tail: said.trim().split('\n').slice(-TAIL_LINES).join('\n') }));
  });

const lockfileDigest = () =>
  createHash('sha256')
    .update(readFileSync(inRoot('package-lock.json')))
    .update(`${process.versions.modules} ${process.platform} ${process.arch}`)
    .digest('hex');

/** npm writes `node_modules/.package-lock.json` last of all, so a newer one means a whole install by hand. */
function installedByHand() {
  const hidden = inRoot('node_modules', '.package-lock.json');
  return existsSync(hidden) && statSync(hidden).mtimeMs >= statSync(inRoot('package-lock.json')).mtimeMs;
}

function packagesAreCurrent() {
  if (!existsSync(inRoot('node_modules', 'typescript', 'package.json'))) return false;
  if (existsSync(stampFile)) return readFileSync(stampFile, 'utf8') === lockfileDigest();
  if (!installedByHand()) return false;
  writeFileSync(stampFile, lockfileDigest());
  return true;
}

async function installPackages(steps) {
  if (packagesAreCurrent()) return;
  await steps.step('Installing packages (npm ci)', async (say) => {
    const npm = process.env.npm_execpath;
    // Building needs the development packages whatever NODE_ENV says.
    const args = ['ci', '--include=dev', '--no-audit', '--no-fund'];
    const { code, tail } = npm ? await run(process.execPath, [npm, ...args]) : await run('npm', args);
    if (code !== 0) {
      const full = /ENOSPC|no space left/i.test(tail) ? 'The disk is full. ' : '';
      throw new Fault(`${full}The packages could not be installed; npm said:\n\n${tail}\n\nTry: npm ci`);
    }
    writeFileSync(stampFile, lockfileDigest());
    say('Packages installed');
  });
}

async function compile(steps) {
  await steps.step('Compiling', async (say) => {
    const { code, tail } = await run(process.execPath, [
      inRoot('node_modules', 'typescript', 'bin', 'tsc'),
      ...['-p', inRoot('tsconfig.json')],
    ]);
    // 2: type errors, and everything was emitted all the same. They are `npm run check`'s business, but not hidden.
    if (code === 2) steps.complain(`${tail}\nThe compiler found the above; going on with what it emitted.`);
    else if (code !== 0) throw new Fault(`The sources could not be compiled:\n\n${tail}`);
    say('Compiled');
  });
}

const isRunning = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

/** `npm start` and `npm test` in one folder at once must not install or compile over each other. */
async function alone(steps, work) {
  const lock = inRoot('.data', 'bootstrap.lock');
  mkdirSync(dirname(lock), { recursive: true, mode: 0o711 });
  const take = () => {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return true;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const holder = Number(existsSync(lock) ? readFileSync(lock, 'utf8') : 0);
      if (!holder || isRunning(holder)) return false;
      rmSync(lock, { force: true });
      return take();
    }
  };
  if (!take()) {
    await steps.step('Waiting for another start in this folder to install and compile', async () => {
      while (!take()) await new Promise((resolve) => setTimeout(resolve, 100));
    });
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

const messageOf = (error) => {
  if (error.code === 'ENOSPC') return `The disk is full (${error.path ?? root}): free some space, then try again.`;
  return error instanceof Fault || error.name === 'LaunchFault' || error.name === 'ConfigError'
    ? error.message
    : error.stack;
};

/**
 * Makes the sources runnable (Node version, packages, compiler), then runs the exported `main(steps)` of
 * `dist/dev/launch/<name>.js` in this very process. Any failure is one message and exit code 1.
 */
export async function launch(name) {
  const steps = createConsole();
  try {
    checkNode();
    process.chdir(root);
    await alone(steps, async () => {
      await installPackages(steps);
      await compile(steps);
    });
    const { main } = createRequire(import.meta.url)(inRoot('dist', 'dev', 'launch', `${name}.js`));
    await main(steps);
  } catch (error) {
    steps.complain(`\n${messageOf(error)}`);
    process.exit(1);
  }
}
