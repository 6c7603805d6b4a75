import { stripeCause } from '../server/billing/cause';
import { failCustomerEvents, noteFailedTry, syncCustomer } from '../server/billing/sync-customer';
import { throughOutages } from '../server/stripe/outage';
import { withStripePriority } from '../server/stripe/priority';
import type { Processor } from './processor';

/** `subject` is the Stripe customer's id. */
export const syncCustomerProcessor: Processor = {
  run: async ({ context, stripe }, { subject }) => {
    await withStripePriority('event', () => throughOutages(() => syncCustomer(context, stripe, subject, stripeCause)));
  },
  putOff: ({ context }, { subject }, reason) => noteFailedTry(context, subject, reason),
  failed: ({ context }, { subject }, reason) => failCustomerEvents(context, subject, reason),
};
