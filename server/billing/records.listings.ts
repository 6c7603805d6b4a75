import { isWord, type Listing } from '../http/simple-rest';
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
    // An event's id or its customer's: each finds its rows by an index of its own.
    q: (query, value) => {
      const q = String(value).trim();
      if (!isWord(q)) query.andWhere('1 = 0');
      else if (q) query.andWhere('(r.id = :q OR r.customerId = :q)', { q });
    },
  },
  present: async (rows) => rows.map(({ payload: _payload, ...event }) => event),
};
