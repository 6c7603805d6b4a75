import type { Context } from '../context';
import { notFound } from '../errors';
import { type OperatorRoute, operatorRoute, readRoutes } from '../http/operator-api';
import { stripeEventsListing } from './records.listings';
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
  ];
}
