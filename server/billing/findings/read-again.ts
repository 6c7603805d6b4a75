import type Stripe from 'stripe';
import type { EntityManager } from 'typeorm';
import type { Actor } from '../../audit/actor';
import type { Context } from '../../context';
import { conflict, ProblemError } from '../../errors';
import { GiveUp, RetrySoon } from '../../jobs/settle';
import { ask } from '../../stripe/ask';
import type { Finding } from '../finding.entity';
import { StripeCustomer } from '../stripe-customer.entity';
import { Subscription } from '../subscription.entity';
import { syncCustomer } from '../sync-customer';

const WAIT_MS = 5000;

/** The Stripe customers that a finding is about: the one that it names, its subscription's, else all of its tenant. */
export async function customersOfFinding(
  { db }: { db: Pick<EntityManager, 'getRepository'> },
  { customerId, subscriptionId, tenantId }: Pick<Finding, 'customerId' | 'subscriptionId' | 'tenantId'>,
): Promise<string[]> {
  if (customerId) return [customerId];
  const subscription = subscriptionId ? await db.getRepository(Subscription).findOneBy({ id: subscriptionId }) : null;
  if (subscription) return [subscription.customerId];
  return tenantId ? (await db.getRepository(StripeCustomer).findBy({ tenantId })).map(({ id }) => id) : [];
}

/** What a failed reading is to whoever waits for it. */
export function told(error: unknown): unknown {
  if (error instanceof GiveUp) return conflict('customer_unknown', error.message);
  if (!(error instanceof RetrySoon)) return error;
  return new ProblemError({
    status: 409,
    code: 'billing_busy',
    title: 'Busy',
    detail: 'This customer is being read just now. Try again in a moment.',
    retryAfterSeconds: 5,
  });
}

/**
 * Reads customers from Stripe at once, for an operator who waits; findings close where the difference is gone.
 * @throws ProblemError 503 where Stripe is away, 409 where it knows no such customer or another process reads it
 */
export async function readAgain(
  context: Context,
  stripe: Stripe,
  actor: Actor,
  customerIds: readonly string[],
): Promise<void> {
  for (const id of customerIds)
    await ask(syncCustomer(context, stripe, id, { actor }, { waitMs: WAIT_MS })).catch((error) => {
      throw told(error);
    });
}
