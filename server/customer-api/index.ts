import express, { type RequestHandler, Router } from 'express';
import type Redis from 'ioredis';
import type { Context } from '../context';
import { notFound } from '../errors';
import { onceByKey } from '../http/once-by-key';
import { unknownAddress } from '../http/problem';
import { routerOf } from '../http/routes';
import { sameOriginOnly } from '../http/same-origin';
import { authRouter } from '../issuer/auth.routes';
import { SigningKeys } from '../issuer/signing-key';
import { ownCaller, type PublicRoute, type TenantRoute, tenantCaller, type UserRoute, userCaller } from './callers';
import { contactRoutes } from './contact.routes';
import { acceptRoutes, invitationRoutes, previewRoutes } from './invitations.routes';
import { memberRoutes } from './members.routes';
import { planListRoutes, planRoutes } from './plans.routes';
import { profileRoutes } from './profile.routes';
import { restoreRoutes } from './restore.routes';
import { oneTenantRoutes, ownRoutes } from './tenants.routes';
import { tokenVerifier } from './verify-token';

const caching =
  (rule: string): RequestHandler =>
  (_req, res, next) => {
    res.set('Cache-Control', rule);
    next();
  };
const noStore = caching('no-store');
/** What clients poll: they keep the answer, and ask by its ETag whether it still holds. */
const POLLED = ['/v1/tenants/:id/plan', '/v1/tenants/:id/entitlements'];

/** Every address of `/v1`, by who may. */
export const customerApiRoutes = (
  context: Context,
  redis: Redis,
  verify = tokenVerifier(context, new SigningKeys(context)),
): { open: PublicRoute[]; user: UserRoute[]; tenant: TenantRoute[] } => ({
  open: previewRoutes(context),
  user: [
    ...ownRoutes(context),
    ...restoreRoutes(context),
    ...profileRoutes(context, verify),
    ...acceptRoutes(context),
    ...planListRoutes(context),
    ...contactRoutes(context, redis),
  ].map((route) => onceByKey(context, route)),
  tenant: [
    ...oneTenantRoutes(context),
    ...memberRoutes(context),
    ...invitationRoutes(context, redis),
    ...planRoutes(context),
  ].map((route) => onceByKey(context, route)),
});

/** The customers' side: sign-in at `/auth`, the API at `/v1`, and the built-in issuer's keys. Mounted at `/`. */
export function customerApi(context: Context, redis: Redis): Router {
  const keys = new SigningKeys(context);
  const router = Router();
  router.get('/.well-known/jwks.json', async (_req, res) => {
    res.set('Cache-Control', 'public, max-age=300').json(await keys.jwks());
  });

  router.get('/issuers/:name/.well-known/jwks.json', async (req, res) => {
    const { keys: published } = await new SigningKeys(context, String(req.params.name)).jwks();
    if (published.length === 0) throw notFound('issuer', String(req.params.name));
    res.set('Cache-Control', 'public, max-age=300').json({ keys: published });
  });

  const json = express.json({ limit: '100kb' });
  router.use('/auth', noStore, sameOriginOnly(context.config.publicUrl), json);
  router.use('/auth', authRouter(context, redis, keys), unknownAddress);

  const verify = tokenVerifier(context, keys);
  const asUser = userCaller(context, verify);
  const { open, user, tenant } = customerApiRoutes(context, redis, verify);
  router.use('/v1', noStore, json);
  router.get(POLLED, caching('private, no-cache'));
  router.use(
    '/v1',
    routerOf(open, async () => null),
    routerOf(user, ownCaller(asUser)),
  );
  router.use('/v1', routerOf(tenant, tenantCaller(context, asUser)), unknownAddress);
  return router;
}
