import { existsSync } from 'node:fs';
import { LaunchFault } from '../fault';
import { aptInstall, canInstall } from './apt';
import { findBinary } from './binaries';

const MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

/** The browser of the browser tests: CHROMIUM_PATH, or the usual places. Throws LaunchFault for a wrong setting. */
export function findChromium(env: NodeJS.ProcessEnv): string | undefined {
  const given = env.CHROMIUM_PATH;
  if (given && !existsSync(given))
    throw new LaunchFault(`CHROMIUM_PATH: there is no file ${given}. Correct or unset it.`);
  const mac = existsSync(MAC) ? MAC : undefined;
  return given || findBinary('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable') || mac;
}

/** Finds Chromium or installs it. Throws LaunchFault with the command to type when there is no way. */
export async function provideChromium(env: NodeJS.ProcessEnv): Promise<string> {
  const found = findChromium(env);
  if (found) return found;
  if (canInstall()) {
    await aptInstall(['chromium'], ['chromium-browser']);
    const fresh = findChromium(env);
    if (fresh) return fresh;
  }
  throw new LaunchFault(
    'The browser tests need Chromium, which was not found and can not be installed from here.\n' +
      '  Debian, Ubuntu:  sudo apt-get update && sudo apt-get install -y chromium\n' +
      '  macOS:           brew install --cask chromium\n' +
      'Then try again, or name the program in CHROMIUM_PATH.',
  );
}
