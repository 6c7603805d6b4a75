import type Stripe from 'stripe';
import { type EntityManager, In } from 'typeorm';
import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { finishJobs, openJobs } from '../jobs/settle';
import { type CustomerReading, readCustomer } from '../stripe/read-customer';
import { Tenant } from '../tenants/tenant.entity';
import { type Cause, decideTenant } from './decide-tenant';
import { requireFence, withLease } from './lease';
import { StripeCustomer } from './stripe-customer.entity';
import { StripeEvent } from './stripe-event.entity';
import { writeMirror } from './write-mirror';

/** The cause of what Stripe's events bring about. */
export const stripeCause: Cause = { actor: { type: 'stripe', id: null, name: 'Stripe' } };

/** What a reading answers: the events and jobs that stood before it began. Later ones are read for again. */
interface Answered {
  eventIds: string[];
  jobIds: string[];
}

async function standing({ db }: Context, customerId: string): Promise<Answered> {
  const [events, jobIds] = await Promise.all([
    db.getRepository(StripeEvent).find({
      select: { id: true },
      where: { customerId, status: In(['received', 'failed']) },
      order: { receivedAt: 'ASC' },
    }),
    openJobs(db, 'sync-customer', customerId),
  ]);
  return { eventIds: events.map(({ id }) => id), jobIds };
}

async function finish(tx: EntityManager, answered: Answered, now: Date, ignoredFor?: string): Promise<void> {
  if (answered.eventIds.length > 0)
    await tx.update(
      StripeEvent,
      { id: In(answered.eventIds) },
      {
        status: ignoredFor ? 'ignored' : 'processed',
        processedAt: now,
        error: ignoredFor ?? null,
        attempts: () => 'attempts + 1',
      },
    );
  await finishJobs(tx, answered.jobIds);
}

/** The tenant that a customer pays for: our own record first, then Stripe's metadata, never after an unlink. */
async function tenantOf(
  tx: EntityManager,
  known: StripeCustomer | null,
  reading: CustomerReading,
): Promise<string | null> {
  if (known?.tenantId) return known.tenantId;
  if (known?.unlinkedAt || reading.deleted || !reading.tenantId) return null;
  return (await tx.existsBy(Tenant, { id: reading.tenantId })) ? reading.tenantId : null;
}

async function lockTenants(tx: EntityManager, ids: (string | null | undefined)[]): Promise<string[]> {
  const wanted = [...new Set(ids.filter((id): id is string => Boolean(id)))].sort();
  for (const id of wanted) await tx.findOne(Tenant, { where: { id }, lock: { mode: 'pessimistic_write' } });
  return wanted;
}

async function writeCustomer(
  tx: EntityManager,
  customerId: string,
  known: StripeCustomer | null,
  reading: CustomerReading,
  tenantId: string | null,
  { now, config }: Context,
): Promise<void> {
  const described = reading.deleted
    ? { deleted: true }
    : { deleted: false, livemode: reading.livemode, email: reading.email, name: reading.name };
  const row = { ...described, tenantId, syncedAt: now() };
  if (known) await tx.update(StripeCustomer, { id: customerId }, row);
  else await tx.insert(StripeCustomer, { id: customerId, livemode: config.stripe.livemode, ...row });
}

/**
 * Makes our copy of a Stripe customer equal to what Stripe says now, and decides the plan of its tenant. Stripe is
 * read under the customer's lease and outside any transaction; one transaction then writes everything, and marks the
 * events and jobs that stood before the reading began. Of the other mode (live or test), nothing is taken over.
 *
 * @throws RetrySoon where another worker syncs this customer, GiveUp where Stripe knows no such customer
 */
export async function syncCustomer(
  context: Context,
  stripe: Stripe,
  customerId: string,
  cause: Cause,
  waitMs = 0,
): Promise<void> {
  await withLease(
    context.db,
    customerId,
    async (lease) => {
      const answered = await standing(context, customerId);
      const reading = await readCustomer(stripe, customerId);
      await inTransaction(context.db, async (tx) => {
        await requireFence(tx, lease);
        const now = context.now();
        if (!reading.deleted && reading.livemode !== context.config.stripe.livemode)
          return finish(tx, answered, now, 'The customer is of the other Stripe mode than our key.');
        const seen = await tx.findOneBy(StripeCustomer, { id: customerId });
        const tenants = await lockTenants(tx, [seen?.tenantId, await tenantOf(tx, seen, reading)]);
        const known = await tx.findOne(StripeCustomer, {
          where: { id: customerId },
          lock: { mode: 'pessimistic_write' },
        });
        const tenantId = await tenantOf(tx, known, reading);
        if (tenantId && !tenants.includes(tenantId)) tenants.push(...(await lockTenants(tx, [tenantId])));
        await writeCustomer(tx, customerId, known, reading, tenantId, context);
        const told = { ...cause, eventId: cause.eventId ?? answered.eventIds.at(-1) ?? null };
        const formerTenants = await writeMirror(tx, { customerId, tenantId, reading, now, actor: told.actor });
        if (tenantId && tenantId !== known?.tenantId)
          await recordAudit(tx, {
            actor: told.actor,
            action: 'tenant.link-customer',
            resource: 'tenants',
            resourceId: tenantId,
            tenantId,
            changes: { stripeCustomerId: { from: null, to: customerId } },
          });
        for (const id of new Set([...tenants, ...formerTenants])) await decideTenant(tx, context, id, told);
        // Not by the repository: a sync is no change of the tenant, so its version and updatedAt stay.
        if (tenantId)
          await tx.query('UPDATE tenants SET lastSyncedAt = ?, updatedAt = updatedAt WHERE id = ?', [now, tenantId]);
        await finish(tx, answered, now);
      });
    },
    waitMs,
  );
}

/** Marks a customer's waiting events as failed, after their job failed for good; a replay or a later sync mends them. */
export async function failCustomerEvents({ db }: Context, customerId: string, reason: string): Promise<void> {
  await db
    .getRepository(StripeEvent)
    .update(
      { customerId, status: 'received' },
      { status: 'failed', error: reason.slice(0, 500), attempts: () => 'attempts + 1' },
    );
}
