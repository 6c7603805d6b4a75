import type { Context } from '../context';
import { Plan } from '../plans/plan.entity';
import { stripeOf } from '../stripe/client';
import { requirePlan, requireWritable } from './customer-plan';
import { liveSubscriptions } from './live-subscriptions';
import type { Previewed } from './operator-actions/bodies';
import { previewAction, seatsUnder } from './operator-actions/preview';
import { previewFacts } from './operator-actions/preview-facts';
import type { Proration } from './operator-actions/preview-proration';

/** What choosing a plan would lead to. */
export interface PlanPreview {
  planId: string;
  /** The plan that the tenant is on from `at` on: another than the chosen one where something better still counts. */
  planAfterId: string;
  at: string;
  /** Whether it is paid in a checkout, charged to the card that is known, or nothing is charged. */
  payment: 'checkout' | 'card' | 'none';
  /** Null where nothing is settled. */
  proration: Proration | null;
  seats: ReturnType<typeof seatsUnder>;
}

const asked = (plan: Plan, pays: boolean): Previewed => {
  if (plan.kind === 'free') return { action: 'cancel-subscription', at: 'period-end' };
  return { action: pays ? 'change-plan' : 'buy-link', planId: plan.id };
};

/**
 * What a change of plan by the tenant's own user would lead to, decided by the rule that decides in earnest. Stripe is
 * read, and nothing is changed.
 *
 * @throws ProblemError as `changePlan` does
 */
export async function previewCustomerPlan(context: Context, tenantId: string, planId: string): Promise<PlanPreview> {
  const tenant = await requireWritable(context, tenantId);
  const plan = await requirePlan(context, planId);
  const stripe = stripeOf(context.config);
  const pays = (await liveSubscriptions(context, stripe, tenantId)).length > 0;
  if (plan.kind === 'free' && !pays) {
    const { pendingInvitations } = await previewFacts(context, stripe, tenant);
    const seats = seatsUnder(plan, { tenant, pendingInvitations });
    return { planId, planAfterId: planId, at: context.now().toISOString(), payment: 'none', proration: null, seats };
  }
  const { after, proration, seats } = await previewAction(context, stripe, tenantId, asked(plan, pays));
  const payment = plan.kind === 'free' ? 'none' : pays ? 'card' : 'checkout';
  return { planId, planAfterId: after.planId, at: after.at, payment, proration, seats };
}
