import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stringify } from 'csv-stringify';
import type { Response } from 'express';
import type { Context } from '../context';
import { notFound } from '../errors';
import { filteredQuery } from '../http/simple-rest';
import { type ReconcileChange, ReconcileRun } from './reconcile-run.entity';
import { changesOf } from './reconcile-runs.listing';

/** Rows that are read in one go: memory holds no more, however large the run. */
const CHUNK = 1000;

const COLUMNS = [
  { key: 'tenantId', header: 'Tenant id' },
  { key: 'tenantName', header: 'Tenant' },
  { key: 'fromPlanId', header: 'From' },
  { key: 'toPlanId', header: 'To' },
  { key: 'direction', header: 'Direction' },
  { key: 'reason', header: 'Why' },
  { key: 'atRiskAmount', header: 'At risk a month (minor unit)' },
  { key: 'atRiskCurrency', header: 'Currency' },
  { key: 'state', header: 'State' },
  { key: 'note', header: 'Note' },
  { key: 'customerId', header: 'Stripe customer' },
  { key: 'subscriptionId', header: 'Stripe subscription' },
];

type Told = Omit<ReconcileChange, 'basis' | 'atRiskAmount' | 'atRiskCurrency'> & {
  tenantName: string | null;
  atRisk: { amount: number; currency: string } | null;
};

const lineOf = ({ atRisk, lowers, fromPlanId, toPlanId, ...row }: Told) => ({
  ...row,
  fromPlanId,
  toPlanId,
  direction: lowers ? 'lower' : fromPlanId === toPlanId ? 'same' : 'higher',
  atRiskAmount: atRisk?.amount ?? '',
  atRiskCurrency: atRisk?.currency.toUpperCase() ?? '',
});

async function* linesOf(context: Context, runId: string, query: Record<string, string | undefined>) {
  const listing = changesOf(runId);
  const filtered = await filteredQuery(context, listing, query);
  for (let after = ''; ; ) {
    const page = filtered.clone().andWhere('r.id > :after', { after }).orderBy('r.id', 'ASC').limit(CHUNK);
    const rows = await page.getMany();
    const last = rows.at(-1);
    if (!last) return;
    after = last.id;
    for (const record of await listing.present(rows, context.db, context.now())) yield lineOf(record as Told);
    if (rows.length < CHUNK) return;
  }
}

/**
 * Sends a run's rows as a spreadsheet, with the filters of their list. What a spreadsheet would run as a formula is
 * made text (OWASP, "CSV injection"). Throws 404, and 400 for an unknown filter.
 */
export async function sendChangesCsv(
  context: Context,
  runId: string,
  query: Record<string, string | undefined>,
  res: Response,
): Promise<void> {
  if (!(await context.db.getRepository(ReconcileRun).existsBy({ id: runId }))) throw notFound('reconcile-run', runId);
  const lines = linesOf(context, runId, query);
  // The first row is read before anything is sent, so that a wrong filter is still answered with 400.
  const first = await lines.next();
  res.attachment(`${runId}-changes.csv`).type('text/csv; charset=utf-8');
  const all = (async function* () {
    if (!first.done) yield first.value;
    yield* lines;
  })();
  // The mark tells Excel that it is UTF-8.
  const csv = stringify({ header: true, columns: COLUMNS, escape_formulas: true, bom: true });
  await pipeline(Readable.from(all), csv, res).catch((error: NodeJS.ErrnoException) => {
    // Whoever asked has gone.
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  });
}
