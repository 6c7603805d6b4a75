import { type DataSource, type EntityManager, In } from 'typeorm';
import { inTransaction } from '../db/transaction';
import type { JobKind } from './outbox';
import { OutboxRow } from './outbox.entity';

const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 15 * 60_000;
/** With the pauses above, some three hours of trying. */
const MAX_ATTEMPTS = 20;
/** No outage counts beyond this: the pauses are the longest by then, and errors of the work itself get their tries after it. */
const MAX_OUTAGE_ATTEMPTS = 10;

/** The work can't be done just now, through no fault of its own: it is tried again soon, as often as it takes. */
export class RetrySoon extends Error {
  constructor(
    message: string,
    readonly afterMs = 2000,
  ) {
    super(message);
    this.name = 'RetrySoon';
  }
}

/** What the work needs is away, for who knows how long: it is tried again with growing pauses, and never given up. */
export class Outage extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Outage';
  }
}

/** The work can never be done: trying again would change nothing. */
export class GiveUp extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'GiveUp';
  }
}

/** Ids of the rows that are owed for a subject at this moment. */
export async function openJobs(db: DataSource | EntityManager, kind: JobKind, subject: string): Promise<string[]> {
  const rows = await db
    .getRepository(OutboxRow)
    .find({ select: { id: true }, where: { kind, subject, status: 'open' } });
  return rows.map(({ id }) => id);
}

/** Marks owed work as done, in the transaction that did it. */
export async function finishJobs(tx: EntityManager, ids: string[]): Promise<void> {
  if (ids.length > 0)
    await tx.update(
      OutboxRow,
      { id: In(ids), status: 'open' },
      { status: 'done', doneAt: new Date(), lastError: null },
    );
}

/** How long to wait before attempt `attempts + 1`: doubles each time, with jitter so that a crowd spreads out. */
export const pauseAfter = (attempts: number): number =>
  Math.min(FIRST_PAUSE_MS * 2 ** Math.max(0, attempts - 1), LONGEST_PAUSE_MS) * (0.75 + Math.random() / 2);

function attemptsAfter(attempts: number, error: unknown): number {
  if (error instanceof RetrySoon) return attempts;
  if (error instanceof Outage) return Math.max(attempts, Math.min(attempts + 1, MAX_OUTAGE_ATTEMPTS));
  return attempts + 1;
}

/**
 * Puts the rows of a failed job off, all alike: RetrySoon keeps their count, GiveUp ends them, anything else is tried
 * again with growing pauses until it fails for good, but for an Outage, which never does. Gives the rows' new status.
 */
export async function putOffJob(db: DataSource, ids: readonly string[], error: unknown): Promise<'open' | 'failed'> {
  return inTransaction(db, async (tx) => {
    const where = { id: In(ids), status: 'open' as const };
    const rows = await tx.find(OutboxRow, { where, order: { id: 'ASC' }, lock: { mode: 'pessimistic_write' } });
    if (rows.length === 0) return 'open';
    const attempts = attemptsAfter(Math.max(...rows.map((row) => row.attempts)), error);
    const status = error instanceof GiveUp || attempts >= MAX_ATTEMPTS ? 'failed' : 'open';
    const pause = error instanceof RetrySoon ? error.afterMs * (0.75 + Math.random() / 2) : pauseAfter(attempts);
    const lastError = (error instanceof Error ? error.message : String(error)).slice(0, 500);
    const open = { id: In(rows.map(({ id }) => id)) };
    await tx.update(OutboxRow, open, { attempts, status, lastError, dueAt: new Date(Date.now() + pause) });
    return status;
  });
}
