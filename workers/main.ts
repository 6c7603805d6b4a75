import { ConfigError, loadConfig } from '../server/config';
import { openDatabase } from '../server/db/data-source';
import { createLogger } from '../server/log';
import { Sealer } from '../server/secrets';
import { untilStopped } from '../server/stop';
import { closeStripe } from '../server/stripe/client';
import { watchStripeKey } from '../server/stripe/key-state';
import { startWorkers } from './start';

async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const log = createLogger(config.logLevel, 'workers');
  const db = await openDatabase(config.databaseUrl);
  const context = { config, db, log, sealer: new Sealer(config.appSecret), now: () => new Date() };
  watchStripeKey(context);
  const workers = startWorkers(context, { nightly: true });
  log.info('workers are running');
  await untilStopped();
  await workers.stop();
  closeStripe(config);
  await db.destroy();
  log.info('workers stopped');
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error instanceof ConfigError ? error.message : error);
    process.exit(1);
  },
);
