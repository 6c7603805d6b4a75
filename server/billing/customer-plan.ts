import type Stripe from 'stripe';
import type { Actor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { conflict, forbidden, invalid, notFound, ProblemError } from '../errors';
import { oweJob } from '../jobs/outbox';
import { RetrySoon } from '../jobs/settle';
import { Plan } from '../plans/plan.entity';
import { ask } from '../stripe/ask';
import { stripeOf } from '../stripe/client';
import { idOf } from '../stripe/facts';
import { lockTenant, updateTenant } from '../tenants/change-tenant';
import { Tenant } from '../tenants/tenant.entity';
import { openCheckout, priceOf } from './checkout';
import { liveSubscriptions } from './live-subscriptions';
import { askToChange } from './operator-actions/change-at-stripe';
import { endsByItself, resumed, swappedItems } from './swap';
import { syncAtOnce } from './sync-customer';

export { listInvoices, openBillingPortal } from './portal';

/** The plan that the tenant has now; or where the customer must go to pay, or to confirm with the bank. */
export type PlanAnswer = { planId: string } | { checkoutUrl: string } | { actionUrl: string };

export async function requireWritable({ db }: Context, tenantId: string): Promise<Tenant> {
  const tenant = await db.getRepository(Tenant).findOneBy({ id: tenantId });
  if (!tenant || tenant.status === 'deleted') throw notFound('tenant', tenantId);
  if (tenant.status === 'suspended') throw forbidden('This tenant is suspended. Contact support.', 'tenant_suspended');
  return tenant;
}

const contactSales = (detail: string) => conflict('contact_sales', detail);

export async function requirePlan({ db }: Context, planId: string): Promise<Plan> {
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

/** Where the customer pays, or confirms with the bank, what a change of plan waits for. */
async function whereToConfirm(stripe: Stripe, { latest_invoice }: Stripe.Subscription): Promise<string | null> {
  if (latest_invoice === null) return null;
  const invoice = await ask(stripe.invoices.retrieve(idOf(latest_invoice)));
  return invoice.status === 'open' ? (invoice.hosted_invoice_url ?? null) : null;
}

/**
 * From one paid plan to another: the price is swapped and the difference invoiced at once. Where the card fails, or the
 * bank asks, Stripe keeps the change pending until the invoice is paid (at most 23 hours), and the plan is as it was:
 * https://docs.stripe.com/billing/subscriptions/pending-updates
 */
async function swapPrice(
  context: Context,
  stripe: Stripe,
  actor: Actor,
  tenant: Tenant,
  plan: Plan,
  live: Stripe.Subscription[],
  prorationDate: Date | undefined,
): Promise<PlanAnswer> {
  const subscription = paidBy(tenant, live);
  const price = await priceOf(context, stripe, plan);
  const { item, items } = await swappedItems(context, subscription, plan, price, tenant);
  const customers = [idOf(subscription.customer)];
  if (subscription.pending_update?.subscription_items?.some((one) => one.price.id === price)) {
    const actionUrl = await whereToConfirm(stripe, subscription);
    if (actionUrl) return { actionUrl };
  }
  const swaps = item.price.id !== price;
  const changed = swaps ? await swapAtStripe(stripe, subscription, item, items, prorationDate) : subscription;
  // Only a change that was made takes a cancellation back: one that waits, or is refused, leaves it as it was.
  const resumes = endsByItself(subscription) && !changed.pending_update;
  if (resumes) await ask(stripe.subscriptions.update(subscription.id, resumed(subscription)));
  if (swaps || resumes) await audited(context, actor, tenant.id, 'tenant.swap-price', plan.id);
  await syncAfter(context, stripe, actor, customers);
  const actionUrl = swaps ? await whereToConfirm(stripe, changed) : null;
  return actionUrl ? { actionUrl } : currentPlan(context, tenant.id);
}

/** The subscription that pays for the tenant's plan. */
export const paidBy = ({ subscriptionId }: Pick<Tenant, 'subscriptionId'>, live: Stripe.Subscription[]) =>
  live.find(({ id }) => id === subscriptionId) ?? live[0]!;

async function swapAtStripe(
  stripe: Stripe,
  { id, status, latest_invoice, collection_method }: Stripe.Subscription,
  before: Stripe.SubscriptionItem,
  items: { id: string; price: string; quantity: number }[],
  prorationDate: Date | undefined,
): Promise<Stripe.Subscription> {
  // Two clicks within a minute are one change; a change back and forth later is a new one.
  const minute = Math.floor(Date.now() / 60_000);
  const invoice = latest_invoice ? idOf(latest_invoice) : 'none';
  const date = prorationDate && status !== 'trialing' ? Math.floor(+prorationDate / 1000) : undefined;
  const after = items.map(({ price, quantity }) => `${price}x${quantity}`);
  return askToChange(
    stripe.subscriptions.update(
      id,
      {
        items,
        proration_behavior: 'always_invoice',
        ...(date === undefined ? {} : { proration_date: date }),
        ...(collection_method === 'charge_automatically' ? { payment_behavior: 'pending_if_incomplete' } : {}),
      },
      { idempotencyKey: ['swap', id, before.price.id, ...after, invoice, date ?? minute].join('/') },
    ),
  );
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
 * the period. Paid: a checkout for the first, a swap of the price after that, charged as a preview at `prorationDate`
 * said.
 *
 * @throws ProblemError 400 for an unknown plan, 403 `tenant_suspended`, 409 `contact_sales` for contract plans, 402
 * and 503 from Stripe
 */
export async function changePlan(
  context: Context,
  actor: Actor,
  tenantId: string,
  planId: string,
  prorationDate?: Date,
): Promise<PlanAnswer> {
  const tenant = await requireWritable(context, tenantId);
  const plan = await requirePlan(context, planId);
  const stripe = stripeOf(context.config);
  const live = await liveSubscriptions(context, stripe, tenantId);
  if (plan.kind === 'free') return toFree(context, stripe, actor, tenant, plan, live);
  if (live.length > 0) return swapPrice(context, stripe, actor, tenant, plan, live, prorationDate);
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
