import { loadConfig } from '../../server/config';
import type { Context } from '../../server/context';
import { openDatabase } from '../../server/db/data-source';
import { migrate } from '../../server/db/migrate';
import { createLogger } from '../../server/log';
import { Sealer } from '../../server/secrets';
import { closeStripe } from '../../server/stripe/client';
import { makeClock, type TestClock } from './clock';
import { makeDatabase, serviceUrl } from './database';

/** Settings as a test installation has them; `env` changes or adds some. */
export const testEnv = (env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  NODE_ENV: 'test',
  PUBLIC_URL: 'http://localhost:4380',
  DATABASE_URL: 'mysql://user:password@127.0.0.1:3306/tenantry',
  REDIS_URL: process.env.TEST_REDIS_URL ?? 'redis://127.0.0.1:6379',
  STRIPE_SECRET_KEY: 'sk_test_tenantry',
  STRIPE_WEBHOOK_SECRET: 'whsec_tenantry',
  SMTP_URL: process.env.TEST_SMTP_URL ?? 'smtp://127.0.0.1:1025',
  APP_SECRET: 'a secret for the tests alone, long enough',
  LOG_LEVEL: 'silent',
  // Each test server's requests bear an address of their own, so that limits don't meet across files.
  TRUST_PROXY: '1',
  ...env,
});

export interface TestContext {
  context: Context;
  clock: TestClock;
  close: () => Promise<void>;
}

/** A context over a fresh, migrated database, with a clock that tests can move. */
export async function makeContext(
  env: NodeJS.ProcessEnv = {},
  logTo?: { write: (line: string) => void },
): Promise<TestContext> {
  const database = await makeDatabase();
  const config = loadConfig(
    testEnv({
      DATABASE_URL: database.url,
      REDIS_URL: serviceUrl('TEST_REDIS_URL'),
      // Most stand-ins have no limit; the tests of ours set their own.
      STRIPE_MAX_RPS: '1000',
      STRIPE_MAX_RPS_TOTAL: '1000',
      ...env,
    }),
  );
  const db = await openDatabase(config.databaseUrl, { poolSize: 10 });
  await migrate(db);
  const clock = makeClock();
  const context = {
    config,
    db,
    log: createLogger(config.logLevel, 'test', logTo),
    sealer: new Sealer(config.appSecret),
    now: clock.now,
  };
  return {
    context,
    clock,
    async close() {
      closeStripe(config);
      await db.destroy();
      await database.drop();
    },
  };
}
