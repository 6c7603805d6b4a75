import { join } from 'node:path';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { endLeftovers } from './app-process';
import { type DataDir, openDataDir } from './data-dir';
import { together } from './fault';
import { type Lock, takeLock } from './lock';
import { startMailbox } from './mailbox';
import {
  type DatabaseNeeds,
  provideDatabase,
  provideRedis,
  type RedisNeeds,
  type Service,
  type Tell,
} from './provision';
import type { Steps } from './steps';
import type { Teardown } from './teardown';
import { buildWebPages } from './web-pages';

export interface TestWorld {
  data: DataDir;
  /** What the tests find in their environment. */
  env: NodeJS.ProcessEnv;
  lock: Lock;
}

export interface TestWorldNeeds {
  /** The folder's name below the data folder, and what the lock says: `test`, `bench`. */
  name: string;
  database: DatabaseNeeds['durability'];
  redis: RedisNeeds['durability'];
}

/** What earlier, cut-off runs left in our own private server. */
async function dropDatabases(url: string): Promise<void> {
  const connection = await createConnection({ uri: url });
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA
     WHERE SCHEMA_NAME NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')`,
  );
  for (const { name } of rows) await connection.query('DROP DATABASE ??', [name]);
  await connection.end();
}

/**
 * Brings up private servers for tests or benchmarks: own folder, own ports, apart from those of `npm start`.
 * `DATABASE_URL` and `REDIS_URL` are never used, for tests empty what they are given; `TEST_DATABASE_URL` (a user who
 * may make databases) and `TEST_REDIS_URL` are.
 */
export async function testWorld(steps: Steps, teardown: Teardown, needs: TestWorldNeeds): Promise<TestWorld> {
  const data = openDataDir(join(process.env.TENANTRY_DATA?.trim() || '.data', needs.name));
  const lock = await takeLock(
    data.at('run', 'launcher.lock'),
    `npm ${needs.name === 'test' ? 'test' : `run ${needs.name}`}`,
  );
  await endLeftovers(data);
  const provide = (label: string, work: (tell: Tell) => Promise<Service>) =>
    steps.step(label, async (say) => {
      const service = await work(say);
      await teardown.add('services', { label: label.toLowerCase(), stop: () => service.stop() });
      say(`${label}: ${service.source}`);
      return service;
    });
  const given = process.env.TEST_DATABASE_URL?.trim();
  const [[database, redis], [mailbox]] = await together(
    together(
      provide('Database', async (tell) => {
        const database = await provideDatabase(
          data,
          { setting: 'TEST_DATABASE_URL', url: given },
          { rights: 'all', durability: needs.database },
          tell,
        );
        if (!given) await dropDatabases(database.url);
        return database;
      }),
      provide('Redis', (tell) =>
        provideRedis(
          data,
          { setting: 'TEST_REDIS_URL', url: process.env.TEST_REDIS_URL?.trim() },
          { durability: needs.redis },
          tell,
        ),
      ),
    ),
    together(
      steps.step('Mailbox', () => startMailbox(data, steps, teardown)),
      buildWebPages(steps),
    ),
  );
  return {
    data,
    lock,
    env: {
      ...process.env,
      TEST_DATABASE_URL: database.url,
      TEST_REDIS_URL: redis.url,
      TEST_SMTP_URL: mailbox.smtpUrl,
      TEST_MAILBOX_URL: mailbox.webUrl,
    },
  };
}
