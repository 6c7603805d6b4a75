import type { EntityManager } from 'typeorm';

/** What of a plan changes, as far as it may touch tenants. */
export interface PlanConcern {
  planId: string;
  /** Prices that earn the plan before or after. */
  priceIds: readonly string[];
  /** Whether prices that no plan knew may become known: by id or by lookup key. */
  mapsMore: boolean;
}

interface Condition {
  where: string;
  parameters: unknown[];
}

/**
 * Conditions on `tenants`, each behind an index, that together hold for every tenant which a change of the plan may
 * touch: whose subscription bears one of its prices or earns it, who waits on a price that no plan knows, whose
 * override or base plan it is, who is on it. Those who are likeliest to change plan come first.
 */
function conditionsOf({ planId, priceIds, mapsMore }: PlanConcern, now: Date): Condition[] {
  const bearing = 'id IN (SELECT tenantId FROM subscriptions WHERE priceId IN (?))';
  const waiting = `id IN (SELECT tenantId FROM findings
    WHERE kind = 'unknown-price' AND status IN ('open', 'snoozed', 'dismissed'))`;
  return [
    ...(priceIds.length > 0 ? [{ where: bearing, parameters: [priceIds] }] : []),
    ...(mapsMore ? [{ where: waiting, parameters: [] }] : []),
    { where: 'id IN (SELECT tenantId FROM subscriptions WHERE planId = ?)', parameters: [planId] },
    { where: 'id IN (SELECT tenantId FROM overrides WHERE planId = ? AND endsAt > ?)', parameters: [planId, now] },
    { where: 'basePlanId = ?', parameters: [planId] },
    { where: 'planId = ?', parameters: [planId] },
  ];
}

/** Ids of tenants that a change may touch, deleted ones left out; one more than `most` where there are more. */
export async function tenantsConcerned(
  tx: EntityManager,
  concern: PlanConcern,
  now: Date,
  most: number,
): Promise<string[]> {
  const ids = new Set<string>();
  for (const { where, parameters } of conditionsOf(concern, now)) {
    const sql = `SELECT id FROM tenants WHERE ${where} AND status <> 'deleted' LIMIT ${most + 1}`;
    const rows: { id: string }[] = await tx.query(sql, parameters);
    for (const { id } of rows) if (ids.size <= most) ids.add(id);
    if (ids.size > most) break;
  }
  return [...ids];
}

/** Has every tenant that a change of the plan may touch decided anew: the workers' sweep takes them in its next round. */
export async function decideTenantsOf(tx: EntityManager, concern: PlanConcern, now: Date): Promise<void> {
  // MariaDB before 11.1 runs the subquery of a plain UPDATE once for each tenant there is; a joined one it reads once.
  for (const { where, parameters } of conditionsOf(concern, now))
    await tx.query(
      `UPDATE tenants JOIN (SELECT DISTINCT id FROM tenants WHERE ${where}) concerned USING (id) SET nextDecisionAt = ?`,
      [...parameters, now],
    );
}
