import type { EntityManager } from 'typeorm';
import type { Actor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import { inTransaction, isDuplicate } from '../db/transaction';
import { conflict, notFound } from '../errors';
import { ReconcileChange, ReconcileRow, ReconcileRun } from './reconcile-run.entity';
import { runInProgress } from './start-run';

async function lockRun(tx: EntityManager, id: string): Promise<ReconcileRun> {
  const run = await tx.findOne(ReconcileRun, { where: { id }, lock: { mode: 'pessimistic_write' } });
  if (!run) throw notFound('reconcile-run', id);
  return run;
}

const audit = (tx: EntityManager, actor: Actor, action: string, run: ReconcileRun, to: Partial<ReconcileRun>) =>
  recordAudit(tx, {
    actor,
    action: `reconcile-run.${action}`,
    resource: 'reconcile-runs',
    resourceId: run.id,
    changes: Object.fromEntries(
      Object.entries(to).map(([field, value]) => [field, { from: run[field as keyof ReconcileRun], to: value }]),
    ),
  });

/** Ends a run at once; what it has written stays. Throws 404, and 409 where it is over. */
export async function cancelRun({ db, now }: Context, actor: Actor, id: string): Promise<void> {
  await inTransaction(db, async (tx) => {
    const run = await lockRun(tx, id);
    if (run.status !== 'running')
      throw conflict('not_running', `This run is ${run.status}; there is nothing to cancel.`);
    await tx.update(ReconcileRun, { id }, { status: 'cancelled', active: null, finishedAt: now() });
    await audit(tx, actor, 'cancel', run, { status: 'cancelled' });
  });
}

/** What an operator types to have plans lowered. */
export const confirmPhrase = ({ lowered }: Pick<ReconcileRun, 'lowered'>): string =>
  `lower ${lowered} ${lowered === 1 ? 'tenant' : 'tenants'}`;

/**
 * Has what a dry run found written now. Every customer is read from Stripe again first, so that nothing which changed
 * since is undone.
 * @throws ProblemError 404; 409 where it is no finished dry run, or found nothing, or another run is under way, or
 * tenants would lose their plan and `confirm` does not say so
 */
export async function applyRun({ db }: Context, actor: Actor, id: string, confirm: string | undefined): Promise<void> {
  try {
    await inTransaction(db, async (tx) => {
      const run = await lockRun(tx, id);
      if (run.mode !== 'dry-run' || run.status !== 'done')
        throw conflict('not_a_dry_run', 'Only a dry run that is done can be applied.');
      if (!(await tx.existsBy(ReconcileRow, { runId: id })))
        throw conflict('nothing_to_apply', 'This run found nothing to change, or it is too old. Start another.');
      if (run.lowered > 0 && confirm !== confirmPhrase(run))
        throw conflict(
          'confirm_needed',
          `This would lower the plans of ${run.lowered} tenants. Send {"confirm": "${confirmPhrase(run)}"} to go on.`,
        );
      await tx.update(ReconcileChange, { runId: id, state: 'planned' }, { state: 'stale' });
      await tx.update(ReconcileRow, { runId: id }, { reading: null });
      const again = { findings: 0, lowered: 0, progress: 0, error: null, finishedAt: null };
      const running = { mode: 'apply', status: 'running', active: 1, approved: true, ...again } as const;
      await tx.update(ReconcileRun, { id }, running);
      await audit(tx, actor, 'apply', run, { mode: 'apply' });
    });
  } catch (error) {
    if (isDuplicate(error)) throw runInProgress();
    throw error;
  }
}
