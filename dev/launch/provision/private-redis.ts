import { mkdirSync, writeFileSync } from 'node:fs';
import type { DataDir } from '../data-dir';
import { findBinary } from './binaries';
import { askRedis } from './probe';
import { runPrivate, type Service } from './service';

export interface RedisNeeds {
  /** `each-second`: an append-only file, at most the last second is lost; `none`: memory alone. */
  durability: 'each-second' | 'none';
}

/** The Redis (or Valkey) server on this machine, if there is one. */
export const findRedisServer = (): string | undefined => findBinary('redis-server', 'valkey-server');

const settings = (port: number, folder: string, password: string, { durability }: RedisNeeds) => [
  `port ${port}`,
  'bind 127.0.0.1',
  `dir ${JSON.stringify(folder)}`,
  `requirepass ${password}`,
  // A queue that is evicted under pressure is work lost.
  'maxmemory-policy noeviction',
  `appendonly ${durability === 'each-second' ? 'yes' : 'no'}`,
  'save ""',
  'daemonize no',
  'databases 16',
];

/** Starts our own Redis with its data under the data folder, reachable from this machine alone, with a password. */
export async function privateRedis(data: DataDir, file: string, needs: RedisNeeds): Promise<Service> {
  const folder = data.at('redis');
  const config = data.at('run', 'redis.conf');
  const password = data.secret('redisPassword');
  const urlOf = (port: number) => `redis://default:${password}@127.0.0.1:${port}`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const running = await runPrivate(data, {
    name: 'redis',
    label: 'Redis',
    file,
    cwd: folder,
    args(port) {
      // In a file, for the password's sake: arguments can be read by everyone on the machine.
      writeFileSync(config, `${settings(port, folder, password, needs).join('\n')}\n`, { mode: 0o600 });
      return [config];
    },
    answers: async (port) => {
      await askRedis(urlOf(port));
    },
  });
  const url = urlOf(running.port);
  const again = running.adopted ? ', still running from before' : '';
  return {
    url,
    source: `private Redis ${await askRedis(url)} on port ${running.port}${again}`,
    stop: running.stop,
    alive: running.alive,
    log: data.logOf('redis'),
  };
}
