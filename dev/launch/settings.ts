import { type Config, loadConfig } from '../../server/config';
import type { DataDir } from './data-dir';
import { standInKeys } from './stripe';

const blank = (value: string | undefined) => !value?.trim();

/** What `npm start` sets where the environment says nothing. */
export const withDefaults = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...env,
  HOST: blank(env.HOST) ? '127.0.0.1' : env.HOST,
  PORT: blank(env.PORT) ? '3000' : env.PORT,
  SEED: blank(env.SEED) ? 'demo' : env.SEED,
});

/** Whether no key was given, so that the local stand-in plays Stripe. */
export const needsStandIn = (env: NodeJS.ProcessEnv): boolean => blank(env.STRIPE_SECRET_KEY);

/** Whether no mail server was given, so that the local mailbox takes the mail. */
export const needsMailbox = (env: NodeJS.ProcessEnv): boolean => blank(env.SMTP_URL);

/** Secrets that are made here once where the environment gives none. */
export const withSecrets = (env: NodeJS.ProcessEnv, data: DataDir): NodeJS.ProcessEnv => ({
  ...env,
  ...(blank(env.APP_SECRET) && env.NODE_ENV !== 'production' ? { APP_SECRET: data.secret('appSecret') } : {}),
  ...(needsStandIn(env) ? standInKeys(data) : {}),
});

/** Checks the settings before anything is started: what will be provisioned is stood in for. Throws ConfigError. */
export const checkSettings = (env: NodeJS.ProcessEnv): Config =>
  loadConfig({
    ...env,
    ...(blank(env.DATABASE_URL) ? { DATABASE_URL: 'mysql://provisioned@127.0.0.1/tenantry' } : {}),
    ...(blank(env.REDIS_URL) ? { REDIS_URL: 'redis://127.0.0.1' } : {}),
    ...(needsMailbox(env) ? { SMTP_URL: 'smtp://127.0.0.1' } : {}),
  });
