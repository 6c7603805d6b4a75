import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import compression from 'compression';
import express, { type Express } from 'express';
import type { Config } from '../config';

/** Where the built pages lie, both when run from source and from dist/. */
const WEB =
  [resolve(__dirname, '../../web'), resolve(__dirname, '../../dist/web')].find((folder) => existsSync(folder)) ??
  resolve(__dirname, '../../web');

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => ENTITIES[sign]!);

/** The portal's page with the product's name and colour and the provider to sign in by, which its script and its style read from the root element. */
export function branded(
  html: string,
  { productName, accentColor, signInProvider }: Pick<Config, 'productName' | 'accentColor' | 'signInProvider'>,
): string {
  const accent = accentColor ? ` data-accent style="--accent:${accentColor}"` : '';
  const provider = signInProvider ? ` data-sign-in="${escaped(signInProvider.name)}"` : '';
  const brand = `data-product="${escaped(productName)}"${accent}${provider}`;
  return html
    .replace('<html lang="en">', `<html lang="en" ${brand}>`)
    .replace(/<title>[^<]*<\/title>/, `<title>${escaped(productName)}</title>`);
}

/** A built page and its assets, compressed; hashed assets are kept for a year, the page itself is asked for anew each time. */
export function pages(app: Express, base: '/admin' | '', folder: string, brand?: Config): void {
  const files = join(WEB, folder);
  const compressed = compression();
  let page: string | undefined;
  app.use(
    `${base}/assets`,
    compressed,
    express.static(join(files, 'assets'), { immutable: true, maxAge: '365d', fallthrough: false }),
  );
  app.use(base || '/', express.static(files, { index: false }));
  app.get(`${base}/{*rest}`, compressed, (req, res, next) => {
    if (!base && /^\/(api|v1|auth|webhooks|issuers|\.well-known)(\/|$)/.test(req.path)) return next();
    const index = join(files, 'index.html');
    if (page === undefined && !existsSync(index)) return next();
    page ??= brand ? branded(readFileSync(index, 'utf8'), brand) : readFileSync(index, 'utf8');
    res.set('Cache-Control', 'no-store').type('html').send(page);
  });
}
