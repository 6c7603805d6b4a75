import type Stripe from 'stripe';
import { type EntityManager, In, MoreThan } from 'typeorm';
import { decidePlan } from '../../../domain/decide-plan';
import type { Catalogue, OverrideFact, PlanDecision, SubscriptionFact } from '../../../domain/decide-plan.types';
import type { Context } from '../../context';
import { Invitation } from '../../invitations/invitation.entity';
import { loadCatalogue } from '../../plans/catalogue';
import { subscriptionFacts } from '../../stripe/facts';
import type { Tenant } from '../../tenants/tenant.entity';
import { liveSubscriptions } from '../live-subscriptions';
import { Override } from '../override.entity';
import { StripeCustomer } from '../stripe-customer.entity';
import { Subscription } from '../subscription.entity';

/** What a tenant's plan is decided by, its live subscriptions as Stripe has them at this moment. */
export interface PreviewFacts {
  tenant: Tenant;
  catalogue: Catalogue;
  overrides: OverrideFact[];
  subscriptions: SubscriptionFact[];
  live: Stripe.Subscription[];
  pendingInvitations: number;
}

/** Stripe's subscription as a fact, with what we remember of it. */
export const factOf = (one: Stripe.Subscription, known?: Subscription): SubscriptionFact => ({
  ...subscriptionFacts(one),
  customerDeleted: false,
  pastDueSince: known?.pastDueSince ?? null,
  lastEarnedPlanId: known?.planId ?? null,
  lastCounted: known?.lastCounted ?? null,
  missingSince: null,
});

/** Reads what a preview needs; writes nothing. Throws 503 while Stripe is away. */
export const previewFacts = async (context: Context, stripe: Stripe, tenant: Tenant): Promise<PreviewFacts> =>
  factsOf(context, context.db.manager, tenant, await liveSubscriptions(context, stripe, tenant.id));

/** The facts of a tenant as we keep them, but for the live subscriptions that were just read from Stripe. */
export async function factsOf(
  { now }: Pick<Context, 'now'>,
  db: EntityManager,
  tenant: Tenant,
  live: Stripe.Subscription[] = [],
): Promise<PreviewFacts> {
  const tenantId = tenant.id;
  const [catalogue, overrides, mirror, pendingInvitations] = await Promise.all([
    loadCatalogue(db),
    db.getRepository(Override).findBy({ tenantId }),
    db.getRepository(Subscription).findBy({ tenantId }),
    db.getRepository(Invitation).countBy({ tenantId, status: 'pending', expiresAt: MoreThan(now()) }),
  ]);
  const customerIds = [...new Set(mirror.map(({ customerId }) => customerId))];
  const gone = customerIds.length
    ? await db.getRepository(StripeCustomer).findBy({ id: In(customerIds), deleted: true })
    : [];
  const stored = mirror
    .filter(({ id }) => !live.some((one) => one.id === id))
    .map((row) => ({
      ...row,
      customerDeleted: gone.some(({ id }) => id === row.customerId),
      lastEarnedPlanId: row.planId,
    }));
  const fresh = live.map((one) =>
    factOf(
      one,
      mirror.find(({ id }) => id === one.id),
    ),
  );
  return { tenant, catalogue, overrides, subscriptions: [...stored, ...fresh], live, pendingInvitations };
}

/** The plan that follows from facts, at a moment that may lie ahead. */
export const decideAt = (
  { config }: Context,
  { tenant, catalogue, overrides }: PreviewFacts,
  subscriptions: readonly SubscriptionFact[],
  at: Date,
): PlanDecision =>
  decidePlan(
    {
      basePlanId: tenant.basePlanId,
      overrides,
      subscriptions,
      graceDays: config.pastDueGraceDays,
      livemode: config.stripe.livemode,
      memberCount: tenant.memberCount,
    },
    catalogue,
    at,
  );
