import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { needsSecondOperator } from '../../domain/reconcile-plan';
import type { Context } from '../context';
import { driveRun } from '../reconcile/drive-run';
import { ReconcileRun } from '../reconcile/reconcile-run.entity';
import { requireTenants } from '../reconcile/require-tenants';
import { startRun } from '../reconcile/start-run';
import { closeStripe, stripeOf } from '../stripe/client';
import { watchStripeKey } from '../stripe/key-state';
import { runVerb } from './run';

const USAGE = `Usage: npm run reconcile -- [--dry-run] [--tenant ten_… …]
Compares Stripe with our copy and writes what differs; with --dry-run it only tells.
Exit codes: 0 done, 1 failed or cancelled, 2 stopped by the brake, 3 a dry run found plans to change.`;
const POLL_MS = 250;
const WIDTH = 30;

function readArguments() {
  try {
    return parseArgs({
      options: {
        'dry-run': { type: 'boolean', default: false },
        tenant: { type: 'string', multiple: true },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exit(1);
  }
}
const values = readArguments();
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

function show({ progress, scanned, rowsPerSecond, error }: ReconcileRun): void {
  const full = Math.round(progress * WIDTH);
  const bar = `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)}`;
  const rate = rowsPerSecond > 0 ? `, ${Math.round(rowsPerSecond)}/s` : '';
  const line = `${bar} ${Math.floor(progress * 100)} %  ${scanned} read${rate}${error ? `  (${error.slice(0, 60)})` : ''}`;
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
}

/** Follows a run to its end, and drives it wherever no worker does. */
async function follow(context: Context, id: string): Promise<ReconcileRun> {
  const runs = context.db.getRepository(ReconcileRun);
  let driving = false;
  for (;;) {
    const run = await runs.findOneByOrFail({ id });
    show(run);
    if (run.status !== 'running') {
      if (process.stderr.isTTY) process.stderr.write('\n');
      return run;
    }
    if (!driving) {
      driving = true;
      void driveRun(context, stripeOf(context.config))
        .catch((error: unknown) => console.error(error instanceof Error ? error.message : error))
        .finally(() => {
          driving = false;
        });
    }
    await sleep(POLL_MS);
  }
}

function report(run: ReconcileRun, moved: number, page: string): number {
  const { mode, status, scanned, changed, lowered, braked, error } = run;
  const second = needsSecondOperator(lowered) ? ', where a second admin must approve it' : '';
  console.log(
    `${scanned} subscriptions read, ${changed} differed, ${moved} plans ${mode === 'apply' ? 'changed' : 'to change'}, ${lowered} of them lower.`,
  );
  if (error) console.error(error);
  if (status !== 'done') return 1;
  if (braked) {
    console.error(
      `Stopped before writing: too many would lose their plan. Look at the run in the dashboard${second}: ${page}`,
    );
    return 2;
  }
  if (mode !== 'dry-run' || moved === 0) return 0;
  console.log(`Exactly these can be applied in the dashboard${second}: ${page}`);
  return 3;
}

runVerb('reconcile', async (context, actor) => {
  const { config, db } = context;
  watchStripeKey(context);
  await requireTenants(context, values.tenant);
  const id = await startRun(context, {
    mode: values['dry-run'] ? 'dry-run' : 'apply',
    trigger: 'command',
    actor,
    ...(values.tenant ? { tenantIds: values.tenant } : {}),
  });
  try {
    const run = await follow(context, id);
    const [{ moved }] = await db.query('SELECT COUNT(*) AS moved FROM reconcile_changes WHERE runId = ?', [id]);
    process.exitCode = report(run, Number(moved), `${config.publicUrl}/admin/reconcile-runs/${id}/show`);
  } finally {
    closeStripe(config);
  }
});
