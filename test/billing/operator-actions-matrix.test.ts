import { randomBytes } from 'node:crypto';
import { Tenant } from '../../server/tenants/tenant.entity';
import { startWorkers } from '../../workers/start';
import { aPlan } from '../support/factories';
import { ACTIONS, type Action, type Subject, type Tally, tally } from './action-table';
import { until } from './billing-world';
import type { Refusal } from './lossy-front';
import { type OperatorWorld, operatorWorld } from './operator-world';

let world: OperatorWorld;
beforeAll(async () => {
  world = await operatorWorld();
  await aPlan(world.server.context, { id: 'odd', rank: 5 });
});
afterEach(() => world.calmDown());
afterAll(() => world.close());

const planOf = async ({ id }: Subject) =>
  (await world.server.context.db.getRepository(Tenant).findOneByOrFail({ id })).planId;

async function start(action: Action, card?: string) {
  const subject = await action.prepare(world, card);
  return { subject, before: tally(world, subject), planBefore: await planOf(subject) };
}

/** It is done, and once: what Stripe holds and the plan here say so. */
async function expectOnce(action: Action, subject: Subject, before: Tally) {
  expect(tally(world, subject)).toEqual(action.once(before));
  expect(await planOf(subject)).toBe(action.planId);
}

/** The workers run until the tenant is on the plan. */
async function heals({ planId }: Action, subject: Subject) {
  const workers = startWorkers(world.server.context, { prefix: `{test-${randomBytes(4).toString('hex')}}` });
  try {
    await until(async () => (await planOf(subject)) === planId, 20_000);
  } finally {
    await workers.stop();
  }
}

const error = (type: string, code: string) => ({ type, code });
/** Stripe's way to say that trying again is of no use: else we would, for as long as a person waits. */
const NOT_AGAIN = { 'stripe-should-retry': 'false' };
const TROUBLES: [what: string, how: Refusal, status: number][] = [
  ['refuses it by its own rules', { status: 400, error: error('invalid_request_error', 'not_so') }, 409],
  ['has no room for it', { status: 429, error: error('invalid_request_error', 'rate_limit'), headers: NOT_AGAIN }, 503],
  ['fails', { status: 500, error: error('api_error', 'oops') }, 503],
  ['is cut off before it is done', 'cut', 503],
];

describe.each(ACTIONS.map((action) => [action.name, action] as const))('%s', (_name, action) => {
  it('is done once for an admin who clicks twice', async () => {
    const { subject, before } = await start(action);
    const clicks = await Promise.all([action.ask(world.admin, subject), action.ask(world.admin, subject)]);
    expect(clicks.map(({ status }) => status)).toEqual([200, 200]);
    await expectOnce(action, subject, before);
  });

  it('is refused to support, to viewers and to who is signed out', async () => {
    const { subject, before, planBefore } = await start(action);
    await action.ask(world.support, subject).expect(403);
    await action.ask(world.viewer, subject).expect(403);
    await action.ask(world.server.anonymous(), subject).expect(401);
    expect(tally(world, subject)).toEqual(before);
    expect(await planOf(subject)).toBe(planBefore);
  });

  it.each(TROUBLES)(
    'changes nothing where Stripe %s, and is done once when asked again',
    async (_what, how, status) => {
      const { subject, before, planBefore } = await start(action);
      world.front.refuse(action.asks, how);
      await action.ask(world.admin, subject).expect(action.withoutStripe ? 200 : status);
      expect(tally(world, subject)).toEqual(before);
      if (!action.withoutStripe) expect(await planOf(subject)).toBe(planBefore);
      world.calmDown();
      await action.ask(world.admin, subject).expect(200);
      await expectOnce(action, subject, before);
    },
  );

  it('charges nothing where the card is declined', async () => {
    const { subject, before, planBefore } = await start(action, 'pm_card_chargeCustomerFail');
    const { body } = await action.ask(world.admin, subject).expect(action.charges ? 402 : 200);
    if (!action.charges) return expectOnce(action, subject, before);
    expect(body.code).toBe('payment_failed');
    expect(tally(world, subject)).toMatchObject({ subscriptions: before.subscriptions, paid: before.paid });
    expect(await planOf(subject)).toBe(planBefore);
  });

  it('is found done where Stripe does it and its answers are lost', async () => {
    const { subject, before } = await start(action);
    world.front.lose(action.asks, 2);
    await action.ask(world.admin, subject).expect(200);
    await expectOnce(action, subject, before);
  });

  it('comes right by itself where Stripe does it and is silent from then on; asked again, nothing is done twice', async () => {
    const { subject, before, planBefore } = await start(action);
    world.front.lose(action.asks, 1, { thenSilent: true });
    const { status } = await action.ask(world.admin, subject);
    expect(status).toBe(action.withoutStripe ? 200 : 503);
    world.calmDown();
    const asked = action.asks.startsWith('GET') && planBefore !== action.planId;
    if (!asked) await heals(action, subject);
    await action.ask(world.admin, subject).expect(200);
    await expectOnce(action, subject, before);
  });
});
