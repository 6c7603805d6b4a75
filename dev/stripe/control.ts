import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import { advanceClock, moveClock } from './billing/clock';
import { dunningSchema } from './billing/dunning';
import { faultsSchema } from './faults';
import { parseStripeJson } from './store/json';
import type { LoadableWorld } from './store/state';
import type { World } from './world';

const clock = z.strictObject({ advanceSeconds: z.number().int().min(0) });

/** Every loaded object needs an id and a time; for the rest the loader's types answer. */
const objects = z.array(z.looseObject({ id: z.string().min(1), created: z.number().int() })).optional();
const loadable = z.strictObject({
  customers: objects,
  products: objects,
  prices: objects,
  subscriptions: objects,
  invoices: objects,
  payment_methods: objects,
  subscription_schedules: objects,
  events: objects,
  deleted_customers: z.array(z.string()).optional(),
});

/**
 * `/_standin`: what no Stripe has. POST /load takes full objects, POST /reset forgets all, GET /requests counts the API
 * requests by endpoint and GET /refused those that a fault turned away, POST /faults switches trouble on and off,
 * POST /clock moves time on and does what it brings, POST /advance only does what is due, POST /dunning says what becomes
 * of those who do not pay.
 * Bodies must be sent as application/json, which no foreign web page can do unasked.
 */
export function controlRouter(world: World): Router {
  const router = express.Router();
  router.use(express.text({ type: 'application/json', limit: '500mb' }));
  router.use((req, res, next) => {
    if (req.method === 'POST' && !req.is('application/json')) {
      res.status(415).json({ error: 'Send the body as application/json.' });
      return;
    }
    next();
  });
  router.post('/load', (req, res) => {
    const body = parseStripeJson(String(req.body));
    loadable.parse(body);
    world.state.load(body as LoadableWorld);
    world.onChange();
    res.json(sizes(world));
  });
  router.post('/reset', (_req, res) => {
    world.state.reset();
    world.calmDown();
    world.onChange();
    res.json(sizes(world));
  });
  router.get('/requests', (_req, res) => {
    res.json(Object.fromEntries(world.requestCounts));
  });
  router.get('/refused', (_req, res) => {
    res.json(Object.fromEntries(world.refusedCounts));
  });
  router.post('/faults', (req, res) => {
    const changed = faultsSchema.parse(JSON.parse(String(req.body)));
    Object.assign(world.faults, changed);
    if (changed.seed !== undefined) {
      world.apiDice.restart();
      world.webhookDice.restart();
    }
    res.json(world.faults);
  });
  router.post('/dunning', (req, res) => {
    world.dunning = dunningSchema.parse(JSON.parse(String(req.body)));
    res.json(world.dunning);
  });
  router.post('/clock', (req, res) => {
    moveClock(world, clock.parse(JSON.parse(String(req.body))).advanceSeconds);
    res.json({ now: world.now(), ...sizes(world) });
  });
  router.post('/advance', (_req, res) => {
    advanceClock(world);
    res.json(sizes(world));
  });
  router.get('/health', (_req, res) => {
    res.json(sizes(world));
  });
  router.use((_req, res) => {
    res.status(404).json({ error: 'Known: load, reset, requests, refused, faults, clock, advance, dunning, health.' });
  });
  router.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
    const isInput = error instanceof z.ZodError || error instanceof SyntaxError;
    const message = error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : '';
    res.status(isInput ? 400 : 500).json({ error: message });
  });
  return router;
}

const sizes = ({ state }: World): Record<string, number> => ({
  customers: state.customers.size,
  products: state.products.size,
  prices: state.prices.size,
  subscriptions: state.subscriptions.size,
  invoices: state.invoices.size,
  events: state.events.size,
  undelivered: [...state.deliveries.values()].filter((delivery) => delivery.state === 'pending').length,
});
