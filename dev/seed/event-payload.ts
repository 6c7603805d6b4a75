import type { SeedSubscription } from './billing';

const DAY = 86_400_000;
/** Older payloads are erased, as the workers would have done. */
const KEPT_DAYS = 90;

const seconds = (date: Date): number => Math.floor(+date / 1000);

/** What Stripe sent when the subscription began, with what the dashboard must mask. */
export function payloadOf(seed: SeedSubscription, now: Date): object | null {
  const { id, itemId, customerId, customerName, customerEmail, priceId, lookupKey, amount, startedAt } = seed;
  if (+now - +startedAt > KEPT_DAYS * DAY) return null;
  return {
    id: `evt_${id.slice(4)}`,
    object: 'event',
    api_version: '2026-10-28.endive',
    created: seconds(startedAt),
    livemode: false,
    type: 'customer.subscription.created',
    data: {
      object: {
        id,
        object: 'subscription',
        status: 'active',
        currency: 'eur',
        customer: { id: customerId, object: 'customer', name: customerName, email: customerEmail },
        created: seconds(startedAt),
        cancel_at_period_end: false,
        items: {
          object: 'list',
          data: [
            {
              id: itemId,
              object: 'subscription_item',
              quantity: 1,
              price: { id: priceId, object: 'price', unit_amount: amount, currency: 'eur', lookup_key: lookupKey },
            },
          ],
        },
        default_payment_method: {
          id: 'pm_1Demo',
          object: 'payment_method',
          type: 'card',
          card: { brand: 'visa', last4: '4242', exp_month: 4, exp_year: 2030, fingerprint: 'Xt5EWLLDS7FJjR1c' },
        },
      },
    },
    request: { id: null, idempotency_key: `demo-${id}` },
  };
}
