import type Stripe from 'stripe';
import { type EntityManager, In } from 'typeorm';
import { handlerFailed } from '../../domain/customer-findings';
import type { Actor } from '../audit/actor';
import type { Context } from '../context';
import { inTransaction, rehearse } from '../db/transaction';
import { finishJobs, openJobs } from '../jobs/settle';
import { readCustomer } from '../stripe/read-customer';
import { applyReadings } from './apply-readings';
import type { Cause } from './cause';
import type { Decided } from './decide-tenant';
import { type Lease, requireFence, withLease } from './lease';
import { raiseEventful } from './settle-findings';
import { StripeCustomer } from './stripe-customer.entity';
import { StripeEvent } from './stripe-event.entity';

/** What a reading answers: the events and jobs that stood before it began. Later ones are read for again. */
interface Answered {
  eventIds: string[];
  /** No webhook brought any of them. */
  missed: boolean;
  jobIds: string[];
}

async function standing({ db }: Context, customerId: string): Promise<Answered> {
  // The jobs first: an event is committed with its job, so that no job is finished without its event.
  const jobIds = await openJobs(db, 'sync-customer', customerId);
  const events = await db.getRepository(StripeEvent).find({
    select: { id: true, source: true },
    where: { customerId, status: In(['received', 'failed']) },
    order: { receivedAt: 'ASC' },
  });
  const missed = events.length > 0 && events.every(({ source }) => source === 'catch-up');
  return { eventIds: events.map(({ id }) => id), missed, jobIds };
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

/**
 * Makes our copy of a Stripe customer equal to what Stripe says now, and decides the plan of its tenant. Stripe is
 * read under the customer's lease and outside any transaction; one transaction then writes everything, and marks the
 * events and jobs that stood before the reading began. Of the other mode (live or test), nothing is taken over.
 *
 * @param options how long to wait for the lease, in milliseconds; `keep: false` only rehearses
 * @throws RetrySoon where another worker syncs this customer, GiveUp where Stripe knows no such customer
 */
export async function syncCustomer(
  context: Context,
  stripe: Stripe,
  customerId: string,
  cause: Cause,
  { waitMs = 0, keep = true }: { waitMs?: number; keep?: boolean } = {},
): Promise<Decided> {
  const work = async (lease: Lease): Promise<Decided> => {
    const answered = await standing(context, customerId);
    const readAt = context.now();
    const reading = await readCustomer(stripe, customerId);
    return (keep ? inTransaction : rehearse)(context.db, async (tx) => {
      await requireFence(tx, lease);
      const { livemode } = reading.customer;
      if (livemode !== null && livemode !== context.config.stripe.livemode) {
        await finish(tx, answered, context.now(), 'The customer is of the other Stripe mode than our key.');
        return { decisions: new Map(), moves: [], findings: 0 };
      }
      const told: Cause = {
        ...cause,
        eventId: cause.eventId ?? answered.eventIds.at(-1) ?? null,
        ...(answered.missed ? { missed: 'catch-up' } : {}),
      };
      const decided = await applyReadings(tx, context, [{ customerId, readAt, ...reading }], told);
      await finish(tx, answered, context.now());
      return decided;
    });
  };
  return withLease(context.db, customerId, work, waitMs);
}

/** Shows on a customer's waiting events why they still wait: the last try failed, another follows. */
export async function noteFailedTry({ db }: Context, customerId: string, reason: string): Promise<void> {
  await db
    .getRepository(StripeEvent)
    .update({ customerId, status: 'received' }, { error: reason.slice(0, 500), attempts: () => 'attempts + 1' });
}

/** Reads a customer that was just changed at Stripe. Gives false where that can't be done at once: the workers must. */
export async function syncAtOnce(context: Context, stripe: Stripe, actor: Actor, customerId: string): Promise<boolean> {
  try {
    await syncCustomer(context, stripe, customerId, { actor }, { waitMs: 5000 });
    return true;
  } catch (error) {
    context.log.warn({ err: error, customerId }, 'sync after a change is left to the workers');
    return false;
  }
}

/** Marks a customer's waiting events as failed, after their job failed for good; a replay or a later sync mends them. */
export async function failCustomerEvents({ db, now }: Context, customerId: string, reason: string): Promise<void> {
  await inTransaction(db, async (tx) => {
    await tx.update(
      StripeEvent,
      { customerId, status: 'received' },
      { status: 'failed', error: reason.slice(0, 500), attempts: () => 'attempts + 1' },
    );
    const customer = await tx.findOneBy(StripeCustomer, { id: customerId });
    const scope = { tenantId: customer?.tenantId ?? null, customerId, found: [handlerFailed(customerId, reason)] };
    await raiseEventful(tx, [scope], now());
  });
}
