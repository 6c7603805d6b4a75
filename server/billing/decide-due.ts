import { LessThanOrEqual } from 'typeorm';
import { workerActor } from '../audit/actor';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { Tenant } from '../tenants/tenant.entity';
import { decideTenant } from './decide-tenant';

const BATCH = 100;
const actor = workerActor('clock');

/**
 * Decides the plans of tenants whose time has come: the end of an override, of grace, of a cancelled period. A tenant
 * that another worker holds is left to it. Gives how many were decided.
 */
export async function decideDueTenants(context: Context): Promise<number> {
  const { db, now } = context;
  let decided = 0;
  for (let after = ''; ; ) {
    const due = await db
      .createQueryBuilder(Tenant, 't')
      .select('t.id', 'id')
      .where('t.nextDecisionAt <= :now AND t.id > :after', { now: now(), after })
      .orderBy('t.id')
      .limit(BATCH)
      .getRawMany<{ id: string }>();
    for (const { id } of due) {
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
