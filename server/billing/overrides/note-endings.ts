import type { EntityManager } from 'typeorm';
import { overrideStatus } from '../../../domain/override';
import { workerActor } from '../../audit/actor';
import { recordAudits } from '../../audit/record';
import type { Context } from '../../context';
import { inTransaction } from '../../db/transaction';
import { queueEmail } from '../../emails/queue-email';
import { Operator } from '../../operators/operator.entity';
import { Tenant } from '../../tenants/tenant.entity';
import { decideAt, factsOf } from '../operator-actions/preview-facts';
import { Override } from '../override.entity';

const BATCH = 50;
const actor = workerActor('clock');

/** Who granted it, where that is an operator who still works here; else every admin: somebody must know. */
async function addressesOf(tx: EntityManager, { createdByType, createdById }: Override): Promise<string[]> {
  const operators = tx.getRepository(Operator);
  const granter = createdByType === 'operator' && createdById ? { id: createdById, status: 'active' as const } : null;
  const found = granter ? await operators.findBy(granter) : [];
  const told = found.length > 0 ? found : await operators.findBy({ role: 'admin', status: 'active' });
  return told.map(({ email }) => email);
}

/** Queues the mails that tell of one end. Gives whether there was anything to tell. */
async function tell(tx: EntityManager, context: Context, override: Override): Promise<boolean> {
  if (overrideStatus(override, context.now()) === 'ended') return false;
  const tenant = await tx.findOneByOrFail(Tenant, { id: override.tenantId });
  if (tenant.status === 'deleted') return false;
  const facts = await factsOf(context, tx, tenant);
  const then = decideAt(context, facts, facts.subscriptions, override.endsAt);
  const nameOf = (planId: string) => facts.catalogue.find(({ id }) => id === planId)?.name ?? planId;
  const data = {
    overrideId: override.id,
    endsAt: override.endsAt.toISOString(),
    tenantName: tenant.name,
    planName: nameOf(override.planId),
    thenPlanName: nameOf(then.planId),
    reason: override.reason,
    grantedBy: override.createdByName,
  };
  for (const to of await addressesOf(tx, override))
    await queueEmail(tx, context, { kind: 'override-ending', to, data, tenantId: tenant.id });
  return true;
}

/** Works off one batch of the notes that are due; those that another worker holds are left to it. */
const noteBatch = (context: Context): Promise<number> =>
  inTransaction(context.db, async (tx) => {
    const now = context.now();
    const due = await tx
      .createQueryBuilder(Override, 'o')
      .where('o.noteDueAt <= :now', { now })
      .orderBy('o.noteDueAt')
      .limit(BATCH)
      .setLock('pessimistic_write')
      .setOnLocked('skip_locked')
      .getMany();
    if (due.length === 0) return 0;
    const told: Override[] = [];
    for (const override of due) if (await tell(tx, context, override)) told.push(override);
    // An operator's open form must not become stale by it: the version stays.
    const ids = (overrides: Override[]) => overrides.map(({ id }) => id);
    await tx.query('UPDATE overrides SET noteDueAt = NULL WHERE id IN (?)', [ids(due)]);
    if (told.length > 0) await tx.query('UPDATE overrides SET notedAt = ? WHERE id IN (?)', [now, ids(told)]);
    const audits = told.map(({ id, tenantId, notedAt }) => ({
      actor,
      action: 'override.note',
      resource: 'overrides',
      resourceId: id,
      tenantId,
      changes: { notedAt: { from: notedAt, to: now } },
    }));
    await recordAudits(tx, audits);
    return due.length;
  });

/**
 * Tells by mail of every override whose end is near, once for each end: the note is owed by a column that the very
 * transaction which queues the mail clears. Of those that ended while no worker ran nobody is told any more.
 */
export async function noteEndings(context: Context): Promise<void> {
  while ((await noteBatch(context)) === BATCH);
}

/** Whether a note that was queued still tells the truth: the override runs, and ends when it says. */
export async function noteStillHolds({ db, now }: Context, { overrideId, endsAt }: Record<string, string>) {
  const override = await db.getRepository(Override).findOneBy({ id: overrideId ?? '' });
  if (!override || overrideStatus(override, now()) === 'ended') return false;
  return override.endsAt.toISOString() === endsAt;
}
