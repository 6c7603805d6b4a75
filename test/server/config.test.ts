import { ConfigError, loadConfig } from '../../server/config';
import { testEnv } from '../support/context';

function faultsOf(env: NodeJS.ProcessEnv): string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('settings', () => {
  it('are read with the defaults of the documentation', () => {
    expect(loadConfig(testEnv({ PUBLIC_URL: undefined, LOG_LEVEL: undefined }))).toMatchObject({
      port: 3000,
      publicUrl: 'http://localhost:3000',
      logLevel: 'info',
      seed: 'none',
      trustedIssuers: [],
      pastDueGraceDays: 14,
      invitationTtlDays: 7,
      tenantRestoreDays: 30,
      stripe: { livemode: false, catchUpSeconds: 60, maxRps: 20, maxRpsTotal: 20 },
    });
  });

  it('that are blank count as left out', () => {
    expect(loadConfig(testEnv({ PORT: ' ', MAIL_FROM: '' })).port).toBe(3000);
  });

  it.each(['sk_live_x', 'rk_live_x'])('with the Stripe key %s mean live mode, with more requests a second', (key) => {
    expect(loadConfig(testEnv({ STRIPE_SECRET_KEY: key })).stripe).toMatchObject({ livemode: true, maxRpsTotal: 80 });
  });

  it('never end the base of links in a slash', () => {
    expect(loadConfig(testEnv({ PUBLIC_URL: 'https://back.example.com//' })).publicUrl).toBe(
      'https://back.example.com',
    );
  });

  it('with several faults are told all at once, each by its name', () => {
    const faults = faultsOf(
      testEnv({
        PORT: '99999',
        DATABASE_URL: undefined,
        REDIS_URL: 'http://localhost',
        APP_SECRET: 'short',
        LOG_LEVEL: 'loud',
        SEED: 'demo',
        NODE_ENV: 'production',
      }),
    );
    expect(faults.map((fault) => fault.split(':')[0]).sort()).toEqual([
      'APP_SECRET',
      'DATABASE_URL',
      'LOG_LEVEL',
      'PORT',
      'REDIS_URL',
      'SEED',
    ]);
    expect(faults).toContain('DATABASE_URL: is not set');
  });

  it.each<[string, NodeJS.ProcessEnv, RegExp]>([
    ['a database of another kind', { DATABASE_URL: 'postgres://x@y/z' }, /^DATABASE_URL: must look like mysql:/],
    ['a publishable Stripe key', { STRIPE_SECRET_KEY: 'pk_test_x' }, /^STRIPE_SECRET_KEY: must begin with/],
    ['a webhook secret that is none', { STRIPE_WEBHOOK_SECRET: 'x' }, /^STRIPE_WEBHOOK_SECRET: must begin with whsec_/],
    ['issuers that are no JSON', { TRUSTED_ISSUERS: 'me' }, /^TRUSTED_ISSUERS: must be JSON/],
    ['an operator without a password', { OPERATOR_EMAIL: 'a@example.com' }, /set both or neither/],
    ['a provider in clear text', { OIDC_ISSUER: 'http://id.example.com', OIDC_CLIENT_ID: 'x' }, /^OIDC_ISSUER: /],
    [
      'a provider without a client',
      { OIDC_ISSUER: 'https://id.example.com' },
      /^OIDC_ISSUER, OIDC_CLIENT_ID: set both/,
    ],
    ['a demo in production', { SEED: 'demo', NODE_ENV: 'production' }, /^SEED: demo is refused/],
    ['a demo beside a live key', { SEED: 'demo', STRIPE_SECRET_KEY: 'sk_live_x' }, /^SEED: demo is refused/],
  ])('are refused for %s', (_what, env, fault) => {
    expect(faultsOf(testEnv(env))).toEqual([expect.stringMatching(fault)]);
  });

  it.each<[string, boolean]>([
    ['https://login.example.com/keys', true],
    ['http://localhost:9000/keys', true],
    ['http://127.0.0.1:9000/keys', true],
    ['http://[::1]:9000/keys', true],
    ['http://login.example.com/keys', false],
    ['http://localhost.evil.example/keys', false],
    ['http://127.0.0.1.evil.example/keys', false],
  ])('take the key set %s of an issuer: %s', (jwksUrl, allowed) => {
    const issuer = { issuer: 'https://login.example.com', audience: 'tenantry', jwksUrl };
    expect(faultsOf(testEnv({ TRUSTED_ISSUERS: JSON.stringify([issuer]) })).length === 0).toBe(allowed);
  });
});
