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

/**
 * Runs one service of the compose file, its port published on 127.0.0.1 alone and its data in a volume named after
 * our data folder. Throws LaunchFault with what docker said.
 */
export async function composeService(
  data: DataDir,
  name: 'database' | 'redis',
  urlOf: (port: number, password: string) => string,
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
  const { code, said } = await compose('up', '--detach', '--wait', name);
  if (code !== 0) throw failedRun(`docker compose could not start ${name}`, lastLines(said));
  return {
    url: urlOf(port, password),
    source: `docker compose (project ${project}) on port ${port}`,
    stop: async () => {
      await compose('stop', name);
    },
    alive: () => true,
  };
}
