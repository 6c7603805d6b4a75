import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';

/** The address of a private service, which `npm test` starts and names in the environment. */
export function serviceUrl(
  name: 'TEST_DATABASE_URL' | 'TEST_REDIS_URL' | 'TEST_SMTP_URL' | 'TEST_MAILBOX_URL',
): string {
  const url = process.env[name];
  if (!url) throw new Error(`${name} is not set: run the tests with "npm test", which starts the services they need.`);
  return url;
}

async function asAdmin(sql: string): Promise<void> {
  const connection = await createConnection({ uri: serviceUrl('TEST_DATABASE_URL') });
  try {
    await connection.query(sql);
  } finally {
    await connection.end();
  }
}

export interface TestDatabase {
  url: string;
  drop: () => Promise<void>;
}

/** Makes an empty database under a name of its own. */
export async function makeDatabase(): Promise<TestDatabase> {
  const name = `tenantry_test_${randomBytes(6).toString('hex')}`;
  await asAdmin(`CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`);
  const url = new URL(serviceUrl('TEST_DATABASE_URL'));
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => asAdmin(`DROP DATABASE IF EXISTS ${name}`) };
}
