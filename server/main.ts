import type { Server } from 'node:http';
import { createApp } from './app';
import { systemActor } from './audit/actor';
import { ConfigError, loadConfig } from './config';
import { openDatabase } from './db/data-source';
import { createLogger } from './log';
import { ensureFirstOperator } from './operators/create-operator';
import { connectRedis } from './redis';
import { Sealer } from './secrets';
import { untilStopped } from './stop';
import { closeStripe } from './stripe/client';
import { watchStripeKey } from './stripe/key-state';

async function listen(app: ReturnType<typeof createApp>, port: number, host: string | undefined): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = host ? app.listen(port, host) : app.listen(port);
    server.once('listening', () => resolve(server)).once('error', reject);
  });
}

async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const log = createLogger(config.logLevel, 'api');
  const db = await openDatabase(config.databaseUrl);
  const redis = connectRedis(config.redisUrl, log);
  const context = { config, db, log, sealer: new Sealer(config.appSecret), now: () => new Date() };
  watchStripeKey(context);
  if (config.firstOperator && (await ensureFirstOperator(db, systemActor, config.firstOperator)))
    log.info('made the first operator from OPERATOR_EMAIL');
  const server = await listen(createApp(context, redis), config.port, config.host);
  log.info({ port: config.port }, 'api is listening');
  await untilStopped();
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  setTimeout(() => server.closeAllConnections(), 5000).unref();
  await closed;
  redis.disconnect();
  closeStripe(config);
  await db.destroy();
}

main().then(
  () => process.exit(0),
  (error: NodeJS.ErrnoException) => {
    const taken =
      error.code === 'EADDRINUSE' ? `Port ${process.env.PORT ?? 3000} is taken. Set PORT to a free one.` : undefined;
    console.error(error instanceof ConfigError ? error.message : (taken ?? error));
    process.exit(1);
  },
);
