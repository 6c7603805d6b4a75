import { ConfigError, loadConfig } from '../../server/config';
import { branded } from '../../server/http/pages';
import { testEnv } from '../support/context';
import { startServer } from '../support/server';

const PAGE = '<!doctype html>\n<html lang="en"><head><title>Tenantry</title></head></html>';

test("the portal's page bears the product's name and colour, whatever they hold", () => {
  const page = branded(PAGE, {
    productName: '"><script>alert(1)</script> & Co',
    accentColor: '#0f6b5c',
    signInProvider: undefined,
  });
  expect(page).not.toContain('<script>');
  expect(page).toContain('data-product="&quot;&gt;&lt;script&gt;');
  expect(page).toContain('data-accent style="--accent:#0f6b5c"');
  expect(branded(PAGE, { productName: 'Acme', accentColor: undefined, signInProvider: undefined })).toBe(
    '<!doctype html>\n<html lang="en" data-product="Acme"><head><title>Acme</title></head></html>',
  );
});

test("the portal's page bears the name of the provider to sign in with", () => {
  const provider = { OIDC_ISSUER: 'https://id.acme.com/realms/acme', OIDC_CLIENT_ID: 'portal' };
  const page = (given: NodeJS.ProcessEnv) => branded(PAGE, loadConfig(testEnv({ ...provider, ...given })));
  expect(page({})).toContain('data-sign-in="id.acme.com"');
  expect(page({ OIDC_NAME: 'Acme "ID"' })).toContain('data-sign-in="Acme &quot;ID&quot;"');
});

test.each([
  ['OIDC_NAME', 'x'.repeat(41)],
  ['ACCENT_COLOR', 'red'],
  ['ACCENT_COLOR', '#ffee00'],
  ['MAIL_FROM', 'nobody'],
  ['EMAIL_WEBHOOK_SECRET', 'short'],
  ['SENDGRID_WEBHOOK_PUBLIC_KEY', 'nonsense'],
])('%s=%s is a fault of that name', (name, value) => {
  const faults = (() => {
    try {
      loadConfig(testEnv({ [name]: value }));
    } catch (error) {
      return (error as ConfigError).faults;
    }
    return [];
  })();
  expect(faults).toEqual([expect.stringMatching(new RegExp(`^${name}: `))]);
});

test.each([
  [{ MAIL_FROM: 'Acme <no-reply@acme.com>' }, { name: 'Acme', address: 'no-reply@acme.com' }],
  [
    { MAIL_FROM: 'no-reply@acme.com', PRODUCT_NAME: 'Acme Suite' },
    { name: 'Acme Suite', address: 'no-reply@acme.com' },
  ],
  [
    { MAIL_FROM: 'Acme <x@acme.com>', MAIL_FROM_NAME: 'Acme Teams' },
    { name: 'Acme Teams', address: 'x@acme.com' },
  ],
])('%j sends as %j', (given, sender) => expect(loadConfig(testEnv(given)).mailFrom).toEqual(sender));

test.each(['/', '/admin/'])(
  'the page %s and its script come compressed, the script to be kept for a year',
  async (path) => {
    const server = await startServer();
    try {
      const page = await server.anonymous().get(path).set('Accept-Encoding', 'gzip').expect(200);
      const script = /src="([^"]+\.js)"/.exec(page.text)![1]!;
      const answer = await server.anonymous().get(script).set('Accept-Encoding', 'gzip').expect(200);
      expect(answer.headers).toMatchObject({
        'content-encoding': 'gzip',
        'cache-control': 'public, max-age=31536000, immutable',
      });
      expect(page.headers['cache-control']).toBe('no-store');
    } finally {
      await server.close();
    }
  },
);
