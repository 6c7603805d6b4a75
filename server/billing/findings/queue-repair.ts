import type { Actor } from '../../audit/actor';
import { recordAudit } from '../../audit/record';
import type { Context } from '../../context';
import { inTransaction } from '../../db/transaction';
import { conflict } from '../../errors';
import { oweJob } from '../../jobs/outbox';
import { lockFinding } from './change-finding';
import { customersOfFinding } from './read-again';
import { replayFailed } from './repair-finding';
import { requireRepairOf } from './repairable';

/**
 * Has the workers do a repair that reads Stripe again and nothing else: safe for many at once.
 * @throws ProblemError 404; 409 where it is resolved, has no repair, or one that a person must look at
 */
export async function queueRepair(context: Context, actor: Actor, id: string): Promise<void> {
  await inTransaction(context.db, async (tx) => {
    const finding = await lockFinding(tx, id);
    const { verb, label } = requireRepairOf(finding);
    if (finding.status === 'resolved') throw conflict('finding_resolved', 'The difference is gone already.');
    if (verb !== 'sync' && verb !== 'replay')
      throw conflict('one_by_one', `“${label}” moves money or plans: look at it and do it one by one.`);
    const customerIds = await customersOfFinding({ db: tx }, finding);
    if (customerIds.length === 0) throw conflict('no_customer', 'No Stripe customer belongs to this finding any more.');
    if (verb === 'replay') await replayFailed(tx, context, actor, customerIds);
    for (const subject of customerIds) await oweJob(tx, { kind: 'sync-customer', subject });
    const changes = { repair: { from: null, to: verb } };
    const { tenantId } = finding;
    await recordAudit(tx, { actor, action: 'finding.repair', resource: 'findings', resourceId: id, tenantId, changes });
  });
}
