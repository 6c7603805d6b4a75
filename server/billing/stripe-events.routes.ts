import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { notFound } from '../errors';
import { bulkRoute } from '../http/bulk';
import { type OperatorRoute, operatorRoute, presentOne, readRoutes } from '../http/operator-api';
import { stripeEventsListing } from './records.listings';
import { replayEvent } from './replay-event';
import { StripeEvent } from './stripe-event.entity';

/** The inbox of Stripe's events: a list without payloads, and one event with its own. */
export function stripeEventRoutes(context: Context): OperatorRoute[] {
  const [list] = readRoutes(context, stripeEventsListing);
  return [
    list!,
    operatorRoute({
      method: 'get',
      path: '/stripe-events/:id',
      access: 'stripe-events:read',
      summary: 'Show an event of Stripe with its payload',
      async handle({ params }) {
        const event = await context.db.getRepository(StripeEvent).findOneBy({ id: params.id! });
        if (!event) throw notFound('event', params.id!);
        return event;
      },
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
