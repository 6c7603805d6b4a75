import 'reflect-metadata';
import { loadConfig } from '../../server/config';
import { openDatabase } from '../../server/db/data-source';
import { createLogger } from '../../server/log';
import { driveRun } from '../../server/reconcile/drive-run';
import { Sealer } from '../../server/secrets';
import { stripeOf } from '../../server/stripe/client';

/** A process that drives the run that is under way, to be killed while it does. */
async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const db = await openDatabase(config.databaseUrl, { poolSize: 4 });
  const log = createLogger('silent', 'test');
  const context = { config, db, log, sealer: new Sealer(config.appSecret), now: () => new Date() };
  process.send?.('driving');
  await driveRun(context, stripeOf(config), { parallelism: 2, checkpointMs: 50 });
  process.exit(0);
}

void main();
