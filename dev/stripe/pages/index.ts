import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import type { Deliveries } from '../deliveries';
import { StripeApiError } from '../errors';
import type { World } from '../world';
import { checkoutPages } from './checkout';
import { frontPages } from './front';
import { messagePage } from './layout';
import { gonePage, portalPages } from './portal';

/** The hosted pages. What changes anything is a POST that comes from one of these pages. */
export function pageRouter(world: World, deliveries: Deliveries): Router {
  const router = express.Router();
  router.use((req, res, next) => {
    res.type('html').set({
      'cache-control': 'no-store',
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    const site = req.get('sec-fetch-site');
    if (req.method === 'POST' && site !== undefined && site !== 'same-origin') {
      res.status(403).send(messagePage('Not from here', 'This action must come from a page of the stand-in itself.'));
      return;
    }
    next();
  });
  frontPages(router, world, deliveries);
  checkoutPages(router, world);
  portalPages(router, world);
  router.use((_req, res) => {
    res.status(404).send(gonePage());
  });
  router.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
    if (error instanceof StripeApiError) {
      res
        .status(error.status)
        .send(error.status === 404 ? gonePage() : messagePage('That did not work', error.message));
      return;
    }
    console.error('A page of the Stripe stand-in failed', error);
    res.status(500).send(messagePage('The stand-in failed', error instanceof Error ? error.message : String(error)));
  });
  return router;
}
