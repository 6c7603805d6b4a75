import { z } from 'zod';
import type { PlanKind } from '../../domain/plan';
import { changePlan, listInvoices, openBillingPortal, resumePlan } from '../billing/customer-plan';
import { previewCustomerPlan } from '../billing/preview-customer-plan';
import type { Context } from '../context';
import { invalid } from '../errors';
import { Plan } from '../plans/plan.entity';
import type { Tenant } from '../tenants/tenant.entity';
import { type TenantRoute, tenantRoute, type UserRoute, userRoute } from './callers';

type Action = 'choose' | 'contact' | 'current';

/** So old may a preview be whose amounts are charged. */
const PREVIEW_MS = 15 * 60_000;

const PreviewBody = z.object({ planId: z.string('Choose a plan.').min(1, 'Choose a plan.').max(64) });
const PlanBody = PreviewBody.extend({
  /** From the preview, so that exactly its amounts are charged. */
  prorationDate: z.iso
    .datetime('must be an ISO 8601 time, from the preview.')
    .transform((moment) => new Date(moment))
    .nullish(),
});

function requireRecent(date: Date): Date {
  const age = Date.now() - +date;
  if (age < -1000 || age > PREVIEW_MS)
    throw invalid({ prorationDate: 'is of another time. Look at the preview again.' });
  return date;
}
const ACTIONS: Record<PlanKind, Action> = { free: 'choose', stripe: 'choose', custom: 'contact' };

const present = ({ id, name, description, kind, priceText, features }: Plan, action: Action) => ({
  id,
  name,
  description,
  kind,
  priceText,
  features,
  action,
});

/** The plans on offer, the humblest first. */
const onOffer = ({ db }: Context): Promise<Plan[]> =>
  db.getRepository(Plan).find({ where: { active: true }, order: { rank: 'ASC', id: 'ASC' } });

/** What a member may do about each plan on offer; from a contract only sales leads away, but for paying oneself. */
function offersFor(tenant: Pick<Tenant, 'planId'>, base: Plan, plans: Plan[]) {
  return plans.map((plan) => {
    const bound = base.kind === 'custom' && plan.kind === 'free';
    return present(plan, plan.id === tenant.planId ? 'current' : bound ? 'contact' : ACTIONS[plan.kind]);
  });
}

const planOf = ({ db }: Context, id: string): Promise<Plan> => db.getRepository(Plan).findOneByOrFail({ id });

export const planListRoutes = (context: Context): UserRoute[] => [
  userRoute({
    method: 'get',
    path: '/plans',
    access: 'user',
    summary: 'The plans on offer',
    async handle() {
      const plans = await onOffer(context);
      return { items: plans.map((plan) => present(plan, ACTIONS[plan.kind])), next: null };
    },
  }),
];

/** A tenant's plan, its entitlements and what is paid for it. */
export const planRoutes = (context: Context): TenantRoute[] => [
  tenantRoute({
    method: 'get',
    path: '/tenants/:id/plan',
    access: 'plan:read',
    summary: 'The plan of a tenant, and what may be done about each plan on offer',
    async handle({ caller: { tenant } }) {
      const [plan, base, plans] = await Promise.all([
        planOf(context, tenant.planId),
        planOf(context, tenant.basePlanId),
        onOffer(context),
      ]);
      return {
        planId: plan.id,
        planName: plan.name,
        basePlanId: base.id,
        source: tenant.planSource,
        status: tenant.subscriptionStatus,
        currentPeriodEnd: tenant.currentPeriodEnd,
        cancelAt: tenant.cancelAt,
        seatLimit: tenant.seatLimit,
        plans: offersFor(tenant, base, plans),
      };
    },
  }),
  tenantRoute({
    method: 'post',
    path: '/tenants/:id/plan',
    access: 'plan:change',
    summary: 'Change the plan; answers with the plan, or with the address where to pay or to confirm',
    body: PlanBody,
    handle({ caller, body: { planId, prorationDate } }) {
      const date = prorationDate ? requireRecent(prorationDate) : undefined;
      return changePlan(context, caller.actor, caller.tenant.id, planId, date);
    },
  }),
  tenantRoute({
    method: 'post',
    path: '/tenants/:id/plan/preview',
    access: 'plan:change',
    summary: 'What a change of plan would cost and when it would take effect; changes nothing',
    body: PreviewBody,
    handle: ({ caller, body }) => previewCustomerPlan(context, caller.tenant.id, body.planId),
  }),
  tenantRoute({
    method: 'delete',
    path: '/tenants/:id/plan/cancellation',
    access: 'plan:change',
    summary: 'Take back a cancellation that has not taken effect yet',
    handle: ({ caller }) => resumePlan(context, caller.actor, caller.tenant.id),
  }),
  tenantRoute({
    method: 'post',
    path: '/tenants/:id/billing-portal',
    access: 'plan:change',
    summary: "Open Stripe's billing portal",
    status: 201,
    handle: ({ caller }) => openBillingPortal(context, caller.tenant.id),
  }),
  tenantRoute({
    method: 'get',
    path: '/tenants/:id/invoices',
    access: 'billing:read',
    summary: 'The invoices of a tenant, the newest first',
    handle: async ({ caller }) => ({ items: await listInvoices(context, caller.tenant.id), next: null }),
  }),
  tenantRoute({
    method: 'get',
    path: '/tenants/:id/entitlements',
    access: 'plan:read',
    summary: 'What the plan gives: features and limits',
    async handle({ caller: { tenant } }) {
      const { features } = await planOf(context, tenant.planId);
      return { planId: tenant.planId, features, limits: tenant.seatLimit === null ? {} : { seats: tenant.seatLimit } };
    },
  }),
];
