import type { RequestHandler } from 'express';
import { forbidden, ProblemError } from '../errors';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Guards cookies against cross-site requests without a token (OWASP CSRF cheat sheet, "Fetch Metadata" and "verifying
 * origin"): a request that changes something must come from our own pages and carry JSON, which no form can send.
 */
export const sameOriginOnly =
  (publicUrl: string): RequestHandler =>
  (req, _res, next) => {
    if (SAFE.has(req.method)) return next();
    const site = req.get('sec-fetch-site');
    const origin = req.get('origin');
    const own =
      origin === undefined ||
      origin === new URL(publicUrl).origin ||
      origin.replace(/^https?:\/\//, '') === req.get('host');
    if (!own || (site !== undefined && site !== 'same-origin' && site !== 'none'))
      throw forbidden('This request comes from another site. Open the dashboard itself and try there.', 'cross_site');
    const hasBody = Number(req.get('content-length') ?? 0) > 0 || req.get('transfer-encoding') !== undefined;
    if (hasBody && !req.is('json'))
      throw new ProblemError({
        status: 415,
        code: 'json_only',
        title: 'Unsupported',
        detail: 'Send the body as application/json.',
      });
    next();
  };
