import { Redis } from 'ioredis';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { LaunchFault } from '../fault';

const CONNECT_MS = 5000;

const addressOf = (url: string) => new URL(url).host;
const userOf = (url: string) => decodeURIComponent(new URL(url).username) || 'the default user';
const reasonOf = (error: unknown) => {
  const { code, message } = error as NodeJS.ErrnoException;
  return code && !message.includes(code) ? `${code}: ${message}` : message || code || String(error);
};

/** The server's version, such as `10.11.14-MariaDB`. Throws what the driver throws. */
export async function askDatabase(url: string): Promise<string> {
  const connection = await createConnection({ uri: url, connectTimeout: CONNECT_MS });
  try {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT VERSION() AS version');
    return String(rows[0]?.version);
  } finally {
    await connection.end();
  }
}

/** The server's version, such as `7.0.15`. Throws what the server or the network says. */
export async function askRedis(url: string): Promise<string> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    disconnectTimeout: 100,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let first: Error | undefined;
  redis.on('error', (error) => {
    first ??= error;
  });
  try {
    await redis.connect();
    const info = await redis.info('server');
    return /redis_version:(\S+)/.exec(info)?.[1] ?? 'unknown version';
  } catch (error) {
    throw first ?? error;
  } finally {
    redis.disconnect();
  }
}

/** Tries the database that a setting names. Throws LaunchFault with what to change. */
export async function tryDatabase(setting: string, url: string): Promise<string> {
  try {
    return await askDatabase(url);
  } catch (error) {
    const name = new URL(url).pathname.slice(1);
    switch ((error as NodeJS.ErrnoException).code) {
      case 'ER_ACCESS_DENIED_ERROR':
      case 'ER_ACCESS_DENIED_NO_PASSWORD_ERROR':
      case 'ER_DBACCESS_DENIED_ERROR':
        throw new LaunchFault(
          `${setting}: the database at ${addressOf(url)} refused ${userOf(url)}: wrong user or password, or no right to ` +
            `"${name}".\nCorrect the URL, or unset ${setting} to use a private database.`,
        );
      case 'ER_BAD_DB_ERROR':
        throw new LaunchFault(
          `${setting}: there is no database "${name}" at ${addressOf(url)}. Make it:\n` +
            `  CREATE DATABASE \`${name}\` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;`,
        );
      default:
        throw new LaunchFault(
          `${setting}: no database answers at ${addressOf(url)} (${reasonOf(error)}).\n` +
            `Start it, correct the URL, or unset ${setting} to use a private database.`,
        );
    }
  }
}

/** Tries the Redis that a setting names. Throws LaunchFault with what to change. */
export async function tryRedis(setting: string, url: string): Promise<string> {
  try {
    return await askRedis(url);
  } catch (error) {
    const refused = /WRONGPASS|NOAUTH|NOPERM|invalid password/i.test(reasonOf(error));
    throw new LaunchFault(
      refused
        ? `${setting}: Redis at ${addressOf(url)} refused us: wrong user or password.\n` +
            `Correct the URL, or unset ${setting} to use a private Redis.`
        : `${setting}: no Redis answers at ${addressOf(url)} (${reasonOf(error)}).\n` +
            `Start it, correct the URL, or unset ${setting} to use a private Redis.`,
    );
  }
}
