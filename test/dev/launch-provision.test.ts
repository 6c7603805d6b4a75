import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { type DataDir, openDataDir } from '../../dev/launch/data-dir';
import { type ProcessIdentity, waitForEnd } from '../../dev/launch/process-identity';
import { provideDatabase, provideRedis, type Service } from '../../dev/launch/provision';

const database = (data: DataDir, durability: 'each-commit' | 'relaxed' = 'each-commit') =>
  provideDatabase(data, { setting: 'DATABASE_URL', url: undefined }, { rights: 'one', durability });
const redis = (data: DataDir) =>
  provideRedis(data, { setting: 'REDIS_URL', url: undefined }, { durability: 'each-second' });

const query = async (url: string, sql: string) => {
  const connection = await createConnection({ uri: url });
  try {
    const [rows] = await connection.query<RowDataPacket[]>(sql);
    return rows;
  } finally {
    await connection.end();
  }
};

const kill = async (data: DataDir, name: string) => {
  const running = data.recall<{ process: ProcessIdentity }>(name);
  if (!running) throw new Error(`no ${name} is running`);
  process.kill(running.process.pid, 'SIGKILL');
  await waitForEnd(running.process, 5000);
};

describe('private servers', () => {
  let data: DataDir;
  const started: Service[] = [];
  const keep = async (service: Promise<Service>) => {
    started.push(await service);
    return service;
  };
  beforeEach(() => {
    data = openDataDir(mkdtempSync(join(tmpdir(), 'tenantry-launch-')));
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map((service) => service.stop()));
    rmSync(data.path, { recursive: true, force: true });
  });

  test('a database is made with a user of its own, found again on its port, and keeps its data through kill -9', async () => {
    const first = await keep(database(data));
    expect(first.source).toMatch(/^private (MariaDB|MySQL) \d+\.\d+\.\d+ on port \d+$/);
    await query(first.url, 'CREATE TABLE kept (id INT PRIMARY KEY)');
    await query(first.url, 'INSERT INTO kept VALUES (7)');

    const adopted = await keep(database(data));
    expect(adopted.url).toBe(first.url);
    expect(adopted.source).toContain('still running from before');

    await kill(data, 'database');
    expect(first.alive()).toBe(false);
    const second = await keep(database(data));
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'SELECT id FROM kept')).toEqual([{ id: 7 }]);
    await second.stop();
    expect(second.alive()).toBe(false);
  });

  test('a server that was started otherwise is started anew, not adopted', async () => {
    const relaxed = await keep(database(data, 'relaxed'));
    const durable = await keep(database(data, 'each-commit'));
    expect(relaxed.alive()).toBe(false);
    expect(await query(durable.url, 'SELECT @@innodb_flush_log_at_trx_commit AS flushed')).toEqual([{ flushed: 1 }]);
  });

  test('the private user may do as it likes in its own database, and nothing elsewhere', async () => {
    const { url } = await keep(database(data));
    await expect(query(url, 'CREATE DATABASE another')).rejects.toMatchObject({ code: 'ER_DBACCESS_DENIED_ERROR' });
    const wrong = new URL(url);
    wrong.password = 'wrong';
    await expect(
      provideDatabase(data, { setting: 'DATABASE_URL', url: wrong.href }, { rights: 'one', durability: 'each-commit' }),
    ).rejects.toThrow(/DATABASE_URL: the database at 127\.0\.0\.1:\d+ refused tenantry: wrong user or password/);
    const nameless = new URL(url);
    nameless.username = 'root';
    nameless.password = '';
    await expect(query(nameless.href, 'SELECT 1')).rejects.toMatchObject({ code: /ER_(ACCESS|HOST)/ });
    expect(statSync(data.at('run', 'secrets.json')).mode & 0o077).toBe(0);
  });

  test('Redis never evicts, wants its password, and keeps its data through kill -9', async () => {
    const first = await keep(redis(data));
    const client = new Redis(first.url);
    expect(await client.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
    await client.set('kept', 'yes');
    await client.call('WAITAOF', '1', '0', '2000').catch(() => new Promise((resolve) => setTimeout(resolve, 1500)));
    client.disconnect();

    const adopted = await keep(redis(data));
    expect(adopted.source).toContain('still running from before');
    await kill(data, 'redis');
    const second = await keep(redis(data));
    expect(second.url).toBe(first.url);
    const again = new Redis(second.url);
    expect(await again.get('kept')).toBe('yes');
    again.disconnect();

    const wrong = new URL(first.url);
    wrong.password = 'wrong';
    await expect(
      provideRedis(data, { setting: 'REDIS_URL', url: wrong.href }, { durability: 'each-second' }),
    ).rejects.toThrow(/REDIS_URL: Redis at 127\.0\.0\.1:\d+ refused us: wrong user or password/);
  });

  test('a given URL where nobody answers is named with its remedy', async () => {
    await expect(
      provideDatabase(
        data,
        { setting: 'DATABASE_URL', url: 'mysql://a:b@127.0.0.1:1/c' },
        { rights: 'one', durability: 'each-commit' },
      ),
    ).rejects.toThrow(/DATABASE_URL: no database answers at 127\.0\.0\.1:1 \(.*ECONNREFUSED.*\)\.\nStart it/);
  });
});
