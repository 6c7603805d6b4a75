import express, { type Express } from 'express';
import helmet from 'helmet';
import type Redis from 'ioredis';
import { pinoHttp } from 'pino-http';
import { stripeWebhook } from './billing/webhook.routes';
import type { Context } from './context';
import { customerApi, customerApiRoutes } from './customer-api';
import { newId } from './db/id';
import { emailWebhooks } from './emails/email-webhook';
import { health } from './http/health';
import { openApi } from './http/openapi';
import { pages } from './http/pages';
import { problemHandler, unknownAddress } from './http/problem';
import { routerOf } from './http/routes';
import { sameOriginOnly } from './http/same-origin';
import { operatorApiRoutes } from './operator-api';
import { callerOf } from './operators/caller';
import { operatorSession, sessionRouter } from './operators/session.routes';

function trustProxy(app: Express, setting: string | undefined): void {
  if (setting === undefined) return;
  app.set('trust proxy', /^\d+$/.test(setting) ? Number(setting) : setting === 'true' ? true : setting.split(','));
}

/** 503 is the answer while something outside is away, or not there yet: nothing of ours is broken. */
const levelOf = (statusCode: number, error?: Error): 'error' | 'warn' | 'debug' =>
  statusCode === 503 ? 'warn' : error || statusCode >= 500 ? 'error' : 'debug';

/** The whole HTTP side of Tenantry over an open database and Redis. */
export function createApp(context: Context, redis: Redis): Express {
  const { config, log } = context;
  const app = express();
  app.disable('x-powered-by');
  trustProxy(app, config.trustProxy);
  app.use(
    pinoHttp({
      logger: log,
      genReqId: (_req, res) => {
        const id = newId('req');
        res.setHeader('x-request-id', id);
        return id;
      },
      customLogLevel: (_req, res, error) => levelOf(res.statusCode, error),
      serializers: {
        req: ({ id, method, url }) => ({ id, method, path: String(url).split('?')[0] }),
        res: ({ statusCode }) => ({ statusCode }),
      },
    }),
  );
  // No browser reads what Stripe is answered.
  app.use(stripeWebhook(context, redis));
  app.use(emailWebhooks(context));
  app.use(
    helmet({
      contentSecurityPolicy: {
        directives: {
          'default-src': ["'self'"],
          // Emotion, which MUI draws with, writes style elements.
          'style-src': ["'self'", "'unsafe-inline'"],
          'img-src': ["'self'", 'data:'],
          'frame-ancestors': ["'none'"],
          'upgrade-insecure-requests': null,
        },
      },
      referrerPolicy: { policy: 'no-referrer' },
      strictTransportSecurity: config.publicUrl.startsWith('https:'),
    }),
  );
  app.use(health(context, redis));

  const routes = operatorApiRoutes(context, redis);
  const customerRoutes = Object.values(customerApiRoutes(context, redis)).flat();
  app.get(
    '/api/openapi.json',
    (_req, res) => void res.json(openApi(config.publicUrl, { '/api': routes, '/v1': customerRoutes })),
  );
  app.use('/api', (_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });
  app.use('/api', operatorSession(context), sameOriginOnly(config.publicUrl), express.json({ limit: '1mb' }));
  app.use('/api', sessionRouter(context, redis), routerOf(routes, callerOf(context)), unknownAddress);

  app.use(customerApi(context, redis));

  pages(app, '/admin', 'admin');
  pages(app, '', 'portal', config);
  app.use(unknownAddress);
  app.use(problemHandler(log));
  return app;
}
