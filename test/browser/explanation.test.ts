import type { Page } from 'playwright-core';
import { systemActor } from '../../server/audit/actor';
import { decideTenant } from '../../server/billing/decide-tenant';
import { PlanDecisionRow } from '../../server/billing/explanation/plan-decision.entity';
import { PlanChange } from '../../server/billing/plan-change.entity';
import { inTransaction } from '../../server/db/transaction';
import { Tenant } from '../../server/tenants/tenant.entity';
import { DAY } from '../support/clock';
import { aCustomer, aSubscription, aTenant } from '../support/factories';
import { type BrowserWorld, browserWorld, OPERATOR, picture } from './world';

let world: BrowserWorld;
let staff: Page;
let tenantId: string;
let subscriptionId: string;

/** A tenant that was made three days ago, and has paid for Starter since today. */
async function aLatePayer() {
  const { context, priceId } = world;
  const { id } = await aTenant(context, { name: 'Asking Ltd' });
  const born = new Date(+context.now() - 3 * DAY);
  await context.db.getRepository(Tenant).update({ id }, { createdAt: born, planSince: born });
  for (const rows of [PlanChange, PlanDecisionRow])
    await context.db.getRepository(rows).update({ tenantId: id }, { at: born });
  const { id: customerId } = await aCustomer(context, { tenantId: id });
  const subscription = await aSubscription(context, { customerId, priceId });
  await inTransaction(context.db, (tx) => decideTenant(tx, context, id, { actor: systemActor }));
  return { id, subscriptionId: subscription.id };
}

const panel = () => staff.locator('#why-this-plan');
const asField = (at: Date) => new Date(+at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

beforeAll(async () => {
  world = await browserWorld();
  ({ id: tenantId, subscriptionId } = await aLatePayer());
  staff = await world.person();
  await staff.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await staff.goto(`${world.url}/admin/`);
  await staff.fill('input[name=username]', OPERATOR.email);
  await staff.fill('input[name=password]', OPERATOR.password);
  await staff.getByRole('button', { name: 'Sign in' }).click();
  await staff.getByText('Tenants by plan').waitFor();
}, 60_000);
afterAll(() => world.close());

describe('why a tenant is on its plan', () => {
  it('is told on its page, the winner first, and its text can be copied', async () => {
    await staff.goto(`${world.url}/admin/tenants/${tenantId}/show`);
    const layers = panel().getByRole('list', { name: 'Layers' }).getByRole('listitem');
    await layers.first().getByText('Wins').waitFor();
    expect(await layers.allInnerTexts()).toEqual([
      expect.stringContaining(`Subscription ${subscriptionId}`),
      expect.stringMatching(
        /Free · Base plan\s+Counts, but loses: The base plan is Free; Starter ranks at least as high\./,
      ),
    ]);
    await panel().getByRole('button', { name: 'Copy text' }).click();
    await panel().getByRole('button', { name: 'Copied' }).waitFor();
    const copied = await staff.evaluate(() => navigator.clipboard.readText());
    expect(copied).toMatch(/^Asking Ltd is on Starter since .*, because subscription/);
    await picture(staff, '20-explanation');
  });

  it('is told of a past date, by keyboard, and the address holds it', async () => {
    await panel()
      .getByLabel('As of')
      .fill(asField(new Date(Date.now() - DAY)));
    await panel().getByText('by the base plan').waitFor();
    expect(await panel().innerText()).toMatch(
      /As of .*, Asking Ltd is on Free since .*, because that is its base plan\./,
    );
    expect(new URL(staff.url()).searchParams.get('at')).toMatch(/^\d{4}-/);
    await staff.reload();
    await panel().getByText('by the base plan').waitFor();
    await panel().getByRole('button', { name: 'Now' }).focus();
    await staff.keyboard.press('Enter');
    await panel().getByText('by a subscription').waitFor();
    expect(new URL(staff.url()).searchParams.has('at')).toBe(false);
  });

  it('is asked for from a step of the plan history, too', async () => {
    const birth = staff.getByRole('row', { name: /The base plan is Free/ });
    await birth.getByRole('button', { name: 'Why?' }).click();
    await panel().getByText('by the base plan').waitFor();
    expect(new URL(staff.url()).pathname).toMatch(/\/show$/);
  });

  it('says so where the date lies before the tenant, and goes back to now', async () => {
    await staff.goto(`${world.url}/admin/tenants/${tenantId}/show?at=2001-01-01T00:00:00Z`);
    await panel()
      .getByText(/lies before the tenant was made/)
      .waitFor();
    await panel().getByRole('button', { name: 'Show now' }).click();
    await panel().getByText('by a subscription').waitFor();
  });
});
