import type { DataSource, EntityManager } from 'typeorm';
import type { CataloguePlan } from '../../domain/plan';
import { Plan } from './plan.entity';
import { PlanPrice } from './plan-price.entity';

/** Price ids by plan. */
export async function pricesByPlan(db: DataSource | EntityManager): Promise<Map<string, string[]>> {
  const prices = new Map<string, string[]>();
  for (const { planId, priceId } of await db.getRepository(PlanPrice).find({ order: { priceId: 'ASC' } })) {
    prices.set(planId, [...(prices.get(planId) ?? []), priceId]);
  }
  return prices;
}

/** Every plan, inactive ones too, as decidePlan takes them. */
export async function loadCatalogue(db: DataSource | EntityManager): Promise<CataloguePlan[]> {
  const [plans, prices] = await Promise.all([db.getRepository(Plan).find(), pricesByPlan(db)]);
  return plans.map((plan) => ({ ...plan, isDefault: plan.isDefault === 1, stripePriceIds: prices.get(plan.id) ?? [] }));
}
