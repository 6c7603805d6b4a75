import type { Page } from 'playwright-core';
import { Subscription } from '../../server/billing/subscription.entity';
import { Tenant } from '../../server/tenants/tenant.entity';
import { aPlan } from '../support/factories';
import { addressOf, isSound, mailReader } from './portal-person';
import { type BrowserWorld, browserWorld, OPERATOR, signedIn, until } from './world';

const PAUL = addressOf('paul');

let world: BrowserWorld;
let paul: Page;
let plans: string;
beforeAll(async () => {
  world = await browserWorld();
  const { stripe, context } = world;
  const product = await stripe.products.create({ name: 'Business' });
  const price = await stripe.prices.create({
    product: product.id,
    currency: 'eur',
    unit_amount: 9900,
    recurring: { interval: 'month' },
  });
  await aPlan(context, {
    id: 'business',
    name: 'Business',
    priceText: '€99 a month',
    rank: 20,
    stripePriceIds: [price.id],
  });
  await aPlan(context, { id: 'enterprise', name: 'Enterprise', kind: 'custom', rank: 30 });
  paul = await world.person();
  await paul.goto(world.url);
  await mailReader(world).signIn(paul, PAUL);
  await paul.getByRole('link', { name: /team owner/ }).click();
  await paul.waitForURL(/\/t\/ten_/);
  plans = `${paul.url()}/plan`;
}, 60_000);
afterAll(() => world.close());

const choose = (name: string) => paul.getByRole('button', { name: `Choose ${name}` }).click();
const dialog = () => paul.getByRole('dialog');
const own = () => world.context.db.getRepository(Tenant).findOneByOrFail({ id: /ten_\w+/.exec(plans)![0] });
const charged = async () => {
  const { data } = await world.stripe.invoices.list({ limit: 100 });
  return data.filter(({ status }) => status === 'paid').reduce((sum, { amount_paid }) => sum + amount_paid, 0);
};

describe('a team that buys', () => {
  it('leaves the payment page, and nothing is charged', async () => {
    await paul.goto(plans);
    await choose('Starter');
    await paul.getByRole('button', { name: 'Cancel' }).click();
    await paul.getByText('You left the payment page. Nothing was charged').waitFor();
    expect([(await own()).planId, await charged()]).toEqual(['free', 0]);
    await isSound(paul, '20-left-checkout');
  });

  it('is declined, pays by another card, and waits for the plan', async () => {
    await choose('Starter');
    await paul.getByRole('button', { name: 'Decline the card' }).click();
    await paul.getByText('Your card was declined').waitFor();
    expect((await own()).planId).toBe('free');
    await paul.getByRole('button', { name: 'Pay', exact: true }).click();
    await paul.getByText('Thank you. You are on Starter now.').waitFor();
    expect([(await own()).planId, await charged()]).toEqual(['starter', 2900]);
    expect(await world.context.db.getRepository(Subscription).countBy({ tenantId: (await own()).id })).toBe(1);
    await isSound(paul, '21-bought');
  });

  it('sees what an upgrade costs before it does it, and keeps its plan while the card is refused', async () => {
    const { stripe } = world;
    const { subscriptionId } = await own();
    const { customer } = await stripe.subscriptions.retrieve(subscriptionId!);
    const bad = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer: customer as string });
    await stripe.subscriptions.update(subscriptionId!, { default_payment_method: bad.id });
    await choose('Business');
    await dialog().getByText('Charged now').waitFor();
    expect(await dialog().innerText()).toMatch(/Charged now\s+€\d+\.\d\d[\s\S]*Next charge\s+€99\.00 on /);
    await isSound(paul, '22-preview');
    await dialog().getByRole('button', { name: 'Change to Business' }).click();
    await paul.getByRole('heading', { name: /^Invoice/ }).waitFor();
    expect((await own()).planId).toBe('starter');
    const invoice = paul.url();
    await paul.goto(plans);
    await paul.getByRole('article', { name: 'Starter' }).getByText('Your plan').waitFor();
    await paul.goto(invoice);
    await paul.getByRole('button', { name: 'Pay', exact: true }).click();
    await until('the plan is Business', async () => (await own()).planId === 'business');
    await paul.goto(plans);
    await paul.getByRole('article', { name: 'Business' }).getByText('Your plan').waitFor();
  });

  it('cancels, keeps the plan until the end of the period, and takes it back', async () => {
    await choose('Free');
    await dialog().getByText('You keep Business until').waitFor();
    await isSound(paul, '23-cancel');
    await dialog().getByRole('button', { name: 'Cancel the subscription' }).click();
    await paul.getByText('The subscription is cancelled and ends on').waitFor();
    const free = paul.getByRole('article', { name: 'Free' });
    await free.getByText('Yours from').waitFor();
    expect(await free.getByRole('button').count()).toBe(0);
    expect(await own()).toMatchObject({ planId: 'business', cancelAt: expect.any(Date) });
    await isSound(paul, '24-cancelled');
    await paul.getByRole('button', { name: 'Keep the subscription' }).click();
    await paul.getByText('The subscription is cancelled').waitFor({ state: 'detached' });
    expect(await own()).toMatchObject({ planId: 'business', cancelAt: null });
  });

  it('finds its invoices with Stripe, and comes back', async () => {
    await paul.getByRole('button', { name: 'Payment method and invoices' }).click();
    await paul.getByRole('heading', { name: 'Billing' }).waitFor();
    await paul.getByRole('link', { name: /Return/ }).click();
    await paul.waitForURL(plans);
  });

  it('asks sales about a contract, and an operator reads it', async () => {
    await paul.getByRole('button', { name: 'Contact sales about Enterprise' }).click();
    await dialog().getByRole('textbox').fill('We are 500 people. What would it cost?');
    await dialog().getByRole('button', { name: /send/i }).click();
    await dialog().getByText('Your message is sent').waitFor();
    await dialog().getByRole('button', { name: 'Close' }).click();
    const operator = await signedIn(world, OPERATOR);
    await operator.goto(`${world.url}/admin/contact-requests`);
    await operator.getByText('We are 500 people').click();
    await operator.locator(`a[href="mailto:${PAUL}"]`).waitFor();
    await operator.context().close();
  });
});
