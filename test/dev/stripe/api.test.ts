import Stripe from 'stripe';
import { buildCustomer, loadStandIn, resetStandIn } from '../../../dev/stripe';
import { makeCatalogue, type Running, refusal, run, sdk } from './harness';

let on: Running;
beforeEach(async () => {
  on = await run();
});
afterEach(() => on.standIn.stop());

/** Calls an address that the SDK's types would not let through. */
const raw = (method: string, path: string, params?: Record<string, unknown>) =>
  on.stripe.rawRequest(method, path, params);

describe('what Stripe refuses', () => {
  test.each([
    ['an unknown parameter', 'POST', '/v1/customers', { nick: 'A' }, 400, 'parameter_unknown', 'nick'],
    [
      'an unknown nested one',
      'POST',
      '/v1/subscriptions',
      { customer: 'cus_1', items: [{ price: 'p', size: 1 }] },
      400,
      'parameter_unknown',
      'items[0][size]',
    ],
    [
      'an unknown range bound',
      'GET',
      '/v1/events?created[after]=1',
      undefined,
      400,
      'parameter_unknown',
      'created[after]',
    ],
    ['a missing parameter', 'POST', '/v1/products', {}, 400, 'parameter_missing', 'name'],
    ['no integer', 'GET', '/v1/customers?limit=many', undefined, 400, 'parameter_invalid_integer', 'limit'],
    ['too long a page', 'GET', '/v1/customers?limit=101', undefined, 400, 'parameter_invalid_integer', 'limit'],
    ['an unknown customer', 'GET', '/v1/customers/cus_x', undefined, 404, 'resource_missing', 'id'],
    [
      'an unknown price',
      'POST',
      '/v1/checkout/sessions',
      { mode: 'subscription', success_url: 'http://a.test', line_items: [{ price: 'price_x', quantity: 1 }] },
      400,
      'resource_missing',
      'line_items[0][price]',
    ],
    [
      'an unknown cursor',
      'GET',
      '/v1/customers?starting_after=cus_x',
      undefined,
      400,
      'resource_missing',
      'starting_after',
    ],
  ])('%s', async (_what, method, path, params, status, code, param) => {
    const error = await refusal(raw(method, path, params));
    expect(error).toBeInstanceOf(Stripe.errors.StripeInvalidRequestError);
    expect(error).toMatchObject({ statusCode: status, code, param });
  });

  test('an unknown address, naming it', async () => {
    const error = await refusal(raw('GET', '/v1/coupons'));
    expect(error).toMatchObject({ statusCode: 404, type: 'StripeInvalidRequestError' });
    expect(error.message).toContain('Unrecognized request URL (GET: /v1/coupons)');
  });

  test('a wrong key', async () => {
    const other = sdk(Number(new URL(on.url).port), 'sk_test_other');
    expect(await refusal(other.customers.list())).toMatchObject({ statusCode: 401, type: 'StripeAuthenticationError' });
  });

  test('a parameter that the typed SDK sends by mistake', async () => {
    const params = { email: 'a@example.com', plan: 'starter' };
    expect(await refusal(on.stripe.customers.create(params))).toMatchObject({ code: 'parameter_unknown' });
  });
});

describe('idempotency keys', () => {
  test('the same request gives the same answer, once', async () => {
    const first = await on.stripe.customers.create({ name: 'A' }, { idempotencyKey: 'k1' });
    const again = await on.stripe.customers.create({ name: 'A' }, { idempotencyKey: 'k1' });
    expect(again.id).toBe(first.id);
    expect(again.lastResponse.headers['idempotent-replayed']).toBe('true');
    expect((await on.stripe.customers.list()).data).toHaveLength(1);
  });

  test('another request with the key is refused', async () => {
    await on.stripe.customers.create({ name: 'A' }, { idempotencyKey: 'k1' });
    const error = await refusal(on.stripe.customers.create({ name: 'B' }, { idempotencyKey: 'k1' }));
    expect(error).toBeInstanceOf(Stripe.errors.StripeIdempotencyError);
    expect(error.statusCode).toBe(400);
  });

  test('a request that never began may be mended under its key', async () => {
    await refusal(on.stripe.rawRequest('POST', '/v1/customers', { nick: 'A' }, { idempotencyKey: 'k2' }));
    expect((await on.stripe.customers.create({ name: 'A' }, { idempotencyKey: 'k2' })).name).toBe('A');
  });
});

describe('lists', () => {
  const load = (count: number) =>
    loadStandIn(on.url, {
      customers: Array.from({ length: count }, (_, index) =>
        buildCustomer({
          id: `cus_${index}`,
          created: 1_700_000_000 + Math.floor(index / 3),
          email: `${index}@example.com`,
        }),
      ),
    });

  test('are walked by cursor, newest first, each object once', async () => {
    await load(250);
    const seen: string[] = [];
    for await (const customer of on.stripe.customers.list({ limit: 100 })) seen.push(customer.id);
    expect(seen).toEqual(Array.from({ length: 250 }, (_, index) => `cus_${249 - index}`));
    expect(on.standIn.world.requestCounts.get('GET /customers')).toBe(3);
  });

  test('go backwards with ending_before', async () => {
    await load(10);
    const page = await on.stripe.customers.list({ limit: 3, ending_before: 'cus_5' });
    expect(page.data.map((customer) => customer.id)).toEqual(['cus_8', 'cus_7', 'cus_6']);
    expect(page.has_more).toBe(true);
  });

  test('take a range of times', async () => {
    await load(9);
    const page = await on.stripe.customers.list({ created: { gte: 1_700_000_001, lt: 1_700_000_002 } });
    expect(page.data.map((customer) => customer.id)).toEqual(['cus_5', 'cus_4', 'cus_3']);
  });

  test('a reset forgets all', async () => {
    await load(3);
    expect(await resetStandIn(on.url)).toMatchObject({ customers: 0 });
  });
});

describe('customers', () => {
  test('a deleted one answers 200 and deleted, and is in no list', async () => {
    const { id } = await on.stripe.customers.create({ name: 'A' });
    expect(await on.stripe.customers.del(id)).toMatchObject({ id, deleted: true });
    expect(await on.stripe.customers.retrieve(id)).toEqual(
      expect.objectContaining({ id, object: 'customer', deleted: true }),
    );
    expect((await on.stripe.customers.list()).data).toEqual([]);
    expect(await refusal(on.stripe.customers.update(id, { name: 'B' }))).toMatchObject({ code: 'resource_missing' });
  });

  test('metadata changes key by key', async () => {
    const { id } = await on.stripe.customers.create({ metadata: { a: '1', b: '2' } });
    const changed = await on.stripe.customers.update(id, { metadata: { b: '', c: '3' } });
    expect(changed.metadata).toEqual({ a: '1', c: '3' });
    const events = await on.stripe.events.list({ type: 'customer.updated' });
    expect(events.data[0]?.data.previous_attributes).toEqual({ metadata: { a: '1', b: '2' } });
  });

  test('are found by metadata, but not before the index has them', async () => {
    const slow = await run({ searchLagSeconds: 60 });
    const { id } = await slow.stripe.customers.create({ metadata: { tenantId: 'ten_1' }, email: 'x@example.com' });
    const find = async () =>
      (await slow.stripe.customers.search({ query: 'metadata["tenantId"]:"ten_1" AND email:"x@example.com"' })).data;
    expect(await find()).toEqual([]);
    slow.clock.now += 60;
    expect((await find()).map((customer) => customer.id)).toEqual([id]);
    await slow.standIn.stop();
  });
});

describe('prices', () => {
  test('are found by lookup key, which only one may hold', async () => {
    const { business, product } = await makeCatalogue(on.stripe);
    const found = await on.stripe.prices.list({ lookup_keys: ['business'], active: true, expand: ['data.product'] });
    expect(found.data).toHaveLength(1);
    expect(found.data[0]).toMatchObject({ id: business.id, product: { id: product.id, name: 'Tenantry' } });
    expect(found.data[0]?.unit_amount_decimal?.toString()).toBe('9900');
    const twice = { product: product.id, currency: 'usd', unit_amount: 1, lookup_key: 'business' };
    expect((await refusal(on.stripe.prices.create(twice))).message).toContain('already uses that lookup key');
    await on.stripe.prices.create({ ...twice, transfer_lookup_key: true });
    expect((await on.stripe.prices.retrieve(business.id)).lookup_key).toBeNull();
  });
});
