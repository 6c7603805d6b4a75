import type { DataSource } from 'typeorm';
import { PROOF_MS } from '../../domain/verification';
import { readState } from '../billing/stripe-state';

/** What makes a proof good: made at or after `since`; a whole sweep that is as young proves all that it did not find different. */
export interface Horizon {
  since: Date;
  /** When the listing of the last whole sweep began, where that is within the horizon. */
  sweptAt: Date | null;
}

/** When the last whole sweep looked at the account, however long ago; null where none ever ended. */
export async function lastSweep(db: DataSource): Promise<Date | null> {
  const sweep = await readState(db, 'whole-sweep');
  return sweep ? new Date(sweep.verifiedAt) : null;
}

export function horizonOf(sweptAt: Date | null, now: Date): Horizon {
  const since = new Date(+now - PROOF_MS);
  return { since, sweptAt: sweptAt && sweptAt >= since ? sweptAt : null };
}

/** A condition in SQL with its named parameters. */
export interface Condition {
  sql: string;
  parameters: Record<string, Date>;
}

/**
 * Of several customers the one that was read longest ago tells how old the tenant's own proof is: all make the plan.
 * As a minimum, since the engine would turn an EXISTS into a reading of all customers.
 */
const readLately = (t: string) => `${t}.lastSyncedAt >= :since AND COALESCE((
  SELECT MIN(COALESCE(c.syncedAt, '1970-01-01')) FROM stripe_customers c WHERE c.tenantId = ${t}.id), :since) >= :since`;

/** In SQL `NOT (NULL >= …)` is NULL as well. */
const notReadLately = (t: string) => `(${t}.lastSyncedAt IS NULL OR NOT (${readLately(t)}))`;

/**
 * The tenants that are proven, or that are not, as a condition on `r`, a row of `tenants`; deleted ones are neither.
 * After a whole sweep within the horizon the few that are not proven are found by index, whatever the order of the list;
 * else they are most, and met soon in any order.
 */
export function whereProven(proven: boolean, { since, sweptAt }: Horizon): Condition {
  const parameters: Record<string, Date> = sweptAt ? { since, sweptAt } : { since };
  const live = "r.status <> 'deleted'";
  if (proven) {
    const read = sweptAt ? `(r.createdAt <= :sweptAt OR (${readLately('r')}))` : readLately('r');
    // Nearly all differ in nothing, so an index is no way to find them: within a function it is not taken.
    return { sql: `${live} AND COALESCE(r.differsSince) IS NULL AND ${read}`, parameters };
  }
  if (!sweptAt) return { sql: `${live} AND (r.differsSince IS NOT NULL OR ${notReadLately('r')})`, parameters };
  const few = `SELECT d.id FROM tenants d WHERE d.differsSince IS NOT NULL
    UNION SELECT n.id FROM tenants n WHERE n.createdAt > :sweptAt AND ${notReadLately('n')}`;
  return { sql: `${live} AND r.id IN (SELECT u.id FROM (${few}) u)`, parameters };
}
