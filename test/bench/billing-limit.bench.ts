import { setTimeout as sleep } from 'node:timers/promises';
import { systemActor } from '../../server/audit/actor';
import { driveRun } from '../../server/reconcile/drive-run';
import { startRun } from '../../server/reconcile/start-run';
import { closeStripe, makeStripe } from '../../server/stripe/client';
import { bench } from './support';
import { PARALLELISM, startListServer, sweepWorld } from './sweep-world';

/** More than can be listed in the time that is measured. */
const COUNT = 60_000;
const DELAY_MS = 100;
const WARM_UP_MS = 2000;
const MEASURED_MS = 15_000;
/** The limit that a test account has by default. */
const RPS = 20;

void bench(async (report) => {
  const server = await startListServer(COUNT, { delayMs: DELAY_MS, account: 'ended' });
  const limits = { STRIPE_MAX_RPS: String(RPS), STRIPE_MAX_RPS_TOTAL: String(RPS) };
  const { context, close } = await sweepWorld(server.url, 0, limits);
  const over = new AbortController();
  await startRun(context, { mode: 'apply', trigger: 'command', actor: systemActor });
  const driven = driveRun(context, makeStripe(context.config), { parallelism: PARALLELISM, signal: over.signal });
  await sleep(WARM_UP_MS);
  await server.pages();
  const begin = performance.now();
  await sleep(MEASURED_MS);
  const pages = await server.pages();
  const perSecond = (pages * 1000) / (performance.now() - begin);
  over.abort();
  await driven;
  report.atLeast('Requests of a sweep alone, to the limit', perSecond, 0.95, RPS, '/s');
  report.atMost('Requests of a sweep alone', perSecond, RPS * 1.05, '/s');
  closeStripe(context.config);
  await close();
  server.stop();
});
