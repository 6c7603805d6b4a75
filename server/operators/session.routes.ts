import { type RequestHandler, Router } from 'express';
import session from 'express-session';
import type Redis from 'ioredis';
import { z } from 'zod';
import { emailKey } from '../../domain/invitation';
import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { ProblemError, unauthenticated } from '../errors';
import { makeLimit } from '../http/limits';
import { parse } from '../http/routes';
import { callerOf } from './caller';
import { Operator } from './operator.entity';
import { OperatorSession } from './operator-session.entity';
import { presentOperator } from './operators.routes';
import { passwordFits } from './password';
import { OperatorSessionStore } from './session-store';

const SESSION_TTL_MS = 12 * 3_600_000;
const SignInBody = z.object({
  email: z.string('is required.').trim().min(1, 'is required.').max(254),
  password: z.string('is required.').min(1, 'is required.').max(200),
});

/** Express's session cookie for operators. Its name bears the port, since cookies of one host are shared by all ports. */
export function operatorSession({ config, db }: Context): RequestHandler {
  const { port, protocol } = new URL(config.publicUrl);
  return session({
    name: `tenantry.operator${port ? `.${port}` : ''}`,
    secret: config.appSecret,
    store: new OperatorSessionStore(db, SESSION_TTL_MS),
    resave: false,
    saveUninitialized: false,
    rolling: true,
    unset: 'destroy',
    cookie: { path: '/api', httpOnly: true, sameSite: 'lax', secure: protocol === 'https:', maxAge: SESSION_TTL_MS },
  });
}

const wrongLogin = () =>
  new ProblemError({
    status: 401,
    code: 'wrong_login',
    title: 'Not signed in',
    detail: 'The address or the password is wrong.',
  });

/** `POST|GET|DELETE /session`: sign in, who am I, sign out. No answer tells whether an account exists. */
export function sessionRouter(context: Context, redis: Redis): Router {
  const perAddress = makeLimit(redis, 'sign-in-ip', 60, 900);
  const perAccount = makeLimit(redis, 'sign-in-account', 10, 900);
  const router = Router();

  router.post('/session', async (req, res) => {
    const { email, password } = parse(SignInBody, req.body);
    const key = emailKey(email);
    await perAddress.take(req.ip ?? 'unknown');
    await perAccount.take(key);
    const operator = await context.db.getRepository(Operator).findOneBy({ emailKey: key });
    const fits = await passwordFits(operator?.passwordHash, password);
    if (!fits || !operator || operator.status !== 'active') throw wrongLogin();
    await Promise.all([perAddress.give(req.ip ?? 'unknown'), perAccount.give(key)]);
    await new Promise<void>((resolve, reject) =>
      req.session.regenerate((error) => (error ? reject(error) : resolve())),
    );
    req.session.operatorId = operator.id;
    const actor = {
      type: 'operator' as const,
      id: operator.id,
      name: operator.name,
      requestId: String(req.id),
      ip: req.ip,
    };
    await inTransaction(context.db, async (tx) => {
      await tx.update(Operator, { id: operator.id }, { lastSignInAt: context.now(), version: operator.version });
      await recordAudit(tx, { actor, action: 'operator.sign-in', resource: 'operators', resourceId: operator.id });
    });
    res.json(presentOperator(await context.db.getRepository(Operator).findOneByOrFail({ id: operator.id })));
  });

  router.get('/session', async (req, res) => {
    const { operator } = await callerOf(context)(req, 'overview:read');
    if (!operator) throw unauthenticated('An API key has no session.');
    res.json(presentOperator(operator));
  });

  /** Signs out here; with `?everywhere=true`, in every browser of the same operator. */
  router.delete('/session', async (req, res) => {
    const { operatorId } = req.session;
    if (operatorId && req.query.everywhere === 'true') {
      const { actor } = await callerOf(context)(req, 'overview:read');
      await inTransaction(context.db, async (tx) => {
        await tx.delete(OperatorSession, { operatorId });
        await recordAudit(tx, { actor, action: 'operator.sign-out', resource: 'operators', resourceId: operatorId });
      });
    }
    await new Promise<void>((resolve, reject) => req.session.destroy((error) => (error ? reject(error) : resolve())));
    res.json({});
  });

  return router;
}
