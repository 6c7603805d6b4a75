import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failedRun, lastLines } from './fault';
import { runToEnd } from './provision/binaries';
import type { Steps } from './steps';

const SOURCES = ['admin', 'domain'];
const OUTPUT = join('dist', 'web');
const STAMP = join(OUTPUT, '.stamp');
const PAGES = ['admin', 'portal'].map((page) => join(OUTPUT, page, 'index.html'));

/** Changes whenever a rebuild could give other files. */
function digest(): string {
  const hash = createHash('sha256').update(readFileSync('package-lock.json'));
  for (const folder of SOURCES) {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const path of files.map((entry) => join(entry.parentPath, entry.name)).sort()) {
      hash.update(`\0${path}\0`).update(readFileSync(path));
    }
  }
  return hash.digest('hex');
}

/** Builds the dashboard and the portal if their sources changed. Throws LaunchFault with what the builder said. */
export async function buildWebPages(steps: Steps): Promise<void> {
  const wanted = digest();
  const have = existsSync(STAMP) && PAGES.every((page) => existsSync(page)) ? readFileSync(STAMP, 'utf8') : undefined;
  if (have === wanted) return;
  await steps.step('Building the web pages', async (say) => {
    const vite = join('node_modules', 'vite', 'bin', 'vite.js');
    const { code, said } = await runToEnd(
      process.execPath,
      [vite, 'build', '--config', join('admin', 'vite.config.mts'), '--logLevel', 'warn'],
      { env: { ...process.env, NODE_ENV: 'production' } },
    );
    if (code !== 0) throw failedRun('The web pages could not be built', lastLines(said, 30));
    mkdirSync(OUTPUT, { recursive: true });
    writeFileSync(STAMP, wanted);
    say('Web pages built');
  });
}
