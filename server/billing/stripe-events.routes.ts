import { z } from 'zod';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { bulkRoute } from '../http/bulk';
import { type OperatorRoute, operatorRoute, presentOne, readRoutes } from '../http/operator-api';
import { stripeEventsListing } from './records.listings';
import { replayEvent } from './replay-event';
import { replayFailed } from './replay-failed';
import { consequencesOf, showEvent } from './show-event';

const moment = z.iso
  .datetime({ offset: true, error: 'must be an ISO 8601 time.' })
  .transform((value) => new Date(value))
  .nullish();
const FailedBody = z.object({
  type: z.string().max(100).nullish(),
  customerId: z.string().max(64).nullish(),
  source: z.enum(['webhook', 'catch-up', 'replay'], 'must be webhook, catch-up or replay.').nullish(),
  receivedFrom: moment,
  receivedTo: moment,
});

/** The inbox of Stripe's events: a list without payloads, one event with its own, what it led to, and replays. */
export function stripeEventRoutes(context: Context): OperatorRoute[] {
  const [list] = readRoutes(context, stripeEventsListing);
  return [
    list!,
    operatorRoute({
      method: 'get',
      path: '/stripe-events/:id',
      access: 'stripe-events:read',
      summary: 'Show an event of Stripe; its payload is masked, and for those who may read it',
      handle: ({ params, caller: { role } }) => showEvent(context, role, params.id!),
    }),
    operatorRoute({
      method: 'get',
      path: '/stripe-events/:id/consequences',
      access: 'stripe-events:read',
      summary: 'Tell what an event led to',
      handle: ({ params }) => consequencesOf(context, params.id!),
    }),
    bulkRoute(context, {
      resource: 'stripe-events',
      verb: 'replay',
      access: 'stripe-events:replay',
      summary: 'Read the customers of many events from Stripe again',
      run: (id, actor) => inTransaction(context.db, (tx) => replayEvent(tx, context, actor, id)),
    }),
    operatorRoute({
      method: 'post',
      path: '/stripe-events/bulk/replay-failed',
      access: 'stripe-events:replay',
      summary: 'Replay all that failed for good and fits, a thousand at a time',
      body: FailedBody,
      handle: ({ body, caller: { actor } }) => replayFailed(context, actor, body),
    }),
    operatorRoute({
      method: 'post',
      path: '/stripe-events/:id/replay',
      access: 'stripe-events:replay',
      summary: "Read the event's customer from Stripe again",
      async handle({ params, caller }) {
        await inTransaction(context.db, (tx) => replayEvent(tx, context, caller.actor, params.id!));
        return presentOne(context, stripeEventsListing, params.id!);
      },
    }),
  ];
}
