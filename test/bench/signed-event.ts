import { randomBytes } from 'node:crypto';
import { signatureHeader } from '../../dev/stripe/deliveries';

/** What the test settings hold too. */
const SECRET = 'whsec_tenantry';

interface Request {
  body?: string;
  headers?: Record<string, string>;
}

/** Gives a request the next event as Stripe would send it, never the same twice. autocannon calls it in its thread. */
function signedEvent(request: Request): Request {
  const unique = randomBytes(8).toString('hex');
  const created = Math.floor(Date.now() / 1000);
  const body = JSON.stringify({
    id: `evt_${unique}`,
    object: 'event',
    api_version: '2026-10-28.endive',
    created,
    livemode: false,
    type: 'customer.subscription.updated',
    data: { object: { object: 'subscription', id: `sub_${unique}`, customer: `cus_${unique}` } },
  });
  const headers = { 'content-type': 'application/json', 'stripe-signature': signatureHeader(body, SECRET, created) };
  return { ...request, body, headers };
}

export = signedEvent;
