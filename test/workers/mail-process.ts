import { loadConfig } from '../../server/config';
import { openDatabase } from '../../server/db/data-source';
import { createLogger } from '../../server/log';
import { Sealer } from '../../server/secrets';
import { startWorkers } from '../../workers/start';

/** Workers in a process of their own, to be killed. */
async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const db = await openDatabase(config.databaseUrl, { poolSize: 6 });
  const log = createLogger('silent', 'workers');
  const context = { config, db, log, sealer: new Sealer(config.appSecret), now: () => new Date() };
  startWorkers(context, { prefix: process.env.PREFIX!, sweepMs: 1000 });
  process.on('disconnect', () => process.exit(0));
  process.send?.('started');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
