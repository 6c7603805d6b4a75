import { workerActor } from '../audit/actor';
import type { Cause } from '../billing/cause';
import type { ReconcileRun } from './reconcile-run.entity';

/** The cause of what a run changes. */
export const runCause = ({ id }: Pick<ReconcileRun, 'id'>): Cause => ({
  actor: workerActor('reconciliation'),
  runId: id,
});
