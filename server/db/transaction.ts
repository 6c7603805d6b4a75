import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';

/** MySQL's codes for a transaction that lost a race and may simply be run again. */
const RETRYABLE = new Set(['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_CHECKREAD']);

/** Thrown in a transaction that found, too late to go on, what another had just committed: it is run again. */
export class LostRace extends Error {}

/** The driver's error code (`ER_DUP_ENTRY`, …), or undefined where `error` is not of the database. */
export const sqlCode = (error: unknown): string | undefined =>
  (error as { driverError?: { code?: string } })?.driverError?.code ?? (error as { code?: string })?.code;

export const isDuplicate = (error: unknown): boolean => sqlCode(error) === 'ER_DUP_ENTRY';

/**
 * Runs `work` in one READ COMMITTED transaction and gives back what it gives; a deadlock or a lock timeout runs it
 * again, up to five times, so `work` must do nothing but write to `tx`.
 */
export async function inTransaction<T>(db: DataSource, work: (tx: EntityManager) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction('READ COMMITTED', work);
    } catch (error) {
      const again = error instanceof LostRace || RETRYABLE.has(sqlCode(error) ?? '');
      if (attempt >= 5 || !again) throw error;
      await sleep(10 * 2 ** attempt * (0.5 + Math.random()));
    }
  }
}

/** Whether an error is of the database's being away or overrun: the same work succeeds later. */
export const isDatabaseFault = (error: unknown): boolean =>
  RETRYABLE.has(sqlCode(error) ?? '') ||
  /^(PROTOCOL_CONNECTION_LOST|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ER_CON_COUNT_ERROR|ER_SERVER_SHUTDOWN|ER_CONNECTION_KILLED)$/.test(
    sqlCode(error) ?? '',
  );

class Rehearsed<T> extends Error {
  constructor(readonly result: T) {
    super('A rehearsal ends by rolling back.');
  }
}

/** Runs `work` as inTransaction would and takes everything back: gives what would have come of it. */
export async function rehearse<T>(db: DataSource, work: (tx: EntityManager) => Promise<T>): Promise<T> {
  try {
    return await inTransaction<T>(db, async (tx) => {
      throw new Rehearsed(await work(tx));
    });
  } catch (error) {
    if (error instanceof Rehearsed) return error.result as T;
    throw error;
  }
}
