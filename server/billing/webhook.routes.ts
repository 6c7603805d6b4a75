import express, { type Router } from 'express';
import type Redis from 'ioredis';
import Stripe from 'stripe';
import type { Context } from '../context';
import { ProblemError } from '../errors';
import { wakeRelay } from '../jobs/queues';
import { stripeOf } from '../stripe/client';
import { EventInbox } from './event-inbox';
import { type Incoming, isIncomingEvent } from './receive-event';

const badSignature = () =>
  new ProblemError({
    status: 400,
    code: 'bad_signature',
    title: 'Bad signature',
    detail: 'The Stripe-Signature header does not fit this body. Check STRIPE_WEBHOOK_SECRET against the endpoint.',
  });

const badEvent = () =>
  new ProblemError({
    status: 400,
    code: 'bad_event',
    title: 'Not an event',
    detail:
      'The body is signed, but is no event of Stripe in the snapshot format: JSON with an id, a type, a time and data.',
  });

/** The event that Stripe signed. Throws 400 where the signature is missing, old or wrong, or the body is no event. */
function verified({ config }: Context, body: unknown, signature: string | undefined): Incoming {
  if (!Buffer.isBuffer(body) || !signature) throw badSignature();
  const payload = body.toString('utf8');
  try {
    // As text: the SDK would decode the bytes once more to sign them, and once more to parse them.
    const event: unknown = stripeOf(config).webhooks.constructEvent(payload, signature, config.stripe.webhookSecret);
    if (isIncomingEvent(event)) return { event, payload };
  } catch (error) {
    if (error instanceof Stripe.errors.StripeSignatureVerificationError) throw badSignature();
  }
  throw badEvent();
}

/**
 * `POST /webhooks/stripe`: verifies, stores, answers. Mount it before any body parser. A failure to store is answered
 * with 500 or 503, so that Stripe sends the event again.
 */
export function stripeWebhook(context: Context, redis: Redis): Router {
  const router = express.Router();
  const inbox = new EventInbox(context, () => void wakeRelay(redis));
  router.post('/webhooks/stripe', express.raw({ type: () => true, limit: '1mb' }), async (req, res) => {
    await inbox.receive(verified(context, req.body, req.get('stripe-signature')));
    res.json({ received: true });
  });
  return router;
}
