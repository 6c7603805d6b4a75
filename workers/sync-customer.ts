import { stripeCause } from '../server/billing/cause';
import { failCustomerEvents, syncCustomer } from '../server/billing/sync-customer';
import type { Processor } from './processor';

/** `subject` is the Stripe customer's id. */
export const syncCustomerProcessor: Processor = {
  run: async ({ context, stripe }, { subject }) => {
    await syncCustomer(context, stripe, subject, stripeCause);
  },
  failed: ({ context }, { subject }, reason) => failCustomerEvents(context, subject, reason),
};
