import { timingSafeEqual } from 'node:crypto';
import { Router } from 'express';
import type Redis from 'ioredis';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Context } from '../context';
import { unauthenticated } from '../errors';

async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((done) => {
    timer = setTimeout(() => done(false), ms);
  });
  return Promise.race([
    work.then(
      () => true,
      () => false,
    ),
    late,
  ]).finally(() => clearTimeout(timer));
}

/** `/healthz`: alive. `/readyz`: database and Redis answer. `/metrics`: Prometheus, with METRICS_TOKEN where set. */
export function health({ db, config }: Context, redis: Redis): Router {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'tenantry_outbox_open',
    help: 'Jobs owed and not done yet, by kind',
    labelNames: ['kind'],
    registers: [registry],
    async collect() {
      this.reset();
      const rows: { kind: string; n: string }[] = await db.query(
        `SELECT kind, COUNT(*) AS n FROM outbox WHERE status = 'open' GROUP BY kind`,
      );
      for (const { kind, n } of rows) this.set({ kind }, Number(n));
    },
  });
  const router = Router();
  router.get('/healthz', (_req, res) => void res.json({ status: 'ok' }));
  router.get('/readyz', async (_req, res) => {
    const [database, cache] = await Promise.all([within(2000, db.query('SELECT 1')), within(2000, redis.ping())]);
    const word = (up: boolean) => (up ? 'ok' : 'unreachable');
    res
      .status(database && cache ? 200 : 503)
      .json({ status: database && cache ? 'ok' : 'unavailable', database: word(database), redis: word(cache) });
  });
  router.get('/metrics', async (req, res) => {
    const expected = Buffer.from(`Bearer ${config.metricsToken ?? ''}`);
    const given = Buffer.from(req.get('authorization') ?? '');
    if (config.metricsToken && (given.length !== expected.length || !timingSafeEqual(given, expected)))
      throw unauthenticated('Send METRICS_TOKEN as a bearer token.');
    res.type(registry.contentType).send(await registry.metrics());
  });
  return router;
}
