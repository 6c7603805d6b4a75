import { In } from 'typeorm';
import { workerActor } from '../audit/actor';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { finishJobs } from '../jobs/settle';
import { lockTenant, updateTenant } from '../tenants/change-tenant';
import { Tenant } from '../tenants/tenant.entity';
import { Plan } from './plan.entity';

const actor = workerActor('retire-plan');
/** Few enough that no tenant is locked for long. */
const BATCH = 50;

/**
 * Gives tenants whose base plan is a retired one its successor, in batches, each in a transaction of its own: cut off
 * at any point, the next run goes on with those that are left. Stops where the plan is active again or has no successor
 * any more; the jobs `owed` are done then as well. Deleted tenants stay as they are.
 */
export async function leavePlan(context: Context, planId: string, owed: string[]): Promise<void> {
  for (let going = true; going; )
    going = await inTransaction(context.db, async (tx) => {
      const plan = await tx.findOne(Plan, { where: { id: planId }, lock: { mode: 'pessimistic_read' } });
      const successor = plan?.active === false ? plan.successorId : null;
      const rows = successor
        ? await tx.find(Tenant, {
            select: { id: true },
            where: { basePlanId: planId, status: In(['active', 'suspended']) },
            order: { id: 'ASC' },
            take: BATCH,
          })
        : [];
      for (const { id } of rows) {
        const tenant = await lockTenant(tx, id);
        if (tenant.basePlanId !== planId || tenant.status === 'deleted') continue;
        await updateTenant(tx, context, actor, tenant, { basePlanId: successor! });
      }
      if (rows.length === 0) await finishJobs(tx, owed);
      return rows.length > 0;
    });
}
