import { stripeUrl } from '../../domain/stripe-url';

test.each([
  ['cus_1', true, 'https://dashboard.stripe.com/customers/cus_1'],
  ['cus_1', false, 'https://dashboard.stripe.com/test/customers/cus_1'],
  ['sub_1', false, 'https://dashboard.stripe.com/test/subscriptions/sub_1'],
  ['sub_sched_1', true, 'https://dashboard.stripe.com/subscription_schedules/sub_sched_1'],
  ['in_1', true, 'https://dashboard.stripe.com/invoices/in_1'],
  ['cus_a/../b', true, 'https://dashboard.stripe.com/customers/cus_a%2F..%2Fb'],
  ['ten_1', true, null],
])('%s (live: %p) is shown at %p', (id, livemode, url) => expect(stripeUrl(id, livemode)).toBe(url));
