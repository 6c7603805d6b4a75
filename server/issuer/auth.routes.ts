import { Router } from 'express';
import type Redis from 'ioredis';
import { z } from 'zod';
import { EMAIL_ADDRESS, emailKey } from '../../domain/invitation';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { unauthenticated } from '../errors';
import { makeLimit } from '../http/limits';
import { parse } from '../http/routes';
import { sha256 } from '../secrets';
import { signAccessToken, subjectFor } from './access-token';
import { cookieOf, portalCookie } from './cookies';
import { enter } from './enter';
import { oidcRouter } from './oidc.routes';
import { CODE_SECONDS, checkCode, sendSignInCode, useCode } from './sign-in-code';
import type { SigningKeys } from './signing-key';
import { userOfIdentity } from './user-of-identity';
import { closeSession, rotateSession, SESSION_MS } from './user-session';

const email = z
  .string('is required.')
  .trim()
  .max(254)
  .regex(EMAIL_ADDRESS, 'must be an email address, such as ann@example.com.');
const CodeBody = z.object({ email });
const TokenBody = z.object({
  email,
  code: z
    .string('is required.')
    .transform((value) => value.replace(/\s/g, ''))
    .pipe(z.string().regex(/^\d{6}$/, 'must be the six digits of the mail.')),
  /** Without one the access token is all that is given: to tie the address to the account that is signed in. */
  session: z.boolean().default(true),
});

/** `/auth/…`: sign-in at the built-in issuer by a one-time code, refresh by cookie, sign-out. */
export function authRouter(context: Context, redis: Redis, keys: SigningKeys): Router {
  const perEmail = makeLimit(redis, 'code-email', 5, 900);
  const perIp = makeLimit(redis, 'code-ip', 60, 900);
  const { name, options } = portalCookie(context, 'session', '/auth');
  const lasting = { ...options, maxAge: SESSION_MS };
  const router = Router();

  router.post('/code', async (req, res) => {
    const given = parse(CodeBody, req.body);
    await perIp.take(req.ip ?? 'unknown');
    await perEmail.take(emailKey(given.email));
    await sendSignInCode(context, given.email);
    res.status(202).json({ sent: true, expiresInSeconds: CODE_SECONDS });
  });

  router.post('/token', async (req, res) => {
    const given = parse(TokenBody, req.body);
    const code = await checkCode(context, given.email, given.code);
    const origin = { requestId: String(req.id), ip: req.ip };
    const bearer = {
      issuer: context.config.publicUrl,
      subject: `email:${sha256(code.emailKey)}`,
      email: code.email,
      name: '',
    };
    const known = await userOfIdentity(context, bearer, origin);
    const { user, identity } = known;
    const token = await inTransaction(context.db, async (tx) => {
      await useCode(tx, context, code);
      if (!given.session) return null;
      return enter(tx, context, known, origin, req.get('user-agent'));
    });
    if (token !== null) res.cookie(name, token, lasting);
    res.json(await signAccessToken(context, keys, { subject: subjectFor(context, identity), email: user.email }));
  });

  router.post('/refresh', async (req, res) => {
    const token = cookieOf(req, name);
    if (!token) throw unauthenticated();
    const { user, identity, token: next } = await rotateSession(context, token);
    res.cookie(name, next, lasting);
    res.json(await signAccessToken(context, keys, { subject: subjectFor(context, identity), email: user.email }));
  });

  router.post('/sign-out', async (req, res) => {
    const token = cookieOf(req, name);
    if (token) await closeSession(context, token);
    res.clearCookie(name, options).status(204).end();
  });

  if (context.config.signInProvider) router.use(oidcRouter(context, redis, context.config.signInProvider));
  return router;
}
