import { Checkout } from '../../server/billing/checkout.entity';
import { Finding } from '../../server/billing/finding.entity';
import { settleCheckouts } from '../../server/billing/settle-checkouts';
import { Tenant } from '../../server/tenants/tenant.entity';
import { DAY, MINUTE } from '../support/clock';
import { makeContext, type TestContext } from '../support/context';
import { aCustomer, aPlan, aSubscription, aTenant } from '../support/factories';

let made: TestContext;
beforeEach(async () => {
  made = await makeContext();
  await aPlan(made.context, { id: 'starter' });
});
afterEach(() => made.close());

const checkouts = () => made.context.db.getRepository(Checkout);
const findings = () => made.context.db.getRepository(Finding);

async function begun(): Promise<{ id: string; tenantId: string }> {
  const { id: tenantId } = await aTenant(made.context);
  const id = `cs_test_${tenantId.slice(-8)}`;
  await checkouts().insert({ id, tenantId, planId: 'starter' });
  return { id, tenantId };
}

describe('a checkout that nobody paid', () => {
  it('is abandoned after a day, which a finding tells until the tenant buys', async () => {
    const { id, tenantId } = await begun();
    made.clock.advance(DAY - MINUTE);
    await settleCheckouts(made.context);
    expect(await checkouts().findOneByOrFail({ id })).toMatchObject({ status: 'open' });
    made.clock.advance(2 * MINUTE);
    await settleCheckouts(made.context);
    await settleCheckouts(made.context);
    expect(await checkouts().findOneByOrFail({ id })).toMatchObject({ status: 'expired' });
    expect(await findings().findBy({ tenantId })).toEqual([
      expect.objectContaining({ kind: 'abandoned-checkout', severity: 'info', status: 'open' }),
    ]);
    await made.context.db.getRepository(Tenant).update({ id: tenantId }, { planSource: 'subscription' });
    await settleCheckouts(made.context);
    expect(await findings().findOneByOrFail({ tenantId })).toMatchObject({ status: 'resolved' });
  });

  it.each(['open', 'dismissed'] as const)('is told of for a month, and is over then: %s', async (status) => {
    const { tenantId } = await begun();
    made.clock.advance(2 * DAY);
    await settleCheckouts(made.context);
    await findings().update({ tenantId }, { status });
    await settleCheckouts(made.context);
    expect(await findings().findOneByOrFail({ tenantId })).toMatchObject({ status, resolvedBy: null });
    made.clock.advance(31 * DAY);
    await settleCheckouts(made.context);
    const closed = { status: 'resolved', resolvedBy: { type: 'worker', name: 'clock' } };
    expect(await findings().findOneByOrFail({ tenantId })).toMatchObject(closed);
  });
});

it('a checkout that led to a subscription is complete, and nothing is told', async () => {
  const { id, tenantId } = await begun();
  const customer = await aCustomer(made.context, { tenantId });
  made.clock.advance(MINUTE);
  await aSubscription(made.context, { customerId: customer.id });
  made.clock.advance(2 * DAY);
  await settleCheckouts(made.context);
  expect(await checkouts().findOneByOrFail({ id })).toMatchObject({ status: 'complete' });
  expect(await findings().countBy({ tenantId })).toBe(0);
});
