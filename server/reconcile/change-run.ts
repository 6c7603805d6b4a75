import type { EntityManager } from 'typeorm';
import { In } from 'typeorm';
import { can } from '../../domain/permissions';
import { confirmPhrase, isPlanTooOld, needsSecondOperator, PLAN_HOURS } from '../../domain/reconcile-plan';
import type { Actor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import { inTransaction, isDuplicate } from '../db/transaction';
import { conflict, notFound } from '../errors';
import { Operator } from '../operators/operator.entity';
import { ReconcileChange, ReconcileRow, ReconcileRun, ReconcileWindow } from './reconcile-run.entity';
import { runInProgress } from './start-run';
import { countRows } from './totals';

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

/**
 * Ends a run at once. What it has written stays; planned rows that it did not come to are cancelled, and can be applied
 * later. Throws 404, and 409 where it is over.
 */
export async function cancelRun({ db, now }: Context, actor: Actor, id: string): Promise<void> {
  await inTransaction(db, async (tx) => {
    const run = await lockRun(tx, id);
    if (run.status !== 'running')
      throw conflict('not_running', `This run is ${run.status}; there is nothing to cancel.`);
    if (run.approved) await tx.update(ReconcileChange, { runId: id, state: 'planned' }, { state: 'cancelled' });
    await tx.update(ReconcileRun, { id }, { status: 'cancelled', active: null, finishedAt: now() });
    await countRows(tx, id);
    await audit(tx, actor, 'cancel', run, { status: 'cancelled' });
  });
}

/** Throws 409 where there is nothing that this run could apply now. */
async function requireApplicable(tx: EntityManager, run: ReconcileRun, now: Date): Promise<void> {
  const planned = run.mode === 'dry-run' && run.status === 'done';
  const again = run.mode === 'apply' && run.approved && run.status !== 'running' && run.open > 0;
  if (!planned && !again)
    throw conflict(
      'not_a_dry_run',
      'Only a dry run that is done can be applied, or an applied one of which rows failed or were cancelled.',
    );
  if (run.open === 0 && !(await tx.existsBy(ReconcileRow, { runId: run.id })))
    throw conflict('nothing_to_apply', 'This run found nothing to change, or it is too old. Start another.');
  if (run.finishedAt && isPlanTooOld(run.finishedAt, now))
    throw conflict(
      'run_too_old',
      `What was planned more than ${PLAN_HOURS} hours ago can't be applied. Start a new dry run.`,
    );
}

/** Throws 409 where plans are lowered and `confirm` does not say how many. */
function requireConfirmed({ openLowers }: ReconcileRun, confirm: string | undefined): void {
  if (openLowers === 0 || confirm === confirmPhrase(openLowers)) return;
  const tenants = openLowers === 1 ? 'the plan of 1 tenant' : `the plans of ${openLowers} tenants`;
  throw conflict(
    'confirm_needed',
    `This would lower ${tenants}. Send {"confirm": "${confirmPhrase(openLowers)}"} to go on.`,
  );
}

const byPerson = ({ type }: Actor): boolean => type === 'operator';

/** Whether somebody asked to apply it since it was applied last, if ever. */
export const awaitsApproval = ({ requestedAt, appliedAt }: Pick<ReconcileRun, 'requestedAt' | 'appliedAt'>): boolean =>
  requestedAt !== null && !(appliedAt && appliedAt >= requestedAt);

/** Whether whoever asked is still one who could apply it. */
async function stands(tx: EntityManager, { requestedById }: ReconcileRun): Promise<boolean> {
  if (!requestedById) return false;
  const operator = await tx.findOneBy(Operator, { id: requestedById, status: 'active' });
  return operator !== null && can(operator.role, 'reconcile-runs:apply');
}

/** Whether two operators have said yes; the first one's is recorded, and waits for the second. Throws 409. */
async function isApproved(tx: EntityManager, run: ReconcileRun, actor: Actor, now: Date): Promise<boolean> {
  if (!byPerson(actor))
    throw conflict('second_operator_needed', 'So many downgrades are applied by two operators, not by an API key.');
  if (awaitsApproval(run) && run.requestedById === actor.id)
    throw conflict('second_operator_needed', 'You asked for this already. Another admin must approve it.');
  if (awaitsApproval(run) && (await stands(tx, run))) return true;
  const request = { requestedById: actor.id, requestedByName: actor.name, requestedAt: now };
  await tx.update(ReconcileRun, { id: run.id }, request);
  await audit(tx, actor, 'request-approval', run, { requestedById: actor.id, requestedAt: now });
  return false;
}

/**
 * Has exactly what a dry run planned written; rows that no longer hold are refused one by one when their turn comes. Of
 * a run that was applied before, the rows that failed or were cancelled. Where more tenants would be lowered than one
 * operator may, the first call only asks, and another admin's starts it.
 * @throws ProblemError 404; 409 where it is no finished dry run, found nothing, is too old, another run is under way,
 * tenants would lose their plan and `confirm` does not say so, or the same operator asks twice
 */
export async function applyRun({ db, now }: Context, actor: Actor, id: string, confirm?: string): Promise<void> {
  try {
    await inTransaction(db, async (tx) => {
      const run = await lockRun(tx, id);
      await requireApplicable(tx, run, now());
      requireConfirmed(run, confirm);
      if (needsSecondOperator(run.openLowers) && !(await isApproved(tx, run, actor, now()))) return;
      await begin(tx, run, actor, now());
    });
  } catch (error) {
    if (isDuplicate(error)) throw runInProgress();
    throw error;
  }
}

async function begin(tx: EntityManager, run: ReconcileRun, actor: Actor, now: Date): Promise<void> {
  const { id } = run;
  await tx.update(ReconcileChange, { runId: id, state: In(['failed', 'cancelled']) }, { state: 'planned', note: null });
  await tx.update(ReconcileRow, { runId: id }, { reading: null });
  await tx.delete(ReconcileWindow, { runId: id });
  const again = { findings: 0, progress: 0, error: null, finishedAt: null, listed: false };
  const applied = { appliedById: actor.id, appliedByName: actor.name, appliedAt: now };
  const running = { mode: 'apply', status: 'running', active: 1, approved: true, ...again, ...applied } as const;
  await tx.update(ReconcileRun, { id }, running);
  await countRows(tx, id);
  await audit(tx, actor, 'apply', run, { mode: 'apply', appliedById: actor.id });
}

/** Takes back a request to apply a run, that no second operator has approved yet. Throws 404, 409. */
export async function withdrawRequest({ db }: Context, actor: Actor, id: string): Promise<void> {
  await inTransaction(db, async (tx) => {
    const run = await lockRun(tx, id);
    if (!awaitsApproval(run)) throw conflict('not_requested', 'Nobody waits for an approval of this run.');
    const none = { requestedById: null, requestedByName: null, requestedAt: null };
    await tx.update(ReconcileRun, { id }, none);
    await audit(tx, actor, 'withdraw', run, { requestedById: null, requestedAt: null });
  });
}
