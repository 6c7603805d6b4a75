import { Queue, Worker } from 'bullmq';
import Redis from 'ioredis';
import { decideDueTenants } from '../server/billing/decide-due';
import { ConfigError, loadConfig } from '../server/config';
import { openDatabase } from '../server/db/data-source';
import { MailServerAway } from '../server/emails/send-email';
import { openTransport } from '../server/emails/transport';
import { expireInvitations } from '../server/invitations/expire-invitations';
import { type JobPayload, QUEUE_PREFIX, type QueueName } from '../server/jobs/queues';
import { OutboxRelay } from '../server/jobs/relay';
import { createLogger, type Logger } from '../server/log';
import { connectRedis } from '../server/redis';
import { Sealer } from '../server/secrets';
import { untilStopped } from '../server/stop';
import { stripeOf } from '../server/stripe/client';
import { decideTenantProcessor } from './decide-tenant';
import { MailPause } from './mail-pause';
import { processJob, type Tools } from './processor';
import { sendEmailProcessor } from './send-email';
import { syncCustomerProcessor } from './sync-customer';
import { Ticker } from './ticker';

const SWEEP_MS = 15_000;
const PROCESSORS = {
  'send-email': sendEmailProcessor,
  'sync-customer': syncCustomerProcessor,
  'decide-tenant': decideTenantProcessor,
};
const CONCURRENCY: Record<QueueName, number> = { mail: 4, billing: 4 };

/** A blocking connection waits for Redis as long as it takes: BullMQ asks for that. */
const blocking = (url: string) => {
  const redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: (times) => Math.min(times * 200, 2000) });
  // connectRedis tells of the outage once for the whole process.
  redis.on('error', () => undefined);
  return redis;
};

function makeQueue(name: QueueName, connection: Redis, log: Logger): Queue<JobPayload> {
  const queue = new Queue<JobPayload>(name, {
    connection,
    prefix: QUEUE_PREFIX,
    // The outbox decides about trying again; the queue keeps a little for people to look at.
    defaultJobOptions: { attempts: 1, removeOnComplete: { count: 100 }, removeOnFail: { count: 100 } },
  });
  queue.on('error', (error) => log.debug({ err: error, queue: name }, 'queue connection'));
  return queue;
}

function makeWorker(name: QueueName, connection: Redis, tools: Tools): Worker<JobPayload> {
  const worker = new Worker<JobPayload>(name, (job) => processJob(tools, PROCESSORS, job), {
    connection,
    prefix: QUEUE_PREFIX,
    concurrency: CONCURRENCY[name],
    lockDuration: 60_000,
  });
  worker.on('error', (error) => tools.context.log.debug({ err: error, queue: name }, 'worker connection'));
  return worker;
}

async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const log = createLogger(config.logLevel, 'workers');
  const db = await openDatabase(config.databaseUrl);
  const redis = connectRedis(config.redisUrl, log);
  const subscriber = blocking(config.redisUrl);
  const workerRedis = blocking(config.redisUrl);
  const context = { config, db, log, sealer: new Sealer(config.appSecret), now: () => new Date() };
  const transport = openTransport(config.smtpUrl);
  const tools: Tools = { context, redis, stripe: stripeOf(config), transport };

  const queues = { mail: makeQueue('mail', redis, log), billing: makeQueue('billing', redis, log) };
  const mail = makeWorker('mail', workerRedis, tools);
  const billing = makeWorker('billing', workerRedis, tools);
  const mailPause = new MailPause(mail, transport, log);
  mail.on('failed', (_job, error) => {
    if (error instanceof MailServerAway) void mailPause.begin();
  });
  const relay = new OutboxRelay(context, queues, redis, subscriber);
  const sweep = new Ticker('sweep', SWEEP_MS, log, async () => {
    await decideDueTenants(context);
    await expireInvitations(context);
  });
  relay.start();
  sweep.start();
  log.info('workers are running');

  await untilStopped();
  mailPause.stop();
  await Promise.all([relay.stop(), sweep.stop(), mail.close(), billing.close()]);
  await Promise.all([queues.mail.close(), queues.billing.close()]);
  transport.close();
  for (const connection of [subscriber, workerRedis, redis]) connection.disconnect();
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
