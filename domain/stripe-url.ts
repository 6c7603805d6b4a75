/** Where Stripe's dashboard shows an object, by how its id begins. */
const PAGES: readonly (readonly [prefix: string, page: string])[] = [
  ['cus_', 'customers'],
  ['sub_sched_', 'subscription_schedules'],
  ['sub_', 'subscriptions'],
  ['in_', 'invoices'],
  ['evt_', 'events'],
  ['price_', 'prices'],
  ['prod_', 'products'],
];

/**
 * The address of an object in Stripe's own dashboard; null for an id that is of none that it shows.
 * @param livemode whether the object is of live mode: test objects have pages of their own
 */
export function stripeUrl(id: string, livemode: boolean): string | null {
  const page = PAGES.find(([prefix]) => id.startsWith(prefix))?.[1];
  return page ? `https://dashboard.stripe.com/${livemode ? '' : 'test/'}${page}/${encodeURIComponent(id)}` : null;
}
