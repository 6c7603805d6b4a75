import type { EntityManager } from 'typeorm';

/**
 * Has every tenant that a change of the plan may touch decided anew: those on it, those whose base, override or
 * subscription names it, and those whose subscription bears one of its prices. The workers' sweep takes them within
 * its next round.
 */
export async function decideTenantsOf(tx: EntityManager, planId: string, now: Date): Promise<void> {
  const due = (where: string, parameters: unknown[]) =>
    tx.query(`UPDATE tenants SET nextDecisionAt = ? WHERE ${where}`, [now, ...parameters]);
  await due('planId = ? OR basePlanId = ?', [planId, planId]);
  await due('id IN (SELECT tenantId FROM overrides WHERE planId = ? AND endsAt > ?)', [planId, now]);
  await due(
    `id IN (SELECT s.tenantId FROM subscriptions s LEFT JOIN plan_prices p ON p.priceId = s.priceId
            WHERE s.tenantId IS NOT NULL AND (s.planId = ? OR p.planId = ?))`,
    [planId, planId],
  );
}
