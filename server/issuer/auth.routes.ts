import { type CookieOptions, type Request, Router } from 'express';
import type Redis from 'ioredis';
import { z } from 'zod';
import { EMAIL_ADDRESS, emailKey } from '../../domain/invitation';
import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { unauthenticated } from '../errors';
import { makeLimit } from '../http/limits';
import { parse } from '../http/routes';
import { sha256 } from '../secrets';
import { signAccessToken } from './access-token';
import { CODE_SECONDS, checkCode, sendSignInCode, useCode } from './sign-in-code';
import type { SigningKeys } from './signing-key';
import { userOfIdentity } from './user-of-identity';
import { closeSession, openSession, rotateSession, SESSION_MS } from './user-session';

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

/** The cookie's name bears the port, since cookies of one host are shared by all ports. */
function sessionCookie({ config }: Context): { name: string; options: CookieOptions } {
  const { port, protocol } = new URL(config.publicUrl);
  return {
    name: `tenantry.session${port ? `.${port}` : ''}`,
    options: { path: '/auth', httpOnly: true, sameSite: 'lax', secure: protocol === 'https:' },
  };
}

const cookieOf = (req: Request, name: string): string | undefined =>
  req
    .get('cookie')
    ?.split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);

/** `/auth/…`: sign-in at the built-in issuer by a one-time code, refresh by cookie, sign-out. */
export function authRouter(context: Context, redis: Redis, keys: SigningKeys): Router {
  const perEmail = makeLimit(redis, 'code-email', 5, 900);
  const perIp = makeLimit(redis, 'code-ip', 60, 900);
  const { name, options } = sessionCookie(context);
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
      const opened = await openSession(tx, context, known, req.get('user-agent'));
      await recordAudit(tx, {
        actor: { type: 'user', id: user.id, name: user.name || code.email, ...origin },
        action: 'user.sign-in',
        resource: 'users',
        resourceId: user.id,
      });
      return opened;
    });
    if (token !== null) res.cookie(name, token, lasting);
    res.json(await signAccessToken(context, keys, { subject: identity.subject, email: user.email }));
  });

  router.post('/refresh', async (req, res) => {
    const token = cookieOf(req, name);
    if (!token) throw unauthenticated();
    const { user, identity, token: next } = await rotateSession(context, token);
    res.cookie(name, next, lasting);
    res.json(await signAccessToken(context, keys, { subject: identity.subject, email: user.email }));
  });

  router.post('/sign-out', async (req, res) => {
    const token = cookieOf(req, name);
    if (token) await closeSession(context, token);
    res.clearCookie(name, options).status(204).end();
  });

  return router;
}
