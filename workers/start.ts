import { Queue, Worker } from 'bullmq';
import Redis from 'ioredis';
import { decideDueTenants } from '../server/billing/decide-due';
import { wakeFindings } from '../server/billing/findings/wake-findings';
import { noteEndings } from '../server/billing/overrides/note-endings';
import { oweForgottenEvents } from '../server/billing/owe-forgotten';
import { purge } from '../server/billing/purge';
import { settleCheckouts } from '../server/billing/settle-checkouts';
import type { Context } from '../server/context';
import { keepConvergenceDay } from '../server/convergence/keep-day';
import { MailServerAway } from '../server/emails/send-email';
import { openTransport } from '../server/emails/transport';
import { expireInvitations } from '../server/invitations/expire-invitations';
import { type JobPayload, QUEUE_PREFIX, type QueueName } from '../server/jobs/queues';
import { OutboxRelay } from '../server/jobs/relay';
import type { Logger } from '../server/log';
import { driveRun } from '../server/reconcile/drive-run';
import { scheduleNightly } from '../server/reconcile/schedule-nightly';
import { connectRedis } from '../server/redis';
import { stripeOf } from '../server/stripe/client';
import { catchUpTicker } from './catch-up';
import { decideTenantProcessor } from './decide-tenant';
import { leavePlanProcessor } from './leave-plan';
import { MailPause } from './mail-pause';
import { processJob, type Tools } from './processor';
import { sendEmailProcessor } from './send-email';
import { syncCustomerProcessor } from './sync-customer';
import { Ticker } from './ticker';

const SWEEP_MS = 15_000;
const TIDY_MS = 10 * 60_000;
/** How soon a run that somebody started is taken up. */
const RUNS_MS = 1000;
const PROCESSORS = {
  'send-email': sendEmailProcessor,
  'sync-customer': syncCustomerProcessor,
  'decide-tenant': decideTenantProcessor,
  'leave-plan': leavePlanProcessor,
};
/**
 * A sync mostly waits for Stripe's answers, some tenths of a second each; a mail for the mail server, over fewer
 * connections than there are jobs, so that the database's part of one is done while others are sent.
 */
const CONCURRENCY: Record<QueueName, number> = { mail: 16, billing: 8 };

/** A blocking connection waits for Redis as long as it takes: BullMQ asks for that. */
const blocking = (url: string) => {
  const redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: (times) => Math.min(times * 200, 2000) });
  // connectRedis tells of the outage once for the whole process.
  redis.on('error', () => undefined);
  return redis;
};

function makeQueue(name: QueueName, connection: Redis, prefix: string, log: Logger): Queue<JobPayload> {
  const queue = new Queue<JobPayload>(name, {
    connection,
    prefix,
    // The outbox decides about trying again; the queue keeps a little for people to look at.
    defaultJobOptions: { attempts: 1, removeOnComplete: { count: 100 }, removeOnFail: { count: 100 } },
  });
  queue.on('error', (error) => log.debug({ err: error, queue: name }, 'queue connection'));
  return queue;
}

function makeWorker(name: QueueName, connection: Redis, prefix: string, tools: Tools): Worker<JobPayload> {
  const worker = new Worker<JobPayload>(name, (job) => processJob(tools, PROCESSORS, job), {
    connection,
    prefix,
    concurrency: CONCURRENCY[name],
    lockDuration: 60_000,
  });
  worker.on('error', (error) => tools.context.log.debug({ err: error, queue: name }, 'worker connection'));
  return worker;
}

export interface WorkerOptions {
  /** Begins every key in Redis; only tests that share a Redis need one of their own. */
  prefix?: string;
  sweepMs?: number;
  /** Whether the sweep of the night is started by these workers. */
  nightly?: boolean;
}

export interface RunningWorkers {
  /** Ends in order: nothing new is taken, what runs is finished. The database is the caller's to close. */
  stop(): Promise<void>;
}

/** Starts the outbox relay, the workers of both queues and all that runs by the clock, over an open database. */
export function startWorkers(
  context: Context,
  { prefix = QUEUE_PREFIX, sweepMs = SWEEP_MS, nightly = false }: WorkerOptions = {},
): RunningWorkers {
  const { config, log } = context;
  const redis = connectRedis(config.redisUrl, log);
  const subscriber = blocking(config.redisUrl);
  const workerRedis = blocking(config.redisUrl);
  const transport = openTransport(config.smtpUrl);
  const tools: Tools = { context, stripe: stripeOf(config), transport };

  const queues = { mail: makeQueue('mail', redis, prefix, log), billing: makeQueue('billing', redis, prefix, log) };
  const mail = makeWorker('mail', workerRedis, prefix, tools);
  const billing = makeWorker('billing', workerRedis, prefix, tools);
  const mailPause = new MailPause(mail, transport, log);
  mail.on('failed', (_job, error) => {
    if (error instanceof MailServerAway) void mailPause.begin();
  });
  const relay = new OutboxRelay(context, queues, redis, subscriber);
  const sweep = new Ticker('sweep', sweepMs, log, async () => {
    await decideDueTenants(context);
    await expireInvitations(context);
    await settleCheckouts(context);
    await wakeFindings(context);
    await noteEndings(context);
  });
  const stopping = new AbortController();
  const runs = new Ticker('reconciliation runs', RUNS_MS, log, async () => {
    if (nightly) await scheduleNightly(context);
    await driveRun(context, tools.stripe, { signal: stopping.signal });
  });
  const catchingUp = catchUpTicker(tools, redis, stopping.signal);
  const tidying = new Ticker('tidying', TIDY_MS, log, async () => {
    await keepConvergenceDay(context);
    const owed = await oweForgottenEvents(context);
    if (owed > 0) log.warn({ owed }, 'events of stripe waited without a job; their customers are synced now');
    await purge(context, stopping.signal);
  });
  const tickers = [sweep, runs, catchingUp, tidying];
  relay.start();
  for (const ticker of tickers) ticker.start();

  return {
    async stop() {
      mailPause.stop();
      stopping.abort();
      await Promise.all([relay.stop(), ...tickers.map((ticker) => ticker.stop()), mail.close(), billing.close()]);
      await Promise.all([queues.mail.close(), queues.billing.close()]);
      transport.close();
      for (const connection of [subscriber, workerRedis, redis]) connection.disconnect();
    },
  };
}
