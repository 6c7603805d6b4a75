import type Stripe from 'stripe';
import type { EntityManager } from 'typeorm';
import type { Actor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { conflict, invalid, notFound } from '../errors';
import { oweJob } from '../jobs/outbox';
import { lockTenant } from '../tenants/change-tenant';
import { decideTenant } from './decide-tenant';
import { originOf } from './explanation/origin';
import { askToChange } from './operator-actions/change-at-stripe';
import { StripeCustomer } from './stripe-customer.entity';
import { Subscription } from './subscription.entity';
import { syncAtOnce } from './sync-customer';

async function lockCustomer(tx: EntityManager, { config }: Context, customerId: string): Promise<StripeCustomer> {
  await tx.query('INSERT IGNORE INTO stripe_customers (id, tenantId, livemode, deleted) VALUES (?, NULL, ?, 0)', [
    customerId,
    config.stripe.livemode,
  ]);
  const lock = { mode: 'pessimistic_write' as const };
  return tx.findOneOrFail(StripeCustomer, { where: { id: customerId }, lock });
}

/** Writes the link, or its end, with its audit entry. The tenant's row and the customer's are held by the caller. */
async function writeLink(
  tx: EntityManager,
  { actor, at }: { actor: Actor; at: Date },
  tenantId: string,
  customerId: string,
  link: Pick<StripeCustomer, 'tenantId' | 'unlinkedAt'>,
): Promise<void> {
  await tx.update(StripeCustomer, { id: customerId }, link);
  await tx.update(Subscription, { customerId }, { tenantId: link.tenantId, changedBy: originOf({ actor }, at) });
  const [from, to] = link.tenantId ? [null, customerId] : [customerId, null];
  await recordAudit(tx, {
    actor,
    action: link.tenantId ? 'tenant.link-customer' : 'tenant.unlink-customer',
    resource: 'tenants',
    resourceId: tenantId,
    tenantId,
    changes: { stripeCustomerId: { from, to } },
  });
}

/** Links a customer that was just made for the tenant, unless it is linked by now or was unlinked. */
export async function linkMadeCustomer(
  context: Context,
  actor: Actor,
  tenantId: string,
  customerId: string,
): Promise<void> {
  await inTransaction(context.db, async (tx) => {
    await lockTenant(tx, tenantId);
    const customer = await lockCustomer(tx, context, customerId);
    if (customer.tenantId || customer.unlinkedAt) return;
    await writeLink(tx, { actor, at: context.now() }, tenantId, customerId, { tenantId, unlinkedAt: null });
  });
}

async function requireStripeCustomer({ config }: Context, stripe: Stripe, id: string): Promise<void> {
  const unknown = (reason: string) => invalid({ stripeCustomerId: reason });
  const read = stripe.customers.retrieve(id).catch((error: Stripe.errors.StripeError) => {
    if (error.code === 'resource_missing')
      throw unknown(`Stripe knows no customer "${id}" under our key. Check the id and the mode (live or test).`);
    throw error;
  });
  const customer = await askToChange(read);
  if (customer.deleted) throw unknown(`Customer "${id}" was deleted in Stripe.`);
  if (customer.livemode !== config.stripe.livemode)
    throw unknown(`Customer "${id}" is of the other Stripe mode (live or test) than our key.`);
}

/**
 * The link alone, in the caller's transaction. Linking again changes nothing.
 * @throws ProblemError 404, 409 where the tenant is deleted or another has the customer
 */
export async function tieCustomer(
  tx: EntityManager,
  context: Context,
  actor: Actor,
  tenantId: string,
  customerId: string,
): Promise<void> {
  const tenant = await lockTenant(tx, tenantId);
  if (tenant.status === 'deleted') throw conflict('tenant_deleted', 'This tenant is deleted. Restore it first.');
  const customer = await lockCustomer(tx, context, customerId);
  if (customer.tenantId && customer.tenantId !== tenantId)
    throw conflict(
      'customer_linked',
      `This customer belongs to tenant ${customer.tenantId}. Unlink it there first, if that is wrong.`,
    );
  if (!customer.tenantId)
    await writeLink(tx, { actor, at: context.now() }, tenantId, customerId, { tenantId, unlinkedAt: null });
}

/**
 * Ties a Stripe customer to a tenant, reads it, and decides the tenant's plan. Linking again changes nothing.
 * @throws ProblemError 400 where Stripe has no such customer, 404, 409 where another tenant has it, 503 without Stripe
 */
export async function linkCustomer(
  context: Context,
  stripe: Stripe,
  actor: Actor,
  tenantId: string,
  customerId: string,
): Promise<void> {
  await requireStripeCustomer(context, stripe, customerId);
  await inTransaction(context.db, async (tx) => {
    await tieCustomer(tx, context, actor, tenantId, customerId);
    await oweJob(tx, { kind: 'sync-customer', subject: customerId });
  });
  await syncAtOnce(context, stripe, actor, customerId);
}

/**
 * Unties a Stripe customer from a tenant and decides the tenant's plan without it. Its metadata links it never again.
 * Of one that an operator unlinked already nothing is done.
 * @throws ProblemError 404 where the tenant has no such customer
 */
export async function unlinkCustomer(
  context: Context,
  stripe: Stripe,
  actor: Actor,
  tenantId: string,
  customerId: string,
): Promise<void> {
  await inTransaction(context.db, async (tx) => {
    await lockTenant(tx, tenantId);
    const lock = { mode: 'pessimistic_write' as const };
    const customer = await tx.findOne(StripeCustomer, { where: { id: customerId }, lock });
    if (customer && !customer.tenantId && customer.unlinkedAt) return;
    if (customer?.tenantId !== tenantId) throw notFound('stripe-customer', customerId);
    await writeLink(tx, { actor, at: context.now() }, tenantId, customerId, {
      tenantId: null,
      unlinkedAt: context.now(),
    });
    await decideTenant(tx, context, tenantId, { actor });
    await oweJob(tx, { kind: 'sync-customer', subject: customerId });
  });
  // Whoever goes on paying without a tenant is told of by a finding.
  await syncAtOnce(context, stripe, actor, customerId);
}
