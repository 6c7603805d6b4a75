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

/** Of several customers the one that was read longest ago tells how old the tenant's own proof is: all make the plan. */
const readLately = (t: string) => `${t}.lastSyncedAt >= :since AND NOT EXISTS (
  SELECT 1 FROM stripe_customers c WHERE c.tenantId = ${t}.id AND (c.syncedAt IS NULL OR c.syncedAt < :since))`;

/**
 * The tenants that are proven, or that are not, as a condition on `r`, a row of `tenants`; deleted ones are neither.
 * Where a whole sweep is within the horizon few are not proven, else few are: the few are found by index, the many are
 * met in whatever order they are listed.
 */
export function whereProven(proven: boolean, { since, sweptAt }: Horizon): Condition {
  const parameters: Record<string, Date> = sweptAt ? { since, sweptAt } : { since };
  const live = "r.status <> 'deleted'";
  if (sweptAt) {
    const unproven = `SELECT d.id FROM tenants d WHERE d.differsSince IS NOT NULL
      UNION SELECT n.id FROM tenants n WHERE n.createdAt > :sweptAt AND NOT (n.lastSyncedAt IS NOT NULL AND ${readLately('n')})`;
    const many = `(r.createdAt <= :sweptAt OR (${readLately('r')}))`;
    return proven
      ? { sql: `${live} AND r.differsSince IS NULL AND ${many}`, parameters }
      : { sql: `${live} AND r.id IN (SELECT u.id FROM (${unproven}) u)`, parameters };
  }
  const few = `SELECT p.id FROM tenants p WHERE ${readLately('p')}`;
  return proven
    ? { sql: `${live} AND r.differsSince IS NULL AND r.id IN (SELECT u.id FROM (${few}) u)`, parameters }
    : {
        sql: `${live} AND (r.differsSince IS NOT NULL OR r.lastSyncedAt IS NULL OR NOT (${readLately('r')}))`,
        parameters,
      };
}
