import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { DataDir } from '../data-dir';
import { failedRun, lastLines } from '../fault';
import { runToEnd } from './binaries';
import type { Service } from './service';

const ANSWER_MS = 5000;
const FILE = join('dev', 'launch', 'provision', 'services.compose.yml');

let answering: Promise<boolean> | undefined;

async function ask(): Promise<boolean> {
  for (const question of [
    ['compose', 'version'],
    ['info', '--format', '{{.ServerVersion}}'],
  ]) {
    if ((await runToEnd('docker', question, { timeoutMs: ANSWER_MS })).code !== 0) return false;
  }
  return true;
}

/** Whether a container engine with `docker compose` answers on this machine. */
export function engineAnswers(): Promise<boolean> {
  answering ??= ask();
  return answering;
}

let queue: Promise<unknown> = Promise.resolve();

/** One after the other: two that start at once would both make the project's network. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const turn = queue.then(work);
  queue = turn.catch(() => undefined);
  return turn;
}

/**
 * Runs one service of the compose file, its port published on 127.0.0.1 alone and its data in a volume named after
 * our data folder. Throws LaunchFault with what docker said.
 */
export async function composeService(
  data: DataDir,
  name: 'database' | 'redis',
  urlOf: (port: number, password: string) => string,
  ask: (url: string) => Promise<string>,
): Promise<Service> {
  const port = await data.port(name);
  const password = data.secret(`${name}Password`);
  const project = `tenantry-${createHash('sha256').update(data.path).digest('hex').slice(0, 8)}`;
  const env = {
    ...process.env,
    DATABASE_PORT: '0',
    REDIS_PORT: '0',
    DATABASE_PASSWORD: password,
    REDIS_PASSWORD: password,
    [`${name.toUpperCase()}_PORT`]: String(port),
  };
  const compose = (...args: string[]) => runToEnd('docker', ['compose', '-p', project, '-f', FILE, ...args], { env });
  const { code, said } = await inTurn(() => compose('up', '--detach', '--wait', name));
  if (code !== 0) throw failedRun(`docker compose could not start ${name}`, lastLines(said));
  const url = urlOf(port, password);
  await ask(url).catch((error: Error) => {
    throw failedRun(
      `docker compose started ${name}, but it does not let us in`,
      error.message,
      `If its data is from a folder that was deleted since, remove it too: docker compose -p ${project} down --volumes`,
    );
  });
  return {
    url,
    source: `docker compose (project ${project}) on port ${port}`,
    stop: async () => {
      await compose('stop', name);
    },
    alive: () => true,
  };
}
