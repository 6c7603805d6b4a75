import { setTimeout as sleep } from 'node:timers/promises';
import Stripe from 'stripe';
import type { Faults } from '../../../dev/stripe';
import { control, type Inbox, KEY, listen, type Running, refusal, run } from './harness';

let inbox: Inbox;
let on: Running;
beforeEach(async () => {
  inbox = await listen();
  on = await run({ webhookUrl: inbox.url });
});
afterEach(async () => {
  await on.standIn.stop();
  await inbox.close();
});

const faults = (changed: Partial<Faults>) => control(on, 'faults', changed);
const counts = async (which: 'requests' | 'refused'): Promise<Record<string, number>> =>
  (await fetch(`${on.url}/_standin/${which}`)).json() as Promise<Record<string, number>>;

/** Whether each of so many requests was refused, one after the other. Without the SDK, which tries a cut one again. */
async function refusals(count: number): Promise<boolean[]> {
  const refused: boolean[] = [];
  for (let index = 0; index < count; index++) {
    refused.push(
      await fetch(`${on.url}/v1/customers`, { headers: { authorization: `Bearer ${KEY}` } }).then(
        (answer) => !answer.ok,
        () => true,
      ),
    );
  }
  return refused;
}

describe('trouble on demand', () => {
  test.each([
    ['rateLimitNext', Stripe.errors.StripeRateLimitError, 429, 'rate_limit', 'endpoint-rate'],
    ['lockTimeoutNext', Stripe.errors.StripeRateLimitError, 429, 'lock_timeout', 'resource-specific'],
    ['failNext', Stripe.errors.StripeAPIError, 500, undefined, undefined],
  ] as const)('%s refuses so many requests, and nothing happens', async (fault, type, status, code, reason) => {
    await faults({ [fault]: 2 });
    for (const name of ['A', 'B']) {
      const error = await refusal(on.stripe.customers.create({ name }));
      expect(error).toBeInstanceOf(type);
      expect(error).toMatchObject({ statusCode: status, code });
      expect(error.headers?.['stripe-rate-limited-reason']).toBe(reason);
    }
    expect((await on.stripe.customers.list()).data).toEqual([]);
    expect(await counts('refused')).toEqual({ 'POST /customers': 2 });
    expect(await counts('requests')).toEqual({ 'GET /customers': 1 });
  });

  test('timeoutNext does what was asked, and the answer is lost', async () => {
    // The SDK tries a request once more whose connection was cut.
    await faults({ timeoutNext: 2, timeoutMs: 150 });
    const began = performance.now();
    const error = await refusal(on.stripe.customers.create({ name: 'Made' }, { idempotencyKey: 'k' }));
    expect(error).toBeInstanceOf(Stripe.errors.StripeConnectionError);
    expect(performance.now() - began).toBeGreaterThanOrEqual(280);
    const again = await on.stripe.customers.create({ name: 'Made' }, { idempotencyKey: 'k' });
    expect((await on.stripe.customers.list()).data.map((one) => one.id)).toEqual([again.id]);
    expect(again.lastResponse.headers['idempotent-replayed']).toBe('true');
    expect(await counts('requests')).toMatchObject({ 'POST /customers': 3 });
  });

  test('answerDelayMs lets an answer arrive when it is old', async () => {
    const { id } = await on.stripe.customers.create({ name: 'Before' });
    await faults({ answerDelayMs: 300 });
    const reading = on.stripe.customers.retrieve(id);
    await sleep(100);
    await faults({ answerDelayMs: 0 });
    await on.stripe.customers.update(id, { name: 'After' });
    expect(await reading).toMatchObject({ name: 'Before' });
  });

  test('an unknown fault, or a share above 1, is refused', async () => {
    expect((await faults({ rateLimit: 1 } as Partial<Faults>)).status).toBe(400);
    expect((await faults({ failShare: 2 })).status).toBe(400);
  });

  test('a reset ends it all', async () => {
    await faults({ failNext: 5, failShare: 1, dropWebhooks: true });
    await control(on, 'reset');
    expect(await refusals(3)).toEqual([false, false, false]);
  });
});

describe('trouble by chance', () => {
  test.each(['failShare', 'rateLimitShare', 'lockTimeoutShare', 'timeoutShare'] as const)(
    '%s hits its share, and the same requests with the same seed',
    async (fault) => {
      await faults({ [fault]: 0.3, seed: 42 });
      const first = await refusals(60);
      const hits = first.filter(Boolean).length;
      expect(hits).toBeGreaterThan(8);
      expect(hits).toBeLessThan(32);
      await faults({ seed: 42 });
      expect(await refusals(60)).toEqual(first);
      await faults({ seed: 43 });
      expect(await refusals(60)).not.toEqual(first);
    },
  );
});

describe('a rate limit', () => {
  test('refuses what one endpoint gets beyond it in a second, and no other endpoint', async () => {
    const limited = await run({ maxRequestsPerSecond: 5 });
    const ask = () => Promise.allSettled(Array.from({ length: 8 }, () => limited.stripe.customers.list()));
    const answers = await ask();
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    expect((await limited.stripe.events.list()).data).toEqual([]);
    await sleep(1050);
    expect((await ask()).filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    await limited.standIn.stop();
  });
});

describe('webhooks in trouble', () => {
  const make = async (count: number): Promise<string[]> => {
    const ids: string[] = [];
    for (let index = 0; index < count; index++) ids.push((await on.stripe.customers.create({})).id);
    return ids;
  };
  const arrived = (): string[] => inbox.events.map((event) => (event.data.object as Stripe.Customer).id);
  const quiet = async (): Promise<void> => {
    for (const end = Date.now() + 10_000; Date.now() < end; await sleep(20)) {
      const health = (await (await fetch(`${on.url}/_standin/health`)).json()) as { undelivered: number };
      if (health.undelivered === 0) return;
    }
    throw new Error('Webhooks are still owed.');
  };

  test('a share of them is lost, the same with the same seed', async () => {
    await faults({ dropShare: 0.4, seed: 7 });
    const lost = async (): Promise<number[]> => {
      const ids = await make(30);
      await quiet();
      return ids.flatMap((id, index) => (arrived().includes(id) ? [] : [index]));
    };
    const first = await lost();
    expect(first.length).toBeGreaterThan(4);
    expect(first.length).toBeLessThan(22);
    await faults({ seed: 7 });
    expect(await lost()).toEqual(first);
    const undelivered = await on.stripe.events.list({ delivery_success: false, limit: 100 });
    expect(undelivered.data).toHaveLength(first.length * 2);
  });

  test('a share of them comes twice', async () => {
    await faults({ duplicateShare: 1 });
    const ids = await make(5);
    await quiet();
    expect(arrived().sort()).toEqual([...ids, ...ids].sort());
  });

  test('shuffled ones all come, in another order', async () => {
    await faults({ shuffleWebhooks: true });
    const ids = await make(20);
    await quiet();
    expect(arrived().sort()).toEqual([...ids].sort());
    expect(inbox.events.map((event) => (event.data.object as Stripe.Customer).id)).not.toEqual(ids);
  });

  test('late ones come later', async () => {
    await faults({ webhookDelayMs: 300 });
    await make(1);
    await sleep(150);
    expect(inbox.events).toEqual([]);
    await quiet();
    expect(inbox.events).toHaveLength(1);
  });
});
