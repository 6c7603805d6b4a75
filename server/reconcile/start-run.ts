import type { Actor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import { newId } from '../db/id';
import { inTransaction, isDuplicate } from '../db/transaction';
import { conflict } from '../errors';
import { ReconcileRun, type RunMode, type RunTrigger } from './reconcile-run.entity';

export interface NewRun {
  mode: RunMode;
  trigger: RunTrigger;
  actor: Actor;
  /** Only these tenants; the whole account where left out. */
  tenantIds?: string[];
  /** The night of a scheduled run, which starts once however many workers there are. */
  night?: string;
  /** The run that this one takes back, by overrides that last until then. */
  undo?: { runId: string; until: Date | null; reason: string };
}

export const runInProgress = () =>
  conflict('run_in_progress', 'A reconciliation is running already. Wait for its end, or cancel it.');

/**
 * Starts a run: the workers take it up within seconds. Gives its id.
 * @throws ProblemError 409 `run_in_progress` while another runs
 */
export async function startRun({ db, now }: Context, run: NewRun): Promise<string> {
  const id = newId('run');
  const { mode, trigger, actor, tenantIds, night, undo } = run;
  try {
    await inTransaction(db, async (tx) => {
      await tx.insert(ReconcileRun, {
        id,
        mode,
        trigger,
        active: 1,
        night: night ?? null,
        tenantIds: tenantIds ?? null,
        undoesId: undo?.runId ?? null,
        undoUntil: undo?.until ?? null,
        undoReason: undo?.reason ?? null,
        actorType: actor.type,
        actorId: actor.id,
        actorName: actor.name,
        startedAt: now(),
      });
      await recordAudit(tx, {
        actor,
        action: undo ? 'reconcile-run.undo' : 'reconcile-run.start',
        resource: 'reconcile-runs',
        resourceId: id,
        changes: {
          mode: { from: null, to: mode },
          tenantIds: { from: null, to: tenantIds ?? null },
          ...(undo ? { undoes: { from: null, to: undo.runId }, until: { from: null, to: undo.until } } : {}),
        },
        reason: undo?.reason ?? null,
      });
    });
  } catch (error) {
    if (isDuplicate(error)) throw runInProgress();
    throw error;
  }
  return id;
}
