import { loadConfig } from '../../server/config';
import { openDatabase } from '../../server/db/data-source';
import { createLogger } from '../../server/log';
import { Sealer } from '../../server/secrets';
import { startWorkers } from '../../workers/start';

/** The workers as a process of their own, with a clock that the test moves by messages; each is answered. */
async function main(): Promise<void> {
  const config = loadConfig(process.env);
  let offset = Number(process.env.CHAOS_CLOCK_OFFSET);
  const db = await openDatabase(config.databaseUrl, { poolSize: 6 });
  process.on('message', (message: { offset: number }) => {
    offset = message.offset;
    process.send?.('moved');
  });
  process.on('disconnect', () => process.exit(0));
  startWorkers(
    {
      config,
      db,
      log: createLogger(config.logLevel, 'workers'),
      sealer: new Sealer(config.appSecret),
      now: () => new Date(Date.now() + offset),
    },
    { sweepMs: Number(process.env.CHAOS_SWEEP_MS) },
  );
  process.send?.('started');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
