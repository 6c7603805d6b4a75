import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { RetrySoon } from '../jobs/settle';
import { withLease } from './lease';
import { readState, writeState } from './stripe-state';

const DAY_MS = 86_400_000;
const PAYLOAD_DAYS = 90;
const DONE_JOB_DAYS = 7;
/** Few enough that no lock is held for long. */
const BATCH = 500;

export interface Purged {
  payloads: number;
  jobs: number;
}

const daysAgo = ({ now }: Context, days: number) => new Date(now().getTime() - days * DAY_MS);

/** Erases one batch of old payloads, the oldest first; the events stay. Gives how many events it went over. */
async function purgePayloads(context: Context): Promise<number> {
  const { db } = context;
  const before = daysAgo(context, PAYLOAD_DAYS);
  const { upTo } = (await readState(db, 'purge')) ?? { upTo: new Date(0).toISOString() };
  // The cursor keeps what was erased from being looked through again at every round.
  const rows: { id: string; receivedAt: Date }[] = await db.query(
    `SELECT id, receivedAt FROM stripe_events WHERE receivedAt >= ? AND receivedAt < ? AND payload IS NOT NULL
     ORDER BY receivedAt, id LIMIT ${BATCH}`,
    [new Date(upTo), before],
  );
  const last = rows.length === BATCH ? rows.at(-1)!.receivedAt : before;
  await inTransaction(db, async (tx) => {
    if (rows.length > 0)
      await tx.query('UPDATE stripe_events SET payload = NULL WHERE id IN (?)', [rows.map(({ id }) => id)]);
    await writeState(tx, 'purge', { upTo: last.toISOString() });
  });
  return rows.length;
}

/** Deletes one batch of jobs that were done long ago; gives how many. Those that failed stay for people to see. */
async function purgeJobs(context: Context): Promise<number> {
  const before = daysAgo(context, DONE_JOB_DAYS);
  const deleted: { affectedRows: number } = await context.db.query(
    `DELETE FROM outbox WHERE status = 'done' AND dueAt < ? AND doneAt < ? ORDER BY dueAt LIMIT ${BATCH}`,
    [before, before],
  );
  return deleted.affectedRows;
}

/** What has run out and is of no more use: by table, and after how many days. Each has an index for it. */
const RUN_OUT = [
  { table: 'user_sessions', column: 'expiresAt', days: 0 },
  { table: 'sign_in_codes', column: 'expiresAt', days: 1 },
  { table: 'idempotency_keys', column: 'createdAt', days: 1 },
];

async function purgeRunOut(context: Context, { table, column, days }: (typeof RUN_OUT)[number]): Promise<number> {
  const sql = `DELETE FROM ${table} WHERE ${column} < ? ORDER BY ${column} LIMIT ${BATCH}`;
  return (await context.db.query(sql, [daysAgo(context, days)])).affectedRows;
}

/** Batch after batch until one is not full; gives how many in all. */
async function drain(batch: () => Promise<number>, signal: AbortSignal | undefined): Promise<number> {
  for (let sum = 0; ; ) {
    const done = await batch();
    sum += done;
    if (done < BATCH || signal?.aborted) return sum;
  }
}

/**
 * Erases the payloads of events after 90 days, the rows of done jobs after 7, and what has run out (sessions, sign-in
 * codes, kept answers), in small batches. One process does it at a time; elsewhere it does nothing.
 */
export async function purge(context: Context, signal?: AbortSignal): Promise<Purged> {
  const work = async () => {
    const payloads = await drain(() => purgePayloads(context), signal);
    const jobs = await drain(() => purgeJobs(context), signal);
    for (const what of RUN_OUT) await drain(() => purgeRunOut(context, what), signal);
    return { payloads, jobs };
  };
  try {
    return await withLease(context.db, 'purge', work);
  } catch (error) {
    if (error instanceof RetrySoon) return { payloads: 0, jobs: 0 };
    throw error;
  }
}
