import type { PlanFinding, SubscriptionFact } from './decide-plan.types';
import { day } from './moment';
import { monthlyWorth } from './money-at-risk';

/** Somebody pays, and no tenant gets anything for it. */
export const orphanSubscription = ({
  id,
  customerId,
  status,
  items,
}: Pick<SubscriptionFact, 'id' | 'customerId' | 'status' | 'items'>): PlanFinding => ({
  kind: 'orphan-subscription',
  cause: 'orphan-subscription',
  severity: 'critical',
  subscriptionId: id,
  customerId,
  summary: `Subscription ${id} is ${status}, and its customer ${customerId} belongs to no tenant.`,
  expected: 'a customer that is linked to a tenant',
  actual: 'no tenant',
  atRisk: monthlyWorth(items),
});

/** Events of a customer that could not be worked off: our copy may be out of date until it is read again. */
export const handlerFailed = (customerId: string, error: string): PlanFinding => ({
  kind: 'handler-failed',
  cause: 'handler-failed',
  severity: 'critical',
  subscriptionId: null,
  customerId,
  summary: `Events of customer ${customerId} could not be worked off. Replay them once the reason is gone.`,
  expected: 'processed',
  actual: error,
  atRisk: null,
});

interface Healed {
  subscriptionId: string | null;
  fromPlanId: string;
  toPlanId: string;
  how: 'sweep' | 'catch-up';
}

/** A plan changed in Stripe and no webhook told of it. */
export const missedWebhook = ({ subscriptionId, fromPlanId, toPlanId, how }: Healed): PlanFinding => ({
  kind: 'missed-webhook',
  cause: 'missed-webhook',
  severity: 'warning',
  subscriptionId,
  customerId: null,
  summary: `No webhook told of a change from ${fromPlanId} to ${toPlanId}: ${how === 'sweep' ? 'a reconciliation run' : 'catching up on events'} found it.`,
  expected: toPlanId,
  actual: fromPlanId,
  atRisk: null,
});

interface Checkout {
  checkoutId: string;
  planId: string;
  startedAt: Date;
}

/** A checkout was begun and never paid: nothing is wrong, but somebody wanted to buy. */
export const abandonedCheckout = ({ checkoutId, planId, startedAt }: Checkout): PlanFinding => ({
  kind: 'abandoned-checkout',
  cause: 'abandoned-checkout',
  severity: 'info',
  subscriptionId: null,
  customerId: null,
  summary: `A checkout for ${planId} was begun on ${day(startedAt)} and never paid.`,
  expected: planId,
  actual: checkoutId,
  atRisk: null,
});

/**
 * What makes two findings the same one, seen again: its kind, whose it is and what it is about; never its wording.
 *
 * @param scope the tenant's id, or the customer's where no tenant claims it
 */
export const findingFingerprint = (
  scope: string,
  { kind, subscriptionId, customerId }: Pick<PlanFinding, 'kind' | 'subscriptionId' | 'customerId'>,
): string => [kind, scope, subscriptionId ?? customerId ?? '-'].join('/');
