import express, { type Router } from 'express';
import type Redis from 'ioredis';
import type Stripe from 'stripe';
import type { Context } from '../context';
import { inTransaction, isDuplicate } from '../db/transaction';
import { ProblemError } from '../errors';
import { oweJob } from '../jobs/outbox';
import { wakeRelay } from '../jobs/queues';
import { stripeOf } from '../stripe/client';
import { customerOfEvent } from '../stripe/facts';
import { StripeEvent } from './stripe-event.entity';

/** Events after which a customer may stand differently. Whatever they say, the customer is read again. */
const TELLING = /^(customer\.(created|updated|deleted|subscription\.)|invoice\.|checkout\.session\.)/;

const badSignature = () =>
  new ProblemError({
    status: 400,
    code: 'bad_signature',
    title: 'Bad signature',
    detail: 'The Stripe-Signature header does not fit this body. Check STRIPE_WEBHOOK_SECRET against the endpoint.',
  });

/** The event that Stripe signed. Throws 400 where the signature is missing, old or wrong. */
function verified({ config }: Context, body: unknown, signature: string | undefined): Stripe.Event {
  if (!Buffer.isBuffer(body) || !signature) throw badSignature();
  try {
    return stripeOf(config).webhooks.constructEvent(body, signature, config.stripe.webhookSecret);
  } catch {
    throw badSignature();
  }
}

/** Why an event leads to nothing, or null where its customer is to be read. */
function ignoredFor(event: Stripe.Event, customerId: string | null, livemode: boolean): string | null {
  if (event.livemode !== livemode) return 'The event is of the other Stripe mode than our key.';
  if (!TELLING.test(event.type)) return 'Events of this type change no plan.';
  return customerId === null ? 'The event names no customer.' : null;
}

/**
 * Puts an event into the inbox together with the job that it owes, in one transaction. An event that is there already
 * stays as it is. Gives whether it was new.
 */
export async function receiveEvent(
  { db, config, now }: Context,
  event: Stripe.Event,
  source: StripeEvent['source'],
): Promise<boolean> {
  const customerId = customerOfEvent(event.data.object);
  const ignored = ignoredFor(event, customerId, config.stripe.livemode);
  const row = {
    id: event.id,
    type: event.type,
    customerId,
    livemode: event.livemode,
    createdAt: new Date(event.created * 1000),
    receivedAt: now(),
    status: ignored ? ('ignored' as const) : ('received' as const),
    error: ignored,
    source,
    payload: event,
  };
  try {
    await inTransaction(db, async (tx) => {
      await tx.insert(StripeEvent, row as object);
      if (!ignored && customerId) await oweJob(tx, { kind: 'sync-customer', subject: customerId });
    });
    return true;
  } catch (error) {
    if (isDuplicate(error)) return false;
    throw error;
  }
}

/**
 * `POST /webhooks/stripe`: verifies, stores, answers. Mount it before any body parser. A failure to store is answered
 * with 500 or 503, so that Stripe sends the event again.
 */
export function stripeWebhook(context: Context, redis: Redis): Router {
  const router = express.Router();
  router.post('/webhooks/stripe', express.raw({ type: '*/*', limit: '1mb' }), async (req, res) => {
    const event = verified(context, req.body, req.get('stripe-signature'));
    if (await receiveEvent(context, event, 'webhook')) void wakeRelay(redis);
    res.json({ received: true });
  });
  return router;
}
