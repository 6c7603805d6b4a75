import { systemActor } from '../audit/actor';
import type { Context } from '../context';
import { ReconcileRun } from './reconcile-run.entity';
import { startRun } from './start-run';

/** From this hour (UTC) on, a night's sweep is due. */
const HOUR = 3;

/** Starts the sweep of the night, once over all workers; while another run is under way it waits for the next call. */
export async function scheduleNightly(context: Context): Promise<void> {
  const now = context.now();
  if (now.getUTCHours() < HOUR) return;
  const night = now.toISOString().slice(0, 10);
  const runs = context.db.getRepository(ReconcileRun);
  if ((await runs.existsBy({ night })) || (await runs.existsBy({ active: 1 }))) return;
  await startRun(context, { mode: 'apply', trigger: 'schedule', actor: systemActor, night }).catch((error: unknown) =>
    context.log.debug({ err: error }, 'another worker started the run of the night'),
  );
}
