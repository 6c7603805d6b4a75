import { timingSafeEqual } from 'node:crypto';
import { type Request, type Response, Router } from 'express';
import type Redis from 'ioredis';
import { z } from 'zod';
import type { SignInProvider as Settings } from '../config';
import type { Context } from '../context';
import { bearerOf } from '../customer-api/verify-token';
import { inTransaction } from '../db/transaction';
import { ProblemError } from '../errors';
import { makeLimit } from '../http/limits';
import { parse } from '../http/routes';
import { linkIdentity } from '../users/link-identity';
import { cookieOf, portalCookie } from './cookies';
import { enter } from './enter';
import { type Flow, isRefusal, SignInProvider } from './sign-in-provider';
import { userOfIdentity } from './user-of-identity';
import { SESSION_MS, userOfSession } from './user-session';

/** So long somebody may take at the provider. */
const FLOW_MS = 600_000;

const BeginBody = z.object({
  /** The portal's page to come back to. */
  returnTo: z
    .string()
    .regex(/^\/(?:[\w-]+(?:\/[\w-]+)*)?$/, 'must be a page of the portal, such as /join.')
    .max(200)
    .default('/'),
  /** Ties the identity to the account that is signed in, instead of signing in with it. */
  link: z.boolean().default(false),
});

interface Begun extends Flow {
  returnTo: string;
  link: boolean;
  /** Milliseconds since 1970. */
  until: number;
}

/** What the portal shows when the browser is back and it did not go as hoped; `linked` is good news. */
type Outcome = 'refused' | 'failed' | 'away' | 'late' | 'suspended' | 'in-use' | 'linked';

const OUTCOMES: Record<string, Outcome> = {
  sign_in_provider_unavailable: 'away',
  user_suspended: 'suspended',
  identity_in_use: 'in-use',
};

/** `/auth/oidc…`: sign-in at the provider of the settings, and linking of an identity there. */
export function oidcRouter(context: Context, redis: Redis, settings: Settings): Router {
  const { config, log, sealer, db } = context;
  const provider = new SignInProvider(settings, config, log);
  const perIp = makeLimit(redis, 'oidc-ip', 60, 900);
  const session = portalCookie(context, 'session', '/auth');
  const flow = portalCookie(context, 'oidc', '/auth/oidc');
  const router = Router();

  /** What this browser began, or undefined where it did not, or took too long. */
  const begunBy = (req: Request): Begun | undefined => {
    try {
      const begun = JSON.parse(sealer.open(cookieOf(req, flow.name) ?? '')) as Begun;
      return begun.until > Date.now() ? begun : undefined;
    } catch {
      return undefined;
    }
  };

  const finish = async (req: Request, res: Response, begun: Begun): Promise<Outcome | undefined> => {
    const search = req.originalUrl.slice(req.originalUrl.indexOf('?'));
    const bearer = bearerOf(await provider.finish(search, begun));
    const origin = { requestId: String(req.id), ip: req.ip };
    if (!begun.link) {
      const known = await userOfIdentity(context, bearer, origin);
      const token = await inTransaction(db, (tx) => enter(tx, context, known, origin, req.get('user-agent')));
      res.cookie(session.name, token, { ...session.options, maxAge: SESSION_MS });
      return undefined;
    }
    const user = await userOfSession(context, cookieOf(req, session.name) ?? '');
    if (!user) return 'late';
    const actor = { type: 'user' as const, id: user.id, name: user.name || user.email || bearer.subject, ...origin };
    await linkIdentity(context, actor, user.id, bearer);
    return 'linked';
  };

  router.post('/oidc', async (req, res) => {
    const { returnTo, link } = parse(BeginBody, req.body);
    await perIp.take(req.ip ?? 'unknown');
    const { url, flow: begun } = await provider.begin();
    const kept: Begun = { ...begun, returnTo, link, until: Date.now() + FLOW_MS };
    res.cookie(flow.name, sealer.seal(JSON.stringify(kept)), { ...flow.options, maxAge: FLOW_MS });
    res.json({ url });
  });

  // The provider sends the browser here. What it brings counts only in the browser that began (RFC 6749, 10.12).
  router.get('/oidc/callback', async (req, res) => {
    const begun = begunBy(req);
    const stated = String(req.query.state ?? '');
    const back = (outcome: Outcome | undefined, to = begun?.returnTo ?? '/') =>
      res.redirect(303, outcome ? `${to}?sign-in=${outcome}` : to);
    if (!begun || !same(stated, begun.state)) return void back('late');
    res.clearCookie(flow.name, flow.options);
    try {
      back(await finish(req, res, begun));
    } catch (error) {
      if (isRefusal(error)) return void back(error.error === 'access_denied' ? 'refused' : 'failed');
      const known = error instanceof ProblemError ? OUTCOMES[error.problem.code] : undefined;
      if (!known) log.warn({ err: error }, 'a sign-in by the provider did not come to its end');
      back(known ?? 'failed');
    }
  });

  return router;
}

function same(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  return one.length === other.length && timingSafeEqual(one, other);
}
