import type { CauseClass } from '../../../domain/decide-plan.types';

interface Cause {
  title: string;
  /** What happened, to somebody who does not know Stripe's words. */
  means: string;
  /** What a person does about it now. */
  todo: string;
}

/** Every cause of a finding in plain words, with what to do. */
export const CAUSES: Record<CauseClass, Cause> = {
  'missed-webhook': {
    title: 'Webhook missed',
    means: 'Stripe changed something and no webhook told us. A check found it, and the plan was put right.',
    todo: 'If this comes often, look at the webhook endpoint in the Stripe dashboard: is it enabled, and do its deliveries arrive?',
  },
  'handler-failed': {
    title: 'Event not worked off',
    means: 'An event of this customer came, but working it off failed for good, so our copy may be out of date.',
    todo: 'See why among the failed Stripe events, then replay them here: the customer is read from Stripe again.',
  },
  'superseded-subscription': {
    title: 'Older subscription still runs',
    means: 'The customer bought anew, and an older subscription was not ended. They may pay twice.',
    todo: 'Cancel the older subscription here, and refund in Stripe what was paid twice.',
  },
  'several-subscriptions': {
    title: 'Several subscriptions count',
    means:
      'More than one subscription earns this tenant a plan. The best one decides; the others are paid for nothing.',
    todo: 'Ask the customer which one to keep, and cancel the others on the tenant’s page. Then sync, to see it close.',
  },
  'unknown-price': {
    title: 'Price of no plan',
    means: 'The subscription has a price that belongs to no plan here. It keeps the plan that it last earned.',
    todo: 'Map the price to the plan that it should give. Everybody who pays it follows.',
  },
  'unknown-status': {
    title: 'Status unknown',
    means: 'Stripe reports a status that Tenantry does not know. The subscription counts as it last did.',
    todo: 'Sync, in case Stripe says otherwise by now. Else look at the subscription in Stripe, and whether there is a newer version of Tenantry.',
  },
  'unknown-plan': {
    title: 'Plan unknown',
    means: 'A plan that this tenant’s facts name is not in the catalogue.',
    todo: 'Make the plan again under Plans, or change the base plan or override that names it.',
  },
  'missing-subscription': {
    title: 'Not listed by Stripe any more',
    means: 'We know of a subscription that Stripe does not list. It goes on counting as it last did.',
    todo: 'Check in Stripe that the key belongs to the right account, then what became of the subscription. A sync closes this where Stripe lists it again.',
  },
  'orphan-subscription': {
    title: 'Paid, but no tenant',
    means: 'Somebody pays for a subscription whose Stripe customer is linked to no tenant.',
    todo: 'Find whose it is, and link the Stripe customer to that tenant here. If it is nobody’s, cancel and refund it in Stripe.',
  },
  'abandoned-checkout': {
    title: 'Checkout not finished',
    means: 'Somebody began to buy and never paid. Nothing is wrong.',
    todo: 'You may want to ask whether something stood in their way.',
  },
  'deleted-customer': {
    title: 'Customer deleted in Stripe',
    means: 'The Stripe customer was deleted, so its subscriptions count no more.',
    todo: 'If that was a mistake, have the customer buy again, and grant the plan for the time between. Else unlink the customer.',
  },
  'wrong-mode': {
    title: 'Other Stripe mode',
    means: 'The record is of the other mode (live or test) than our key, so it changes nothing.',
    todo: 'Check which key Tenantry runs with, and where the webhook endpoint was set up.',
  },
  'collection-paused': {
    title: 'Collection paused',
    means: 'Stripe collects no money for this subscription, but it still earns its plan.',
    todo: 'If the pause is over, resume collection in Stripe, then sync. If they should not have the plan, cancel it.',
  },
  'seat-overrun': {
    title: 'More members than seats',
    means: 'The tenant has more members than its plan allows. Nobody is thrown out, but nobody new may join.',
    todo: 'Talk to the customer about more seats or a larger plan.',
  },
  'payment-overdue': {
    title: 'Payment overdue',
    means: 'An invoice is not paid. The plan stays until the grace period ends, and then falls back by itself.',
    todo: 'Ask the customer to update the payment method. Stripe goes on trying. If they say that they paid, sync.',
  },
};

const causes: Record<string, Cause | undefined> = CAUSES;

/** The words for a cause; one that is newer than this page is told by its own name. */
export const causeOf = (cause: string): Cause =>
  causes[cause] ?? {
    title: cause.replaceAll('-', ' '),
    means: 'Stripe and Tenantry differ.',
    todo: 'Compare the two below.',
  };
