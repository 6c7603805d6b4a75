import { createPublicKey } from 'node:crypto';
import { z } from 'zod';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;
const integer = (fallback: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback);
const blankAsUnset = (env: NodeJS.ProcessEnv) =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ''));

const httpsOrLoopback = z
  .url({ protocol: /^https?$/, error: 'must be an address of https, or of http on loopback' })
  .refine((url) => url.startsWith('https:') || LOOPBACK.test(new URL(url).hostname), {
    message: 'must be https, or http on loopback',
  });
const trustedIssuer = z.object({
  issuer: z.string().min(1),
  jwksUrl: httpsOrLoopback,
  audience: z.string().min(1),
});

function isPublicKey(key: string): boolean {
  try {
    createPublicKey(key.includes('BEGIN') ? key : { key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' });
    return true;
  } catch {
    return false;
  }
}

/** Contrast of a colour (`#0f6b5c`) with white, by WCAG 2.2, "relative luminance". */
function contrastWithWhite(color: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05);
}

/** `Acme <no-reply@acme.com>` in its parts; a name that is set, or the product's, where it bears none. */
function senderOf(from: string, name: string | undefined, productName: string): { name: string; address: string } {
  const [, own, address] = /^([^<>]*)<([^<>]+)>$/.exec(from) ?? [from, '', from];
  return { name: name ?? (own?.replaceAll('"', '').trim() || productName), address: address!.trim() };
}

const settings = z.object({
  NODE_ENV: z.string().default('development'),
  HOST: z.string().optional(),
  PORT: integer(3000, 1, 65_535),
  PUBLIC_URL: z.url().optional(),
  DATABASE_URL: z.url({ protocol: /^mysql$/, error: 'must look like mysql://user:password@host:3306/name' }),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must look like redis://host:6379' }),
  STRIPE_SECRET_KEY: z
    .string()
    .regex(/^(sk|rk)_(test|live)_/, 'must begin with sk_test_, sk_live_, rk_test_ or rk_live_'),
  STRIPE_WEBHOOK_SECRET: z.string().startsWith('whsec_', 'must begin with whsec_'),
  STRIPE_API_BASE: z.url().optional(),
  SMTP_URL: z.url({ protocol: /^smtps?$/, error: 'must look like smtp://user:password@host:587' }),
  MAIL_FROM: z
    .string()
    .regex(/^[^<>]*<[^<>\s]+@[^<>\s]+>$|^[^<>\s]+@[^<>\s]+$/, 'must look like Acme <no-reply@acme.com>')
    .default('no-reply@tenantry.localhost'),
  MAIL_FROM_NAME: z.string().max(80).optional(),
  EMAIL_WEBHOOK_SECRET: z
    .string()
    .min(32, 'must have at least 32 characters: openssl rand -hex 32 makes one')
    .optional(),
  MAILGUN_SIGNING_KEY: z.string().optional(),
  SENDGRID_WEBHOOK_PUBLIC_KEY: z.string().refine(isPublicKey, 'must be the public key as SendGrid shows it').optional(),
  PRODUCT_NAME: z.string().max(60).default('Tenantry'),
  ACCENT_COLOR: z
    .string()
    .refine((color) => /^#[0-9a-f]{6}$/i.test(color) && contrastWithWhite(color) >= 4.5, {
      message: 'must look like #0f6b5c, and be dark enough for white text on it',
    })
    .optional(),
  TRUSTED_ISSUERS: z
    .string()
    .default('[]')
    .transform((value, context) => {
      try {
        return JSON.parse(value) as unknown;
      } catch {
        context.addIssue({ code: 'custom', message: 'must be JSON: [{"issuer", "jwksUrl", "audience"}]' });
        return z.NEVER;
      }
    })
    .pipe(z.array(trustedIssuer)),
  OIDC_ISSUER: httpsOrLoopback.optional(),
  OIDC_CLIENT_ID: z.string().optional(),
  OIDC_CLIENT_SECRET: z.string().optional(),
  OIDC_NAME: z.string().max(40).optional(),
  APP_SECRET: z.string().min(32, 'must have at least 32 characters: openssl rand -hex 32 makes one'),
  TRUST_PROXY: z.string().optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  METRICS_TOKEN: z.string().optional(),
  OPERATOR_EMAIL: z.email().optional(),
  OPERATOR_PASSWORD: z.string().min(12, 'must have at least 12 characters').optional(),
  SEED: z.enum(['demo', 'none']).default('none'),
  PAST_DUE_GRACE_DAYS: integer(14, 0, 365),
  INVITATION_TTL_DAYS: integer(7, 1, 30),
  TENANT_RESTORE_DAYS: integer(30, 1, 3650),
  STRIPE_CATCH_UP_SECONDS: integer(60, 1, 86_400),
  STRIPE_MAX_RPS: integer(20, 1, 1000),
  STRIPE_MAX_RPS_TOTAL: z.coerce.number().int().min(1).max(1000).optional(),
});

const signInProviderOf = (s: z.infer<typeof settings>): SignInProvider | undefined =>
  s.OIDC_ISSUER && s.OIDC_CLIENT_ID
    ? {
        issuer: s.OIDC_ISSUER,
        clientId: s.OIDC_CLIENT_ID,
        clientSecret: s.OIDC_CLIENT_SECRET,
        name: s.OIDC_NAME ?? new URL(s.OIDC_ISSUER).hostname,
      }
    : undefined;

export type TrustedIssuer = z.infer<typeof trustedIssuer>;

/** An OpenID Connect provider by which customers sign in to the portal. */
export interface SignInProvider {
  issuer: string;
  clientId: string;
  /** Unset: a public client, which proves itself by PKCE alone. */
  clientSecret: string | undefined;
  /** What the button calls it. */
  name: string;
}

export interface Config {
  production: boolean;
  host: string | undefined;
  port: number;
  /** Base of every link that we send, without a trailing slash. */
  publicUrl: string;
  databaseUrl: string;
  redisUrl: string;
  stripe: {
    secretKey: string;
    webhookSecret: string;
    apiBase: string | undefined;
    livemode: boolean;
    catchUpSeconds: number;
    maxRps: number;
    maxRpsTotal: number;
  };
  smtpUrl: string;
  /** Address and display name of what we send. */
  mailFrom: { name: string; address: string };
  /** Keys of those who may tell what became of our mail; unset: their address does not exist. */
  emailWebhooks: { secret: string | undefined; mailgunKey: string | undefined; sendgridKey: string | undefined };
  /** What customers know the product as. */
  productName: string;
  accentColor: string | undefined;
  trustedIssuers: TrustedIssuer[];
  /** Beside the one-time code by mail. */
  signInProvider: SignInProvider | undefined;
  appSecret: string;
  trustProxy: string | undefined;
  logLevel: string;
  metricsToken: string | undefined;
  firstOperator: { email: string; password: string } | undefined;
  seed: 'demo' | 'none';
  pastDueGraceDays: number;
  invitationTtlDays: number;
  tenantRestoreDays: number;
}

/** The settings are wrong: the message lists every fault, one a line, by the name of its setting. */
export class ConfigError extends Error {
  constructor(readonly faults: string[]) {
    super(`These settings need a change:\n${faults.map((fault) => `  ${fault}`).join('\n')}\nSee .env.example.`);
    this.name = 'ConfigError';
  }
}

/** Reads and checks every setting; the one place that knows the environment. Throws ConfigError with all faults. */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const given = blankAsUnset(env) as NodeJS.ProcessEnv;
  const parsed = settings.safeParse(given);
  const production = given.NODE_ENV === 'production';
  const livemode = /^[sr]k_live_/.test(given.STRIPE_SECRET_KEY ?? '');
  const faults = (parsed.error?.issues ?? []).map(({ path, code, message }) => {
    const name = path.join('.');
    return `${name}: ${code === 'invalid_type' && !given[name] ? 'is not set' : message}`;
  });
  if (given.SEED === 'demo' && production) faults.push('SEED: demo is refused with NODE_ENV=production');
  if (given.SEED === 'demo' && livemode) faults.push('SEED: demo is refused with a live Stripe key');
  if (Boolean(given.OPERATOR_EMAIL) !== Boolean(given.OPERATOR_PASSWORD))
    faults.push('OPERATOR_EMAIL, OPERATOR_PASSWORD: set both or neither');
  if (Boolean(given.OIDC_ISSUER) !== Boolean(given.OIDC_CLIENT_ID))
    faults.push('OIDC_ISSUER, OIDC_CLIENT_ID: set both or neither');
  if (!parsed.success || faults.length > 0) throw new ConfigError(faults);
  const s = parsed.data;
  return {
    production,
    host: s.HOST,
    port: s.PORT,
    publicUrl: (s.PUBLIC_URL ?? `http://localhost:${s.PORT}`).replace(/\/+$/, ''),
    databaseUrl: s.DATABASE_URL,
    redisUrl: s.REDIS_URL,
    stripe: {
      secretKey: s.STRIPE_SECRET_KEY,
      webhookSecret: s.STRIPE_WEBHOOK_SECRET,
      apiBase: s.STRIPE_API_BASE,
      livemode,
      catchUpSeconds: s.STRIPE_CATCH_UP_SECONDS,
      maxRps: s.STRIPE_MAX_RPS,
      maxRpsTotal: s.STRIPE_MAX_RPS_TOTAL ?? (livemode ? 80 : 20),
    },
    smtpUrl: s.SMTP_URL,
    mailFrom: senderOf(s.MAIL_FROM, s.MAIL_FROM_NAME, s.PRODUCT_NAME),
    emailWebhooks: {
      secret: s.EMAIL_WEBHOOK_SECRET,
      mailgunKey: s.MAILGUN_SIGNING_KEY,
      sendgridKey: s.SENDGRID_WEBHOOK_PUBLIC_KEY,
    },
    productName: s.PRODUCT_NAME,
    accentColor: s.ACCENT_COLOR,
    trustedIssuers: s.TRUSTED_ISSUERS,
    signInProvider: signInProviderOf(s),
    appSecret: s.APP_SECRET,
    trustProxy: s.TRUST_PROXY,
    logLevel: s.LOG_LEVEL,
    metricsToken: s.METRICS_TOKEN,
    firstOperator:
      s.OPERATOR_EMAIL && s.OPERATOR_PASSWORD ? { email: s.OPERATOR_EMAIL, password: s.OPERATOR_PASSWORD } : undefined,
    seed: s.SEED,
    pastDueGraceDays: s.PAST_DUE_GRACE_DAYS,
    invitationTtlDays: s.INVITATION_TTL_DAYS,
    tenantRestoreDays: s.TENANT_RESTORE_DAYS,
  };
}
