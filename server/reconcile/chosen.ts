import { In } from 'typeorm';
import { decideTenants, lockTenants } from '../billing/decide-tenant';
import { StripeCustomer } from '../billing/stripe-customer.entity';
import type { Context } from '../context';
import { insertMany } from '../db/bulk';
import { inTransaction } from '../db/transaction';
import { ReconcileRow, type ReconcileRun } from './reconcile-run.entity';
import { runCause } from './run-cause';

const BATCH = 500;

/** Stages the customers of a run that is not about the whole account: each is read by itself. */
export async function stageChosen(context: Context, run: ReconcileRun): Promise<void> {
  const ids = run.tenantIds ?? [];
  for (let from = 0; from < ids.length; from += BATCH) await stageTenants(context, run, ids.slice(from, from + BATCH));
}

async function stageTenants(context: Context, run: ReconcileRun, tenantIds: string[]): Promise<void> {
  const { livemode } = context.config.stripe;
  const customers = await context.db.getRepository(StripeCustomer).findBy({ tenantId: In(tenantIds), livemode });
  const rows = customers.map(({ id }) => ({
    runId: run.id,
    subscriptionId: id,
    customerId: id,
    namesTenantId: null,
    readAt: context.now(),
    reading: null,
  }));
  await inTransaction(context.db, async (tx) => {
    await insertMany<ReconcileRow>(tx, ReconcileRow, rows, { update: ['readAt'] });
    if (run.mode !== 'apply') return;
    // Those without a customer are decided anew from what we know, which is all there is to prove.
    const paying = new Set(customers.map(({ tenantId }) => tenantId));
    const others = await lockTenants(
      tx,
      tenantIds.filter((id) => !paying.has(id)),
    );
    await decideTenants(tx, context, others, runCause(run));
    if (others.size > 0)
      await tx.query('UPDATE tenants SET lastSyncedAt = ?, updatedAt = updatedAt WHERE id IN (?)', [
        context.now(),
        [...others.keys()],
      ]);
  });
}
