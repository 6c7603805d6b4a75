import type { EntityManager } from 'typeorm';
import type { Actor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { conflict, notFound } from '../errors';
import { oweJob } from '../jobs/outbox';
import { Tenant } from '../tenants/tenant.entity';
import { StripeCustomer } from './stripe-customer.entity';
import { StripeEvent } from './stripe-event.entity';

/**
 * Has the customer of a stored event read again, as if the event had just come, whatever became of it the first time.
 * Throws 404; 409 where it names no customer, or is of the other mode.
 */
export async function replayEvent(tx: EntityManager, context: Context, actor: Actor, eventId: string): Promise<void> {
  const event = await tx.findOne(StripeEvent, { where: { id: eventId }, lock: { mode: 'pessimistic_write' } });
  if (!event) throw notFound('stripe-event', eventId);
  if (!event.customerId) throw conflict('no_customer', 'This event names no customer, so there is nothing to read.');
  if (event.livemode !== context.config.stripe.livemode)
    throw conflict('wrong_mode', 'This event is of the other Stripe mode (live or test) than our key.');
  await tx.update(
    StripeEvent,
    { id: eventId },
    { status: 'received', source: 'replay', attempts: 0, error: null, processedAt: null },
  );
  await oweJob(tx, { kind: 'sync-customer', subject: event.customerId });
  await recordAudit(tx, {
    actor,
    action: 'stripe-event.replay',
    resource: 'stripe-events',
    resourceId: eventId,
    changes: { status: { from: event.status, to: 'received' } },
  });
}

/**
 * Has all Stripe customers of a tenant read again and its plan decided anew, by the workers. Gives how many customers
 * will be read. Throws 404.
 */
export async function reconcileTenant(
  context: Context,
  actor: Actor,
  tenantId: string,
): Promise<{ customers: number }> {
  return inTransaction(context.db, async (tx) => {
    if (!(await tx.existsBy(Tenant, { id: tenantId }))) throw notFound('tenant', tenantId);
    const customers = await tx.findBy(StripeCustomer, { tenantId });
    for (const { id } of customers) await oweJob(tx, { kind: 'sync-customer', subject: id });
    await oweJob(tx, { kind: 'decide-tenant', subject: tenantId });
    await recordAudit(tx, { actor, action: 'tenant.reconcile', resource: 'tenants', resourceId: tenantId, tenantId });
    return { customers: customers.length };
  });
}
