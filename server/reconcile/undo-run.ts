import { DAY_MS } from '../../domain/moment';
import { UNDO_DAYS } from '../../domain/reconcile-plan';
import type { Actor } from '../audit/actor';
import type { Context } from '../context';
import { conflict, invalid, notFound } from '../errors';
import { ReconcileChange, ReconcileRun } from './reconcile-run.entity';
import { startRun } from './start-run';

export interface Undoing {
  /** The end of the overrides that bring the earlier plans back. */
  until?: Date | null;
  reason: string;
}

function requireEnd(until: Date | null | undefined, now: Date): Date {
  const end = until ?? new Date(+now + UNDO_DAYS.usual * DAY_MS);
  if (end <= now) throw invalid({ until: 'must be in the future.' });
  if (+end > +now + UNDO_DAYS.most * DAY_MS) throw invalid({ until: `must be within ${UNDO_DAYS.most} days.` });
  return end;
}

/**
 * Starts a run that works out how another is taken back, as a dry run does; applied like one, it grants an override to
 * each tenant that is still on the plan which that run gave it. Of an undo the overrides are ended. Gives its id.
 * @throws ProblemError 404; 400 for the end; 409 where the run has applied nothing or another is under way
 */
export async function undoRun(context: Context, actor: Actor, id: string, { until, reason }: Undoing): Promise<string> {
  const end = requireEnd(until, context.now());
  const run = await context.db.getRepository(ReconcileRun).findOneBy({ id });
  if (!run) throw notFound('reconcile-run', id);
  if (run.status === 'running') throw conflict('still_running', 'Wait for its end, or cancel it first.');
  if (!(await context.db.getRepository(ReconcileChange).existsBy({ runId: id, state: 'applied' })))
    throw conflict('nothing_to_undo', 'This run has changed no plan, so there is nothing to undo.');
  return startRun(context, { mode: 'dry-run', trigger: 'undo', actor, undo: { runId: id, until: end, reason } });
}
