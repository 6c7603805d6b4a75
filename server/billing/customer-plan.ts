import type Stripe from 'stripe';
import type { Actor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { conflict, forbidden, invalid, notFound, ProblemError } from '../errors';
import { oweJob } from '../jobs/outbox';
import { RetrySoon } from '../jobs/settle';
import { Plan } from '../plans/plan.entity';
import { PlanPrice } from '../plans/plan-price.entity';
import { ask } from '../stripe/ask';
import { stripeOf } from '../stripe/client';
import { idOf } from '../stripe/facts';
import { lockTenant, updateTenant } from '../tenants/change-tenant';
import { Tenant } from '../tenants/tenant.entity';
import { openCheckout, priceOf } from './checkout';
import { liveSubscriptions } from './live-subscriptions';
import { syncAtOnce } from './sync-customer';

export { listInvoices, openBillingPortal } from './portal';

/** The plan that the tenant has now; or where the customer must go to pay, or to confirm with the bank. */
export type PlanAnswer = { planId: string } | { checkoutUrl: string } | { actionUrl: string };

async function requireWritable({ db }: Context, tenantId: string): Promise<Tenant> {
  const tenant = await db.getRepository(Tenant).findOneBy({ id: tenantId });
  if (!tenant || tenant.status === 'deleted') throw notFound('tenant', tenantId);
  if (tenant.status === 'suspended') throw forbidden('This tenant is suspended. Contact support.', 'tenant_suspended');
  return tenant;
}

const contactSales = (detail: string) => conflict('contact_sales', detail);

async function requirePlan({ db }: Context, planId: string): Promise<Plan> {
  const plan = await db.getRepository(Plan).findOneBy({ id: planId, active: true });
  if (!plan) throw invalid({ planId: `There is no plan "${planId}" to choose.` });
  if (plan.kind === 'custom') throw contactSales(`${plan.name} is agreed on by contract. Contact sales.`);
  return plan;
}

/** Reads the customer anew; where that can't be done at once, the workers owe it. */
async function syncAfter(context: Context, stripe: Stripe, actor: Actor, customerIds: Iterable<string>): Promise<void> {
  for (const customerId of new Set(customerIds)) {
    if (!(await syncAtOnce(context, stripe, actor, customerId)))
      await inTransaction(context.db, (tx) => oweJob(tx, { kind: 'sync-customer', subject: customerId }));
  }
}

async function currentPlan({ db }: Context, tenantId: string): Promise<{ planId: string }> {
  const { planId } = await db.getRepository(Tenant).findOneByOrFail({ id: tenantId });
  return { planId };
}

const audited = ({ db }: Context, actor: Actor, tenantId: string, action: string, to: unknown) =>
  inTransaction(db, (tx) =>
    recordAudit(tx, {
      actor,
      action,
      resource: 'tenants',
      resourceId: tenantId,
      tenantId,
      changes: { requested: { from: null, to } },
    }),
  );

/** To a free plan: at once where nothing is paid for, else at the end of the period. */
async function toFree(
  context: Context,
  stripe: Stripe,
  actor: Actor,
  tenant: Tenant,
  plan: Plan,
  live: Stripe.Subscription[],
): Promise<PlanAnswer> {
  const base = await context.db.getRepository(Plan).findOneByOrFail({ id: tenant.basePlanId });
  if (base.kind === 'custom') throw contactSales(`${base.name} was agreed on by contract. Contact sales to change it.`);
  await inTransaction(context.db, async (tx) => {
    const locked = await lockTenant(tx, tenant.id);
    await updateTenant(tx, context, actor, locked, { basePlanId: plan.id });
  });
  const running = live.filter((one) => !one.cancel_at_period_end && one.cancel_at === null);
  for (const { id } of running) await ask(stripe.subscriptions.update(id, { cancel_at_period_end: true }));
  if (running.length > 0) await audited(context, actor, tenant.id, 'tenant.cancel-subscription', plan.id);
  await syncAfter(
    context,
    stripe,
    actor,
    live.map(({ customer }) => idOf(customer)),
  );
  return currentPlan(context, tenant.id);
}

/** The item that earns the plan: the one whose price a plan knows, else the first. */
export async function planItem({ db }: Context, subscription: Stripe.Subscription): Promise<Stripe.SubscriptionItem> {
  const known = new Set((await db.getRepository(PlanPrice).find()).map(({ priceId }) => priceId));
  const items = subscription.items.data;
  const item = items.find(({ price }) => known.has(price.id)) ?? items[0];
  if (!item) throw conflict('no_item', 'The subscription has no item to change. Contact support.');
  return item;
}

export const endsByItself = (one: Stripe.Subscription): boolean => one.cancel_at_period_end || one.cancel_at !== null;
export const resumed = (one: Stripe.Subscription): Stripe.SubscriptionUpdateParams =>
  one.cancel_at_period_end ? { cancel_at_period_end: false } : one.cancel_at !== null ? { cancel_at: '' } : {};

/** From one paid plan to another: the price is swapped and the difference invoiced at once. */
async function swapPrice(
  context: Context,
  stripe: Stripe,
  actor: Actor,
  tenant: Tenant,
  plan: Plan,
  live: Stripe.Subscription[],
): Promise<PlanAnswer> {
  const subscription = live.find(({ id }) => id === tenant.subscriptionId) ?? live[0]!;
  const price = await priceOf(context, stripe, plan);
  const item = await planItem(context, subscription);
  if (item.price.id === price && !endsByItself(subscription)) {
    await syncAfter(context, stripe, actor, [idOf(subscription.customer)]);
    return currentPlan(context, tenant.id);
  }
  const swap: Stripe.SubscriptionUpdateParams =
    item.price.id === price
      ? {}
      : { items: [{ id: item.id, price }], proration_behavior: 'always_invoice', payment_behavior: 'allow_incomplete' };
  // Two clicks within a minute are one change; a change back and forth later is a new one.
  const minute = Math.floor(Date.now() / 60_000);
  const invoice = subscription.latest_invoice ? idOf(subscription.latest_invoice) : 'none';
  const changed = await ask(
    stripe.subscriptions.update(
      subscription.id,
      { ...swap, ...resumed(subscription), expand: ['latest_invoice'] },
      { idempotencyKey: ['swap', subscription.id, item.price.id, price, invoice, minute].join('/') },
    ),
  );
  await audited(context, actor, tenant.id, 'tenant.swap-price', plan.id);
  await syncAfter(context, stripe, actor, [idOf(subscription.customer)]);
  const latest = changed.latest_invoice;
  if (latest && typeof latest !== 'string' && latest.status === 'open' && latest.hosted_invoice_url)
    return { actionUrl: latest.hosted_invoice_url };
  return currentPlan(context, tenant.id);
}

const busy = (error: unknown): never => {
  if (!(error instanceof RetrySoon)) throw error;
  throw new ProblemError({
    status: 409,
    code: 'billing_busy',
    title: 'Busy',
    detail: 'Another change of this plan is on its way. Try again in a moment.',
    retryAfterSeconds: 5,
  });
};

/**
 * Changes a tenant's plan on behalf of its own user. Free: at once where no live subscription is, else at the end of
 * the period. Paid: a checkout for the first, a swap of the price after that.
 *
 * @throws ProblemError 400 for an unknown plan, 403 `tenant_suspended`, 409 `contact_sales` for contract plans, 402
 * and 503 from Stripe
 */
export async function changePlan(
  context: Context,
  actor: Actor,
  tenantId: string,
  planId: string,
): Promise<PlanAnswer> {
  const tenant = await requireWritable(context, tenantId);
  const plan = await requirePlan(context, planId);
  const stripe = stripeOf(context.config);
  const live = await liveSubscriptions(context, stripe, tenantId);
  if (plan.kind === 'free') return toFree(context, stripe, actor, tenant, plan, live);
  if (live.length > 0) return swapPrice(context, stripe, actor, tenant, plan, live);
  const { url } = await openCheckout(context, stripe, actor, tenant, plan).catch(busy);
  return { checkoutUrl: url };
}

/** Takes back a cancellation that has not taken effect yet. Throws 409 `not_cancelled` where there is none. */
export async function resumePlan(context: Context, actor: Actor, tenantId: string): Promise<{ planId: string }> {
  await requireWritable(context, tenantId);
  const stripe = stripeOf(context.config);
  const ending = (await liveSubscriptions(context, stripe, tenantId)).filter(endsByItself);
  if (ending.length === 0) throw conflict('not_cancelled', 'Nothing is cancelled, so there is nothing to resume.');
  for (const one of ending) await ask(stripe.subscriptions.update(one.id, resumed(one)));
  await audited(context, actor, tenantId, 'tenant.resume-subscription', ending.map(({ id }) => id).join(', '));
  await syncAfter(
    context,
    stripe,
    actor,
    ending.map(({ customer }) => idOf(customer)),
  );
  return currentPlan(context, tenantId);
}
