import { createHash } from 'node:crypto';
import Stripe from 'stripe';
import type { Actor } from '../../audit/actor';
import { AuditEntry } from '../../audit/audit.entity';
import { type Changes, recordAudit } from '../../audit/record';
import type { Context } from '../../context';
import { inTransaction } from '../../db/transaction';
import { conflict, ProblemError } from '../../errors';
import { oweJob } from '../../jobs/outbox';
import { RetrySoon } from '../../jobs/settle';
import { ask } from '../../stripe/ask';
import { idOf } from '../../stripe/facts';
import { isStripeAway } from '../../stripe/fault';
import { withLease } from '../lease';
import { syncAtOnce } from '../sync-customer';

const { StripeConnectionError, StripeIdempotencyError, StripeInvalidRequestError } = Stripe.errors;
const LEASE_WAIT_MS = 15_000;
const REFUSED = 'tenant.stripe-refused';

/** A change of one subscription that an operator wants. */
export interface SubscriptionChange {
  /** The audit log's word for it. */
  action: string;
  reason: string | null;
  /** Whether the subscription is as wanted: then nothing is asked of Stripe. */
  isMade: (subscription: Stripe.Subscription) => boolean;
  /** What to ask of Stripe, and what the audit log tells of it. Throws ProblemError where it can't be asked. */
  order: (subscription: Stripe.Subscription) => Promise<{
    params: Stripe.SubscriptionUpdateParams | 'cancel';
    changes: Changes;
  }>;
}

/** Throws 409 `billing_busy` for a RetrySoon, anything else as it is. */
export function refuseBusy(error: unknown): never {
  if (!(error instanceof RetrySoon)) throw error;
  throw new ProblemError({
    status: 409,
    code: 'billing_busy',
    title: 'Busy',
    detail: 'Another change of this customer is on its way. Try again in a moment.',
    retryAfterSeconds: 5,
  });
}

/** As `ask`, for what Stripe may refuse by its own rules: those become 409 `stripe_refused` with Stripe's words. */
export async function askToChange<T>(call: Promise<T>): Promise<T> {
  try {
    return await ask(call);
  } catch (error) {
    if (error instanceof StripeIdempotencyError) return refuseBusy(new RetrySoon(error.message));
    if (error instanceof StripeInvalidRequestError)
      throw conflict('stripe_refused', `Stripe refuses this, and nothing was changed: ${error.message}`);
    throw error;
  }
}

const unknownOutcome = () =>
  new ProblemError({
    status: 503,
    code: 'stripe_unavailable',
    title: 'Stripe does not answer',
    detail:
      'Stripe stopped answering, so it is not known whether the change was made. It is read as soon as Stripe answers; asking again makes the change once at most.',
    retryAfterSeconds: 10,
  });

/**
 * Sends the change under a key that the same change of the same state has again, so that Stripe makes it once. The
 * mark that it leaves in the subscription's metadata makes the next change's key another, even back and forth; so do
 * refusals, whose answers Stripe would otherwise repeat for a day.
 */
async function send(
  { db }: Context,
  stripe: Stripe,
  tenantId: string,
  subscription: Stripe.Subscription,
  params: Stripe.SubscriptionUpdateParams | 'cancel',
): Promise<void> {
  if (params === 'cancel') {
    await stripe.subscriptions.cancel(subscription.id);
    return;
  }
  const refusals = await db.getRepository(AuditEntry).countBy({
    resource: 'tenants',
    resourceId: tenantId,
    action: REFUSED,
  });
  const state = [subscription.id, params, subscription.metadata.tenantryChange ?? null, refusals];
  const mark = createHash('sha256').update(JSON.stringify(state)).digest('hex').slice(0, 32);
  const marked = { ...params, metadata: { tenantryChange: mark } };
  await stripe.subscriptions.update(subscription.id, marked, { idempotencyKey: `change/${subscription.id}/${mark}` });
}

interface Scope {
  actor: Actor;
  tenantId: string;
}

/** Tells in the audit log that Stripe refused, and why. */
async function recordRefusal({ db }: Context, { actor, tenantId }: Scope, action: string, error: Error) {
  await inTransaction(db, (tx) =>
    recordAudit(tx, {
      actor,
      action: REFUSED,
      resource: 'tenants',
      resourceId: tenantId,
      tenantId,
      changes: { requested: { from: null, to: action } },
      reason: error.message.slice(0, 500),
    }),
  );
}

async function change(
  context: Context,
  stripe: Stripe,
  scope: Scope,
  subscriptionId: string,
  { action, reason, isMade, order }: SubscriptionChange,
): Promise<void> {
  const { actor, tenantId } = scope;
  const before = await ask(stripe.subscriptions.retrieve(subscriptionId));
  const made = isMade(before);
  const ordered = made ? null : await order(before);
  // Owed before Stripe is asked, and not served while we hold the lease: whatever befalls us, Stripe is read after.
  await inTransaction(context.db, async (tx) => {
    await oweJob(tx, { kind: 'sync-customer', subject: idOf(before.customer) });
    if (!ordered) return;
    const changes = { subscriptionId: { from: null, to: subscriptionId }, ...ordered.changes };
    await recordAudit(tx, { actor, action, resource: 'tenants', resourceId: tenantId, tenantId, changes, reason });
  });
  if (!ordered) return;
  try {
    await send(context, stripe, tenantId, before, ordered.params);
  } catch (error) {
    const after = await stripe.subscriptions.retrieve(subscriptionId).catch(() => null);
    if (after && isMade(after)) return;
    if (error instanceof Stripe.errors.StripeError && !(error instanceof StripeConnectionError))
      await recordRefusal(context, scope, action, error);
    if (!after && isStripeAway(error)) throw unknownOutcome();
    await askToChange(Promise.reject(error));
  }
}

/**
 * Makes one change of a subscription at Stripe, once, however often and by however many it is asked for; then makes
 * our state follow from reading Stripe again. Where the answer is lost, Stripe is read to learn what was done.
 *
 * @throws ProblemError 402 where the bank refuses, 409 where Stripe's rules or the subscription's state do, 503 where
 * Stripe is away: the reading is owed by then, so that our state comes right by itself
 */
export async function changeSubscription(
  context: Context,
  stripe: Stripe,
  scope: Scope,
  subscription: Stripe.Subscription,
  wanted: SubscriptionChange,
): Promise<void> {
  const customerId = idOf(subscription.customer);
  const work = () => change(context, stripe, scope, subscription.id, wanted);
  await withLease(context.db, customerId, work, LEASE_WAIT_MS).catch(refuseBusy);
  await syncAtOnce(context, stripe, scope.actor, customerId);
}
