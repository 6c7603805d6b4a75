import type Stripe from 'stripe';
import type { Actor } from '../../audit/actor';
import { recordAudit } from '../../audit/record';
import type { Context } from '../../context';
import { inTransaction } from '../../db/transaction';
import { conflict, ProblemError } from '../../errors';
import { oweJob } from '../../jobs/outbox';
import { Finding } from '../finding.entity';
import { askToChange } from '../operator-actions/change-at-stripe';
import { customersOfFinding, readAgain } from './read-again';

/** By then whoever asked has had the answer; where the process died, the workers read what became of it. */
const HEAL_AFTER_MS = 30_000;

const isResolved = ({ db }: Context, id: string): Promise<boolean> =>
  db.getRepository(Finding).existsBy({ id, status: 'resolved' });

const unsure = () =>
  new ProblemError({
    status: 503,
    code: 'stripe_unavailable',
    title: 'Stripe does not answer',
    detail:
      'Stripe did not answer, so it is not known yet whether the subscription was cancelled. It is read again within a minute; trying again is safe.',
    retryAfterSeconds: 10,
  });

/** Asks Stripe; one that is cancelled already is as good. */
async function cancelInStripe(stripe: Stripe, { subscriptionId, occurrences }: Finding): Promise<void> {
  // Stripe heeds the key on POST alone, for a DELETE is idempotent in itself: of an ended subscription it says 404.
  // https://docs.stripe.com/api/idempotent_requests
  const idempotencyKey = `cancel-superseded/${subscriptionId}/${occurrences}`;
  const cancelled = stripe.subscriptions.cancel(subscriptionId!, {}, { idempotencyKey });
  await askToChange(
    cancelled.catch((error: Stripe.errors.StripeError) => {
      if (error.code !== 'resource_missing') throw error;
    }),
  );
}

/**
 * Cancels an overdue subscription beside which another pays for as much. Stripe is read before, so that nothing is
 * cancelled by what we remember, and after, which closes the finding. The reading after is owed before Stripe is asked.
 * @throws ProblemError 503 where Stripe does not answer: asking again is safe
 */
export async function cancelSuperseded(
  context: Context,
  stripe: Stripe,
  actor: Actor,
  finding: Finding,
): Promise<void> {
  const { id, subscriptionId, tenantId } = finding;
  const [customerId] = await customersOfFinding(context, finding);
  if (!subscriptionId || !customerId) throw conflict('no_subscription', 'This finding names no subscription.');
  await readAgain(context, stripe, actor, [customerId]);
  if (await isResolved(context, id)) return;
  await inTransaction(context.db, async (tx) => {
    await oweJob(tx, { kind: 'sync-customer', subject: customerId, dueAt: new Date(Date.now() + HEAL_AFTER_MS) });
    await recordAudit(tx, {
      actor,
      action: 'finding.cancel-subscription',
      resource: 'findings',
      resourceId: id,
      tenantId,
      changes: { subscriptionId: { from: subscriptionId, to: null } },
    });
  });
  const failure: unknown = await cancelInStripe(stripe, finding).then(
    () => null,
    (error) => error,
  );
  // Whatever Stripe said or did not say, what it has now is the truth.
  await readAgain(context, stripe, actor, [customerId]).catch((error) => {
    context.log.warn({ err: error, customerId }, 'the reading after a cancellation is left to the workers');
  });
  if (!failure || (await isResolved(context, id))) return;
  throw failure instanceof ProblemError && failure.problem.code === 'stripe_unavailable' ? unsure() : failure;
}
