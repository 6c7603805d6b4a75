import type Stripe from 'stripe';
import { LessThanOrEqual } from 'typeorm';
import { workerActor } from '../audit/actor';
import type { Context } from '../context';
import { inTransaction, rehearse } from '../db/transaction';
import { stripeOf } from '../stripe/client';
import { withStripePriority } from '../stripe/priority';
import { Tenant } from '../tenants/tenant.entity';
import { decideTenant } from './decide-tenant';
import { customersOf } from './live-subscriptions';
import { syncCustomer } from './sync-customer';

const BATCH = 100;
/** Stripe is asked before a plan falls; a round in which it does not answer goes on by what we know. */
const WAIT_MS = 1000;
const actor = workerActor('clock');

/** Tries to read what a tenant pays for. Gives whether Stripe answered. */
async function readAgain(context: Context, stripe: Stripe, tenantId: string): Promise<boolean> {
  try {
    for (const { id } of await customersOf(context, tenantId))
      await withStripePriority('event', () => syncCustomer(context, stripe, id, { actor }, { waitMs: WAIT_MS }));
    return true;
  } catch (error) {
    context.log.warn({ err: error, tenantId }, 'Stripe was not read before time lowered a plan');
    return false;
  }
}

/** Whether time alone would take from a tenant what a subscription gives it. */
async function wouldFall(context: Context, id: string): Promise<boolean> {
  const tenant = await context.db.getRepository(Tenant).findOneBy({ id, planSource: 'subscription' });
  if (!tenant) return false;
  const decision = await rehearse(context.db, (tx) => decideTenant(tx, context, id, { actor }));
  return decision !== null && decision.planId !== tenant.planId;
}

/**
 * Decides the plans of tenants whose time has come: the end of an override, of grace, of a cancelled period. Before a
 * payer falls Stripe is asked, since a resumption may have gone unheard. A tenant that another worker holds is left to
 * it. Gives how many were decided.
 */
export async function decideDueTenants(context: Context): Promise<number> {
  const { db, now } = context;
  let decided = 0;
  let answers = true;
  for (let after = ''; ; ) {
    const due = await db
      .createQueryBuilder(Tenant, 't')
      .select('t.id', 'id')
      .where('t.nextDecisionAt <= :now AND t.id > :after', { now: now(), after })
      .orderBy('t.id')
      .limit(BATCH)
      .getRawMany<{ id: string }>();
    for (const { id } of due) {
      if (answers && (await wouldFall(context, id))) answers = await readAgain(context, stripeOf(context.config), id);
      await inTransaction(db, async (tx) => {
        const held = await tx.findOne(Tenant, {
          where: { id, nextDecisionAt: LessThanOrEqual(now()) },
          lock: { mode: 'pessimistic_write', onLocked: 'skip_locked' },
        });
        if (!held) return;
        await decideTenant(tx, context, id, { actor });
        decided += 1;
      });
    }
    const last = due.at(-1);
    if (!last || due.length < BATCH) return decided;
    after = last.id;
  }
}
