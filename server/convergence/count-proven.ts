import type { DataSource } from 'typeorm';
import type { Proof } from '../../domain/verification';
import type { Context } from '../context';
import { Tenant } from '../tenants/tenant.entity';
import { type Condition, type Horizon, horizonOf, lastSweep, whereProven } from './proof';

export interface Convergence extends Proof {
  /** A proof counts when it was made at or after this. */
  since: Date;
  /** When the last whole sweep looked at the account; null where none ever ended. */
  sweptAt: Date | null;
}

/** Not by getCount, whose DISTINCT collects every id. */
async function counted(db: DataSource, { sql, parameters }: Condition): Promise<number> {
  const query = db.createQueryBuilder(Tenant, 'r').select('COUNT(*)', 'n').where(sql, parameters);
  return Number((await query.getRawOne<{ n: string }>())?.n ?? 0);
}

/** The few are counted by their index; the many are what is left of all. */
async function countUnproven(db: DataSource, tenants: number, horizon: Horizon): Promise<number> {
  if (horizon.sweptAt) return counted(db, whereProven(false, horizon));
  return tenants - (await counted(db, whereProven(true, horizon)));
}

/**
 * How many tenants are proven equal to Stripe within 24 hours, of all that are not deleted. What is read grows with
 * those that a sweep found different and those born since the last sweep; without a sweep within the 24 hours, with
 * those that were read one by one meanwhile.
 */
export async function countProven({ db, now }: Pick<Context, 'db' | 'now'>): Promise<Convergence> {
  const sweptAt = await lastSweep(db);
  const horizon = horizonOf(sweptAt, now());
  const [tenants, differing] = await Promise.all([
    counted(db, { sql: "r.status <> 'deleted'", parameters: {} }),
    counted(db, { sql: "r.differsSince IS NOT NULL AND r.status <> 'deleted'", parameters: {} }),
  ]);
  const unproven = await countUnproven(db, tenants, horizon);
  return { tenants, proven: Math.max(0, tenants - unproven), differing, since: horizon.since, sweptAt };
}
