import { In } from 'typeorm';
import { workerActor } from '../../audit/actor';
import { recordAudits } from '../../audit/record';
import type { Context } from '../../context';
import { inTransaction } from '../../db/transaction';
import { Finding } from '../finding.entity';

const BATCH = 200;
const actor = workerActor('clock');

/** Opens one batch of snoozed findings whose date has come; those that another worker holds are left to it. */
const wakeBatch = ({ db, now }: Context): Promise<number> =>
  inTransaction(db, async (tx) => {
    const due = await tx
      .createQueryBuilder(Finding, 'f')
      .where("f.status = 'snoozed' AND f.snoozedUntil <= :now", { now: now() })
      .orderBy('f.snoozedUntil')
      .limit(BATCH)
      .setLock('pessimistic_write')
      .setOnLocked('skip_locked')
      .getMany();
    if (due.length === 0) return 0;
    await tx.update(Finding, { id: In(due.map(({ id }) => id)) }, { status: 'open', snoozedUntil: null });
    const audits = due.map(({ id, tenantId, snoozedUntil }) => ({
      actor,
      action: 'finding.wake',
      resource: 'findings',
      resourceId: id,
      tenantId,
      changes: { status: { from: 'snoozed', to: 'open' }, snoozedUntil: { from: snoozedUntil, to: null } },
    }));
    await recordAudits(tx, audits);
    return due.length;
  });

/** Opens every snoozed finding whose date has come. Gives how many. */
export async function wakeFindings(context: Context): Promise<number> {
  for (let woken = 0; ; ) {
    const batch = await wakeBatch(context);
    woken += batch;
    if (batch < BATCH) return woken;
  }
}
