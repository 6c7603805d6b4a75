import type { DataDir } from '../data-dir';
import { LaunchFault } from '../fault';
import { aptInstall, canInstall } from './apt';
import { composeService, engineAnswers } from './compose';
import { type DatabaseNeeds, findDatabaseServer, privateDatabase } from './private-database';
import { findRedisServer, privateRedis, type RedisNeeds } from './private-redis';
import { askDatabase, askRedis, tryDatabase, tryRedis } from './probe';
import type { Service } from './service';

export type { DatabaseNeeds } from './private-database';
export type { RedisNeeds } from './private-redis';
export type { Service } from './service';

/** A setting that may name a server of the user's own. */
export interface Given {
  setting: string;
  url: string | undefined;
}

/** Hears what is being done while that takes long. */
export type Tell = (text: string) => void;

const nothingToStop = { stop: async () => undefined, alive: () => true };

const nowhere = (what: string, debian: string, brew: string, setting: string) =>
  new LaunchFault(
    `No ${what} was found on this machine, no container engine answers, and it can't be installed from here.\n` +
      `  Debian, Ubuntu:  sudo apt-get update && sudo apt-get install -y ${debian}\n` +
      `  macOS:           brew install ${brew}\n` +
      `Then try again. Or start Docker, or name a server of yours in ${setting}.`,
  );

/**
 * The database: the given URL; else a private server, if one is installed; else docker compose; else apt, then a
 * private server. Throws LaunchFault with the command to type when there is no way.
 */
export async function provideDatabase(
  data: DataDir,
  given: Given,
  needs: DatabaseNeeds,
  tell: Tell = () => {},
): Promise<Service> {
  if (given.url) {
    const version = await tryDatabase(given.setting, given.url);
    return { url: given.url, source: `${given.setting} (${version})`, ...nothingToStop };
  }
  const installed = await findDatabaseServer();
  if (installed) return privateDatabase(data, installed, needs);
  if (await engineAnswers()) {
    tell('Database: starting it with docker compose');
    const name = needs.rights === 'one' ? 'tenantry' : '';
    const urlOf = (port: number, password: string) => `mysql://root:${password}@127.0.0.1:${port}/${name}`;
    return composeService(data, 'database', urlOf, askDatabase);
  }
  if (canInstall()) {
    tell('Database: installing MariaDB with apt-get');
    // The core packages have the server and its helpers without the system service that the full one starts.
    await aptInstall(['mariadb-server-core', 'mariadb-client-core'], ['mariadb-server']);
    const fresh = await findDatabaseServer();
    if (fresh) return privateDatabase(data, fresh, needs);
  }
  throw nowhere('MariaDB or MySQL server', 'mariadb-server', 'mariadb', given.setting);
}

/** Redis, by the same order as the database. Throws LaunchFault with the command to type when there is no way. */
export async function provideRedis(
  data: DataDir,
  given: Given,
  needs: RedisNeeds,
  tell: Tell = () => {},
): Promise<Service> {
  if (given.url) {
    const version = await tryRedis(given.setting, given.url);
    return { url: given.url, source: `${given.setting} (Redis ${version})`, ...nothingToStop };
  }
  const installed = findRedisServer();
  if (installed) return privateRedis(data, installed, needs);
  if (await engineAnswers()) {
    tell('Redis: starting it with docker compose');
    const urlOf = (port: number, password: string) => `redis://default:${password}@127.0.0.1:${port}`;
    return composeService(data, 'redis', urlOf, askRedis);
  }
  if (canInstall()) {
    tell('Redis: installing it with apt-get');
    await aptInstall(['redis-server']);
    const fresh = findRedisServer();
    if (fresh) return privateRedis(data, fresh, needs);
  }
  throw nowhere('Redis server', 'redis-server', 'redis', given.setting);
}
