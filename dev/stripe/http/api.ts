import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { StripeApiError } from '../errors';
import { parseForm } from '../params/form';
import { validate } from '../params/validate';
import { newId } from '../store/ids';
import { API_VERSION, type World } from '../world';
import type { Endpoint } from './endpoint';
import { expandAnswer } from './expand';
import { present } from './present';
import { meetTrouble, type Passage, RateLimitError } from './trouble';

/** Codes of refusals that come before an endpoint begins: Stripe keeps no idempotent answer for them. */
const NOT_BEGUN = new Set([
  'parameter_unknown',
  'parameter_missing',
  'parameter_invalid_integer',
  'parameter_invalid_empty',
]);

/** Stripe's API below `/v1`: key, version, faults, idempotency, parameters, and its own errors. */
export function apiRouter(world: World, endpoints: readonly Endpoint[]): Router {
  const router = express.Router();
  router.use(express.text({ type: () => true, limit: '2mb' }));
  router.use((req, res, next) => {
    res.locals.requestId = newId('req');
    res.set({ 'request-id': String(res.locals.requestId), 'stripe-version': API_VERSION, 'cache-control': 'no-store' });
    requireKey(req, world.options.secretKey);
    requireVersion(req);
    next();
  });
  for (const one of endpoints) {
    const name = `${one.method.toUpperCase()} ${one.path}`;
    router[one.method](one.path, async (req: Request, res: Response) => {
      if (world.faults.apiDelayMs > 0) await sleep(world.faults.apiDelayMs);
      const { loseAnswer } = passage(world, name);
      const reply = answer(world, one, req);
      if (world.faults.answerDelayMs > 0) await sleep(world.faults.answerDelayMs);
      if (loseAnswer) {
        if (world.faults.timeoutMs > 0) await sleep(world.faults.timeoutMs);
        req.socket.destroy();
        return;
      }
      // Not `send`, which would hash each page of a hundred objects for an ETag that nobody asks for.
      res.set(reply.headers).status(reply.status).type('json').end(reply.body);
    });
  }
  router.use((req) => {
    throw new StripeApiError(404, {
      type: 'invalid_request_error',
      message: `Unrecognized request URL (${req.method}: ${req.originalUrl.split('?')[0]}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.`,
    });
  });
  router.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
    const { status, body } = errorAnswer(error);
    if (error instanceof RateLimitError) res.set(error.headers);
    res.status(status).type('json').send(body);
  });
  return router;
}

function passage(world: World, endpoint: string): Passage {
  try {
    const passes = meetTrouble(world, endpoint);
    countUp(world.requestCounts, endpoint);
    return passes;
  } catch (refusal) {
    countUp(world.refusedCounts, endpoint);
    throw refusal;
  }
}

const countUp = (counts: Map<string, number>, name: string): void => {
  counts.set(name, (counts.get(name) ?? 0) + 1);
};

interface Reply {
  status: number;
  body: string;
  headers: Record<string, string>;
}

function answer(world: World, one: Endpoint, req: Request): Reply {
  const query = req.originalUrl.includes('?') ? req.originalUrl.slice(req.originalUrl.indexOf('?') + 1) : '';
  const body = typeof req.body === 'string' ? req.body : '';
  const requestId = String(req.res?.locals.requestId);
  const form = () => parseForm([query, body].filter(Boolean).join('&'));
  const key = one.method === 'post' ? req.get('idempotency-key') : undefined;
  if (key === undefined) {
    const { status, body } = run(world, one, req, form(), requestId, key);
    if (one.method !== 'get') world.onChange();
    return { status, body, headers: {} };
  }
  const fingerprint = createHash('sha256').update(`${req.method} ${req.path}\n${query}\n${body}`).digest('base64');
  const headers = { 'idempotency-key': key };
  const known = world.state.idempotency.get(key);
  if (known && known.fingerprint !== fingerprint) throw keyReused(key);
  if (known) {
    return { ...known, headers: { ...headers, 'idempotent-replayed': 'true', 'original-request': known.requestId } };
  }
  const result = run(world, one, req, form(), requestId, key);
  if (result.keep) world.state.idempotency.set(key, { fingerprint, ...result, requestId, created: world.now() });
  world.onChange();
  return { ...result, headers };
}

function run(
  world: World,
  one: Endpoint,
  req: Request,
  form: ReturnType<typeof parseForm>,
  requestId: string,
  key: string | undefined,
): { status: number; body: string; keep: boolean } {
  world.request = { id: requestId, idempotency_key: key ?? null };
  try {
    const params = validate(one.schema, form);
    const object = one.run(world, typeof req.params.id === 'string' ? req.params.id : '', params);
    return { status: 200, body: JSON.stringify(expandAnswer(world, present(object), params.expand)), keep: true };
  } catch (error) {
    const refused = error instanceof StripeApiError && NOT_BEGUN.has(error.body.code ?? '');
    return { ...errorAnswer(error), keep: !refused };
  } finally {
    world.request = null;
  }
}

function errorAnswer(error: unknown): { status: number; body: string } {
  if (error instanceof StripeApiError)
    return { status: error.status, body: JSON.stringify({ error: error.body }, null, 2) };
  console.error('The Stripe stand-in failed', error);
  const message = `The Stripe stand-in failed: ${error instanceof Error ? error.message : String(error)}`;
  return { status: 500, body: JSON.stringify({ error: { type: 'api_error', message } }, null, 2) };
}

function requireKey(req: Request, secretKey: string): void {
  const [scheme = '', credentials = ''] = (req.get('authorization') ?? '').split(' ');
  const given =
    scheme.toLowerCase() === 'basic'
      ? (Buffer.from(credentials, 'base64').toString().split(':')[0] ?? '')
      : credentials;
  if (given === secretKey) return;
  throw new StripeApiError(401, {
    type: 'invalid_request_error',
    message: given
      ? `Invalid API Key provided: ${given.slice(0, 8)}${'*'.repeat(8)}${given.length > 16 ? given.slice(-4) : ''}`
      : "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
  });
}

function requireVersion(req: Request): void {
  const asked = req.get('stripe-version');
  if (asked === undefined || asked === API_VERSION) return;
  throw new StripeApiError(400, {
    type: 'invalid_request_error',
    message: `Invalid Stripe API version: ${asked}. This local stand-in speaks ${API_VERSION} only; use the SDK that pins it.`,
  });
}

const keyReused = (key: string): StripeApiError =>
  new StripeApiError(400, {
    type: 'idempotency_error',
    message: `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
  });
