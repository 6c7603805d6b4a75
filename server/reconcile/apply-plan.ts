import type Stripe from 'stripe';
import type { Context } from '../context';
import { forgetListing, isListingCheaper, PlanApplier } from './plan-applier';
import { ReconcileChange, ReconcileRun, ReconcileWindow } from './reconcile-run.entity';
import type { RunBook } from './run-book';
import { Settler } from './settle-plan';
import { countRows } from './totals';

interface ApplyOptions {
  signal?: AbortSignal;
  /** Lists the account anew; gives false where it was told to stop. */
  relist: () => Promise<boolean>;
}

/** Stripe is listed where that is cheaper than reading each customer; gives null where it was told to stop. */
async function listIfCheaper(context: Context, { run }: RunBook, relist: ApplyOptions['relist']) {
  if (run.listed) return true;
  const begun = await context.db.getRepository(ReconcileWindow).existsBy({ runId: run.id });
  if (!begun && !(await isListingCheaper(context, run))) return false;
  if (!begun) await forgetListing(context, run.id);
  return (await relist()) ? true : null;
}

/** Carries out the planned rows of a run, exactly those. Gives whether it came to the end. */
export async function applyPlan(
  context: Context,
  stripe: Stripe,
  book: RunBook,
  { signal, relist }: ApplyOptions,
): Promise<boolean> {
  const { run } = book;
  const byListing = await listIfCheaper(context, book, relist);
  if (byListing === null) return false;
  // An earlier process may have been cut off between its rows and its counts.
  await book.guarded((tx) => countRows(tx, run.id));
  const { applied, stale, failed } = await context.db.getRepository(ReconcileRun).findOneByOrFail({ id: run.id });
  const counts = { applied, stale, failed };
  const planned = { runId: run.id, state: 'planned' as const };
  const total = await context.db.getRepository(ReconcileChange).countBy(planned);
  const from = byListing ? 0.5 : 0;
  let done = 0;
  const settler = await Settler.of(context, run);
  for await (const settled of new PlanApplier(context, stripe, book, settler, byListing).batches()) {
    counts.applied += settled.applied;
    counts.stale += settled.stale;
    counts.failed += settled.failed;
    done += settled.applied + settled.stale + settled.failed;
    book.findings += settled.findings;
    await book.tell(from + (1 - from) * (done / (total || 1)), counts);
    if (signal?.aborted) return false;
  }
  return true;
}
