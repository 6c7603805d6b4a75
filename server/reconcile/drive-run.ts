import type Stripe from 'stripe';
import { type Lease, withLease } from '../billing/lease';
import { writeState } from '../billing/stripe-state';
import type { Context } from '../context';
import { isDatabaseFault } from '../db/transaction';
import { RetrySoon } from '../jobs/settle';
import { isStripeFault } from '../stripe/fault';
import { withStripePriority } from '../stripe/priority';
import { applyPlan } from './apply-plan';
import { stageChosen } from './chosen';
import { knownParts } from './known-parts';
import { listAccount } from './list-account';
import { Planner } from './plan-run';
import { planUndo } from './plan-undo';
import { type ChangeState, ReconcileRow, ReconcileRun, ReconcileWindow } from './reconcile-run.entity';
import { type PlannedMove, RunBook, RunOver } from './run-book';
import { Staged } from './staged';
import { countRows } from './totals';
import { aWindow, initialWindows, WindowPool } from './windows';

export interface DriveOptions {
  /** Requests to Stripe's list at the same time. */
  parallelism?: number;
  /** Leaves the run to whoever comes next, at the checkpoint. */
  signal?: AbortSignal;
  /** How often a checkpoint is written, in milliseconds. */
  checkpointMs?: number;
}

const PARALLELISM = 8;
const CHECKPOINT_MS = 1000;
/** Stripe has no older subscriptions: it launched in September 2011. */
const FIRST_SECOND = Date.UTC(2011, 0, 1) / 1000;
/** A run that would lower more tenants than this, and a larger share of those who pay, stops as a dry run. */
const BRAKE_TENANTS = 20;
const BRAKE_SHARE = 0.02;
/** The share of the progress bar that the listing is: of a run that finds, and of one that applies what was planned. */
const LISTING = 0.9;
const RELISTING = 0.5;

const running = (db: Context['db']): Promise<ReconcileRun | null> =>
  db.getRepository(ReconcileRun).findOneBy({ active: 1 });

/**
 * Takes up the run that is under way, if there is one and no other process has it, and goes on from its checkpoint to
 * its end. A fault of Stripe's or of the database's leaves the run as it stands, for the next call. Gives whether a
 * run was driven.
 */
export async function driveRun(context: Context, stripe: Stripe, options: DriveOptions = {}): Promise<boolean> {
  if (!(await running(context.db))) return false;
  try {
    return await withLease(context.db, 'sweep', async (lease) => {
      const run = await running(context.db);
      if (!run) return false;
      await withStripePriority('sweep', () => drive(context, stripe, run, lease, options));
      return true;
    });
  } catch (error) {
    if (error instanceof RetrySoon) return false;
    throw error;
  }
}

async function drive(
  context: Context,
  stripe: Stripe,
  run: ReconcileRun,
  lease: Lease,
  options: DriveOptions,
): Promise<void> {
  // What stopped it before is over, unless it stops it again.
  run.error = null;
  const book = new RunBook(context, run, lease);
  try {
    if (await advance(context, stripe, book, options)) await finish(book, context, { status: 'done' });
  } catch (error) {
    if (error instanceof RunOver) return;
    const message = (error instanceof Error ? error.message : String(error)).slice(0, 1000);
    context.log.warn({ err: error, runId: run.id }, 'a reconciliation run stopped at its checkpoint');
    if (isStripeFault(error) || isDatabaseFault(error))
      await context.db.getRepository(ReconcileRun).update({ id: run.id, active: 1 }, { error: message });
    else await finish(book, context, { status: 'failed', error: message }).catch(() => undefined);
  }
}

/** Takes a run as far as it goes; gives whether it came to an end that is still to be written. */
async function advance(context: Context, stripe: Stripe, book: RunBook, options: DriveOptions): Promise<boolean> {
  const { run } = book;
  const { signal } = options;
  if (run.approved) {
    const relist = () => list(context, stripe, book, options);
    return applyPlan(context, stripe, book, { signal, relist });
  }
  if (run.undoesId) return planUndo(context, book, { signal });
  if (!run.listed && !(await list(context, stripe, book, options))) return false;
  return work(context, stripe, book, options);
}

/** Runs `work` with a checkpoint ever so often; a checkpoint that fails ends it. */
async function withCheckpoints<T>(
  save: () => Promise<void>,
  everyMs: number,
  work: (failed: () => boolean) => Promise<T>,
): Promise<T> {
  let failure: unknown;
  let saving = Promise.resolve();
  const timer = setInterval(() => {
    saving = saving.then(save).catch((error: unknown) => {
      failure ??= error;
    });
  }, everyMs);
  try {
    const result = await work(() => failure !== undefined);
    await saving;
    if (failure) throw failure;
    return result;
  } finally {
    clearInterval(timer);
    await saving;
  }
}

/** Reads and compares what the run is about; gives whether it came to the end. */
async function list(context: Context, stripe: Stripe, book: RunBook, options: DriveOptions): Promise<boolean> {
  const { run } = book;
  const { signal, parallelism = PARALLELISM, checkpointMs = CHECKPOINT_MS } = options;
  if (run.tenantIds) {
    await stageChosen(context, run);
    await book.save(0, 'planned', { listed: true });
  } else {
    const pool = await poolOf(context, run, parallelism);
    const state = run.mode === 'apply' ? 'applied' : 'planned';
    let walked = run.approved ? 0 : book.scanned;
    const share = run.approved ? RELISTING : LISTING;
    const save = (listed = false) =>
      book.save((share * walked) / (walked + pool.expected() || 1), state, { windows: pool.windows, listed });
    await withCheckpoints(save, checkpointMs, (failed) =>
      listAccount(context, run, {
        stripe,
        pool,
        parallelism,
        flushMs: checkpointMs,
        stopped: () => failed() || signal?.aborted === true,
        onPage: (rows) => {
          walked += rows;
          if (!run.approved) book.scanned += rows;
        },
        onCompared: ({ changed, decided }) => {
          if (!run.approved) book.changed += changed;
          book.add(decided);
        },
      }),
    );
    const whole = !signal?.aborted;
    await save(whole);
    if (!whole) return false;
  }
  run.listed = true;
  return true;
}

/** The windows where an earlier process left them; at first cut so that each holds as many as we know of. */
async function poolOf({ db }: Context, run: ReconcileRun, parallelism: number): Promise<WindowPool> {
  const left = await db.getRepository(ReconcileWindow).find({ where: { runId: run.id }, order: { n: 'ASC' } });
  if (left.length > 0) return new WindowPool(left.map(({ n, since, until }) => aWindow(n, since, until)));
  // What came after a plan was made must be seen before it is applied.
  const until = Math.floor(+(run.appliedAt ?? run.startedAt) / 1000);
  return new WindowPool(initialWindows(FIRST_SECOND, until, parallelism, await knownParts(db, parallelism)));
}

/** Writes what differs, or only tells; too much to lose makes a run that writes one that tells. */
async function work(context: Context, stripe: Stripe, book: RunBook, { signal }: DriveOptions): Promise<boolean> {
  const { run } = book;
  const dry = run.mode === 'dry-run';
  if (dry || (await mayBrake(context, run))) {
    await book.forgetPlanned();
    if (!(await workOff(context, book, new Planner(context, stripe, run).batches(), 'planned', signal))) return false;
    if (dry) return true;
    if (await tooMany(context, book.lowers)) {
      await finish(book, context, { status: 'done', mode: 'dry-run', braked: true });
      return false;
    }
    await book.forgetPlanned();
  }
  return workOff(context, book, new Staged(context, stripe, run).batches(), 'applied', signal);
}

interface Batch {
  moves: PlannedMove[];
  findings: number;
  customers: number;
  failed?: unknown[];
}

async function workOff(
  { db }: Context,
  book: RunBook,
  batches: AsyncIterable<Batch>,
  state: ChangeState,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { run } = book;
  const total = await db.getRepository(ReconcileRow).countBy({ runId: run.id });
  let done = 0;
  for await (const worked of batches) {
    done += worked.customers;
    book.add(worked);
    if (run.tenantIds) book.scanned += worked.customers;
    if (worked.failed && worked.failed.length > 0)
      run.error = `${worked.failed.length} customers could not be read: the workers go on trying.`;
    await book.save(LISTING + (1 - LISTING) * Math.min(1, done / (total || 1)), state);
    if (signal?.aborted) return false;
  }
  return true;
}

/** Whether so many who pay are touched that a rehearsal must tell first how many of them would lose. */
async function mayBrake({ db }: Context, run: ReconcileRun): Promise<boolean> {
  const [{ payers }] = await db.query(
    `SELECT COUNT(DISTINCT t.id) AS payers FROM reconcile_rows r
     JOIN stripe_customers c ON c.id = r.customerId JOIN tenants t ON t.id = c.tenantId
     WHERE r.runId = ? AND t.planSource = 'subscription'`,
    [run.id],
  );
  return payers > BRAKE_TENANTS;
}

async function tooMany({ db }: Context, lowered: number): Promise<boolean> {
  if (lowered <= BRAKE_TENANTS) return false;
  const [{ payers }] = await db.query(`SELECT COUNT(*) AS payers FROM tenants WHERE planSource = 'subscription'`);
  return lowered > BRAKE_SHARE * payers;
}

type Ending = Partial<Pick<ReconcileRun, 'status' | 'mode' | 'braked' | 'error'>>;

/** Ends a run: a whole sweep proves every tenant equal to Stripe, but for those that it found different and left. */
async function finish(book: RunBook, context: Context, ending: Ending): Promise<void> {
  const { run } = book;
  const now = context.now();
  await book.guarded(async (tx) => {
    const error = ending.error ?? run.error;
    const end = {
      ...ending,
      error,
      active: null,
      finishedAt: now,
      ...(ending.status === 'done' ? { progress: 1 } : {}),
    };
    await tx.update(ReconcileRun, { id: run.id }, end);
    await countRows(tx, run.id);
    if (ending.status !== 'done') return;
    await tx.delete(ReconcileWindow, { runId: run.id });
    // Of a plan that was applied only its rows are proven.
    if (run.tenantIds || run.approved || run.undoesId) return;
    // What earlier runs found is out of date.
    await tx.query(
      `DELETE r FROM reconcile_rows r JOIN reconcile_runs u ON u.id = r.runId WHERE u.active IS NULL AND u.startedAt < ?`,
      [run.startedAt],
    );
    await tx.query(
      `UPDATE tenants t JOIN stripe_customers c ON c.tenantId = t.id JOIN reconcile_rows r ON r.customerId = c.id
       SET t.differsSince = COALESCE(t.differsSince, ?), t.updatedAt = t.updatedAt WHERE r.runId = ?`,
      [now, run.id],
    );
    await writeState(tx, 'whole-sweep', { runId: run.id, verifiedAt: run.startedAt.toISOString() });
  });
}
