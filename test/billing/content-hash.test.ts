import type Stripe from 'stripe';
import { buildCustomer, buildPrice, buildSubscription } from '../../dev/stripe';
import { contentHash, customerFacts, subscriptionFacts } from '../../server/stripe/facts';

const price = buildPrice({
  id: 'price_one',
  created: 1,
  product: 'prod_one',
  currency: 'eur',
  unitAmount: 1900,
  recurring: { interval: 'month' },
} as Parameters<typeof buildPrice>[0]);

function listed() {
  const customer = buildCustomer({
    id: 'cus_one',
    created: 1,
    email: 'a@example.com',
    metadata: { tenantId: 'ten_1' },
  });
  const subscription = buildSubscription({
    id: 'sub_one',
    created: 1,
    customer: customer.id,
    status: 'active',
    period: { start: 1, end: 100 },
    items: [{ id: 'si_one', price: structuredClone(price), quantity: 1 }],
  });
  return { subscription, customer: customer as Stripe.Customer | Stripe.DeletedCustomer };
}
type Listed = ReturnType<typeof listed>;

const phases = (start: number, price: string) =>
  ({
    current_phase: { start_date: 1, end_date: 50 },
    phases: [{ start_date: start, items: [{ price, quantity: 1 }] }],
  }) as unknown as Stripe.SubscriptionSchedule;

const live = ({ customer }: Listed) => customer as Stripe.Customer;
const item = ({ subscription }: Listed) => subscription.items.data[0]!;

/** Every fact that we keep, by what changes it. */
const CHANGES: Record<string, (listed: Listed) => void> = {
  status: ({ subscription }) => Object.assign(subscription, { status: 'canceled' }),
  'cancel at period end': ({ subscription }) => Object.assign(subscription, { cancel_at_period_end: true }),
  'cancel at': ({ subscription }) => Object.assign(subscription, { cancel_at: 77 }),
  'trial end': ({ subscription }) => Object.assign(subscription, { trial_end: 77 }),
  pause: ({ subscription }) => Object.assign(subscription, { pause_collection: { behavior: 'void' } }),
  'mode of the subscription': ({ subscription }) => Object.assign(subscription, { livemode: true }),
  start: ({ subscription }) => Object.assign(subscription, { start_date: 77 }),
  created: ({ subscription }) => Object.assign(subscription, { created: 77 }),
  schedule: ({ subscription }) => Object.assign(subscription, { schedule: phases(50, 'price_two') }),
  'item id': (one) => Object.assign(item(one), { id: 'si_two' }),
  quantity: (one) => Object.assign(item(one), { quantity: 2 }),
  'end of the period': (one) => Object.assign(item(one), { current_period_end: 101 }),
  price: (one) => Object.assign(item(one).price, { id: 'price_two' }),
  'lookup key': (one) => Object.assign(item(one).price, { lookup_key: 'two' }),
  amount: (one) => Object.assign(item(one).price, { unit_amount: 2000 }),
  currency: (one) => Object.assign(item(one).price, { currency: 'usd' }),
  interval: (one) => Object.assign(item(one).price.recurring!, { interval: 'year' }),
  'count of intervals': (one) => Object.assign(item(one).price.recurring!, { interval_count: 3 }),
  'another item': ({ subscription }) => {
    subscription.items.data.push({ ...subscription.items.data[0]!, id: 'si_two' });
  },
  'mode of the customer': (one) => Object.assign(live(one), { livemode: true }),
  email: (one) => Object.assign(live(one), { email: 'b@example.com' }),
  name: (one) => Object.assign(live(one), { name: 'Name' }),
  'tenant named': (one) => Object.assign(live(one).metadata, { tenantId: 'ten_2' }),
  deleted: (one) => {
    one.customer = { id: 'cus_one', object: 'customer', deleted: true };
  },
};

const hashOf = ({ subscription, customer }: Listed) => contentHash(subscription as never, customer);
const factsOf = ({ subscription, customer }: Listed) =>
  JSON.stringify([subscriptionFacts(subscription as never), customerFacts(customer)]);

describe('the hash of what we keep of a subscription', () => {
  it('is the same for the same', () => {
    expect(hashOf(listed())).toBe(hashOf(listed()));
  });

  it.each(Object.entries(CHANGES))('changes with: %s', (_, change) => {
    const changed = listed();
    change(changed);
    expect(factsOf(changed)).not.toBe(factsOf(listed()));
    expect(hashOf(changed)).not.toBe(hashOf(listed()));
  });

  it('stays with what we keep nothing of', () => {
    const changed = listed();
    Object.assign(changed.subscription, { description: 'Another', metadata: { any: 'thing' } });
    expect(hashOf(changed)).toBe(hashOf(listed()));
  });
});
