import type { EntityManager } from 'typeorm';
import { orphanSubscription } from '../../domain/customer-findings';
import { decidePlan } from '../../domain/decide-plan';
import type { PlanFinding } from '../../domain/decide-plan.types';
import type { Context } from '../context';
import { loadCatalogue } from '../plans/catalogue';
import type { AppliedReading } from './apply-readings';
import type { Subscription } from './subscription.entity';

interface OrphanMirror {
  reading: Pick<AppliedReading, 'customerId' | 'customer'>;
  all: readonly Subscription[];
}

/**
 * Weighs the subscriptions of customers that no tenant claims, as if they were a tenant's: what they earn is kept in
 * their rows, in place, for the day when they are linked. Gives the findings by customer: somebody pays, and nobody
 * gets anything for it.
 */
export async function weighOrphans(
  tx: EntityManager,
  { config, now }: Context,
  orphaned: readonly OrphanMirror[],
): Promise<Map<string, PlanFinding[]>> {
  const found = new Map<string, PlanFinding[]>();
  if (orphaned.length === 0) return found;
  const catalogue = await loadCatalogue(tx);
  const basePlanId = catalogue.find(({ isDefault }) => isDefault)?.id ?? '';
  for (const { reading, all } of orphaned) {
    const subscriptions = all.map((row) => ({
      customerDeleted: reading.customer.deleted,
      lastEarnedPlanId: row.planId,
      ...row,
    }));
    const { pastDueGraceDays: graceDays, stripe } = config;
    const facts = { basePlanId, overrides: [], subscriptions, graceDays, livemode: stripe.livemode };
    const { earned } = decidePlan(facts, catalogue, now());
    for (const row of all) {
      row.planId = earned[row.id]?.planId ?? row.planId;
      row.lastCounted = earned[row.id]?.counts ?? row.lastCounted;
    }
    const paying = subscriptions.filter(({ id }) => earned[id]?.counts);
    found.set(reading.customerId, paying.map(orphanSubscription));
  }
  return found;
}
