import type { Listing } from '../http/simple-rest';
import { PlanChange } from './plan-change.entity';
import { StripeEvent } from './stripe-event.entity';
import { Subscription } from './subscription.entity';

export const subscriptionsListing: Listing<Subscription> & { name: 'subscriptions' } = {
  name: 'subscriptions',
  entity: Subscription,
  sorts: ['startedAt', 'currentPeriodEnd'],
  defaultSort: ['startedAt', 'DESC'],
  filters: {
    tenantId: 'word',
    customerId: 'word',
    status: 'word',
    planId: 'word',
    priceId: 'word',
    livemode: 'flag',
    currentPeriodEnd: 'moment',
    startedAt: 'moment',
  },
  present: async (rows) => rows.map(({ lastCounted: _counted, changedBy: _by, ...subscription }) => subscription),
};

export const planChangesListing: Listing<PlanChange> & { name: 'plan-changes' } = {
  name: 'plan-changes',
  entity: PlanChange,
  sorts: ['at'],
  defaultSort: ['at', 'DESC'],
  filters: {
    tenantId: 'word',
    fromPlanId: 'word',
    toPlanId: 'word',
    source: 'word',
    subscriptionId: 'word',
    eventId: 'word',
    at: 'moment',
  },
  present: async (rows) =>
    rows.map(({ actorType: type, actorId: id, actorName: name, ...change }) => ({
      ...change,
      actor: { type, id, name },
    })),
};

/** Lists leave the payload out: it is read one at a time. */
export const stripeEventsListing: Listing<StripeEvent> & { name: 'stripe-events' } = {
  name: 'stripe-events',
  entity: StripeEvent,
  sorts: ['receivedAt', 'createdAt'],
  defaultSort: ['receivedAt', 'DESC'],
  filters: {
    customerId: 'word',
    type: 'word',
    status: 'word',
    source: 'word',
    livemode: 'flag',
    createdAt: 'moment',
    receivedAt: 'moment',
  },
  present: async (rows) => rows.map(({ payload: _payload, ...event }) => event),
};
