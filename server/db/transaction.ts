import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';

/** MySQL's codes for a transaction that lost a race and may simply be run again. */
const RETRYABLE = new Set(['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_CHECKREAD']);

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
      if (attempt >= 5 || !RETRYABLE.has(sqlCode(error) ?? '')) throw error;
      await sleep(10 * 2 ** attempt * (0.5 + Math.random()));
    }
  }
}
