import type Stripe from 'stripe';
import type { Context } from '../../context';
import { conflict, invalid } from '../../errors';
import { Plan } from '../../plans/plan.entity';
import type { Tenant } from '../../tenants/tenant.entity';
import { priceOf } from '../checkout';
import { isLive } from '../live-subscriptions';
import { endsByItself, resumed, swappedItems } from '../swap';
import type { SubscriptionChange } from './change-at-stripe';

const seconds = (moment: Date): number => Math.floor(+moment / 1000);
const iso = (stripeSeconds: number | null): string | null =>
  stripeSeconds === null ? null : new Date(stripeSeconds * 1000).toISOString();
/** https://docs.stripe.com/api/subscriptions/update: `trial_end` lies at most two years from the billing anchor. */
const LONGEST_TRIAL_DAYS = 730;

/** The plan that an operator may sell. Throws 400 for one that is unknown, retired or free. */
export async function requireSoldPlan({ db }: Context, planId: string): Promise<Plan> {
  const plan = await db.getRepository(Plan).findOneBy({ id: planId, active: true });
  if (!plan) throw invalid({ planId: `There is no plan "${planId}" on offer.` });
  if (plan.kind === 'free')
    throw invalid({ planId: `${plan.name} costs nothing: cancel the subscription to get there.` });
  return plan;
}

/** Throws 409 `not_live` for a subscription that is over. */
export function requireLive({ id, status }: Stripe.Subscription): void {
  if (!isLive({ status })) throw conflict('not_live', `Subscription ${id} is ${status}, so it can't be changed.`);
}

/** To another paid plan: the price is swapped and the difference charged at once. Where the card fails, nothing is. */
export async function planSwap(
  context: Context,
  stripe: Stripe,
  tenant: Pick<Tenant, 'memberCount' | 'planId'>,
  { planId, reason, prorationDate }: { planId: string; reason: string; prorationDate?: Date | null | undefined },
): Promise<SubscriptionChange> {
  const plan = await requireSoldPlan(context, planId);
  const price = await priceOf(context, stripe, plan);
  return {
    action: 'tenant.swap-price',
    reason,
    isMade: (one) => isLive(one) && one.items.data.some((item) => item.price.id === price),
    async order(one) {
      requireLive(one);
      const { item, items } = await swappedItems(context, one, plan, price, tenant);
      const prorates = prorationDate && one.status !== 'trialing';
      return {
        params: {
          items,
          proration_behavior: 'always_invoice',
          ...(prorates ? { proration_date: seconds(prorationDate) } : {}),
          ...(one.collection_method === 'charge_automatically' ? { payment_behavior: 'error_if_incomplete' } : {}),
        },
        changes: { planId: { from: tenant.planId, to: plan.id }, priceId: { from: item.price.id, to: price } },
      };
    },
  };
}

const periodEnd = (one: Stripe.Subscription): number =>
  Math.min(...one.items.data.map(({ current_period_end }) => current_period_end));

/** Ends a subscription: now, with nothing paid back, or when its period does. */
export const cancellation = (at: 'now' | 'period-end', reason: string | null): SubscriptionChange => ({
  action: 'tenant.cancel-subscription',
  reason,
  isMade: (one) =>
    ['canceled', 'incomplete_expired'].includes(one.status) ||
    (at === 'period-end' && (one.cancel_at_period_end || (one.cancel_at !== null && one.cancel_at <= periodEnd(one)))),
  order: async () => ({
    params: at === 'now' ? 'cancel' : { cancel_at_period_end: true },
    changes: { cancel: { from: null, to: at } },
  }),
});

/** Takes back a cancellation that has not taken effect yet. */
export const resumption = (reason: string | null): SubscriptionChange => ({
  action: 'tenant.resume-subscription',
  reason,
  isMade: (one) => isLive(one) && !endsByItself(one),
  async order(one) {
    if (!isLive(one))
      throw conflict('not_live', `Subscription ${one.id} is ${one.status}: it can't be resumed, only bought anew.`);
    return { params: resumed(one), changes: { cancelAt: { from: iso(one.cancel_at), to: null } } };
  },
});

/** Gives free time until `until`. One that is paid for becomes a trial again, which must be agreed to. */
export function trialExtension(
  { now }: Pick<Context, 'now'>,
  { until, reason, startTrial }: { until: Date; reason: string; startTrial: boolean },
): SubscriptionChange {
  if (until <= now() || +until > +now() + LONGEST_TRIAL_DAYS * 86_400_000)
    throw invalid({ until: `must be in the future, and at most ${LONGEST_TRIAL_DAYS} days from now.` });
  const end = seconds(until);
  return {
    action: 'tenant.extend-trial',
    reason,
    isMade: (one) => one.status === 'trialing' && one.trial_end === end,
    async order(one) {
      if (one.status === 'trialing' && one.trial_end !== null && end < one.trial_end)
        throw invalid({ until: `must be after ${iso(one.trial_end)}, when the trial ends by now.` });
      if (one.status !== 'trialing' && !(one.status === 'active' && startTrial))
        throw conflict(
          'not_trialing',
          one.status === 'active'
            ? 'This subscription is paid for, not on trial. Send "startTrial": true to give free time all the same: its next charge moves to the end of the trial.'
            : `This subscription is ${one.status}: there is no trial to extend.`,
        );
      return {
        params: { trial_end: end, proration_behavior: 'none' },
        changes: { trialEnd: { from: iso(one.trial_end), to: iso(end) } },
      };
    },
  };
}
