import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildCustomer, buildPrice, buildProduct, buildSubscription } from '../../dev/stripe';

/**
 * A bare server of Stripe's subscription list: so many subscriptions, each of a customer of its own that names its
 * tenant, spread evenly over two years; every page takes `DELAY_MS`. Objects are whole, and cost next to nothing to
 * make, so that what is measured is the caller. Tells its port on the first line, and how many pages it gave since it
 * was last asked. With `ACCOUNT=ended` every subscription is canceled, and no customer names a tenant.
 */
const COUNT = Number(process.env.COUNT);
const DELAY_MS = Number(process.env.DELAY_MS ?? 0);
const ENDED = process.env.ACCOUNT === 'ended';
const NOW = Math.floor(Date.now() / 1000);
const SPAN = 2 * 365 * 86_400;
const NUMBER = '0000000777';
const CREATED = 1_111_111_111;

export const nameOf = (prefix: string, index: number): string => `${prefix}_${String(index).padStart(10, '0')}`;
/** The newest first: index 0 was made last. */
const createdOf = (index: number): number => NOW - 60 - Math.floor((index * SPAN) / COUNT);

const product = buildProduct({ created: CREATED, name: 'Product' });
const price = buildPrice({
  id: 'price_starter',
  created: CREATED,
  product: product.id,
  currency: 'eur',
  unitAmount: 1900,
  recurring: { interval: 'month' },
} as Parameters<typeof buildPrice>[0]);
const customer = buildCustomer({
  id: `cus_${NUMBER}`,
  created: CREATED,
  email: `owner-${NUMBER}@example.com`,
  name: `Customer ${NUMBER}`,
  metadata: ENDED ? {} : { tenantId: `ten_${NUMBER}` },
});
const subscription = buildSubscription({
  id: `sub_${NUMBER}`,
  created: CREATED,
  customer: customer.id,
  status: ENDED ? 'canceled' : 'active',
  period: { start: NOW - 86_400, end: NOW + 20 * 86_400 },
  items: [{ id: `si_${NUMBER}`, price, quantity: 1 }],
});
const parts = JSON.stringify({ ...subscription, customer }).split(NUMBER);
const pieces = parts.map((part) => part.split(String(CREATED)));

function objectOf(index: number): string {
  const number = String(index).padStart(10, '0');
  const created = String(createdOf(index));
  return pieces.map((piece) => piece.join(created)).join(number);
}

/** The first index whose subscription was made at or before `second`. */
function firstAt(second: number): number {
  let low = 0;
  let high = COUNT;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (createdOf(middle) > second) low = middle + 1;
    else high = middle;
  }
  return low;
}

let pages = 0;
const server = createServer(async (req, res) => {
  pages += 1;
  const { searchParams: query } = new URL(req.url ?? '/', 'http://list');
  if (DELAY_MS > 0) await sleep(DELAY_MS);
  const limit = Number(query.get('limit') ?? 10);
  const lte = query.get('created[lte]');
  const gte = query.get('created[gte]');
  const cursor = query.get('starting_after');
  const first = Math.max(lte ? firstAt(Number(lte)) : 0, cursor ? Number(cursor.slice(4)) + 1 : 0);
  const end = gte ? firstAt(Number(gte) - 1) : COUNT;
  const last = Math.min(first + limit, end);
  const data: string[] = [];
  for (let index = first; index < last; index += 1) data.push(objectOf(index));
  const hasMore = last < end;
  res.setHeader('content-type', 'application/json');
  res.end(`{"object":"list","url":"/v1/subscriptions","has_more":${hasMore},"data":[${data.join(',')}]}`);
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
process.on('message', () => {
  process.send?.(pages);
  pages = 0;
});
process.on('disconnect', () => process.exit(0));
