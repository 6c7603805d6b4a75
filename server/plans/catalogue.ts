import type { DataSource, EntityManager } from 'typeorm';
import type { CataloguePlan } from '../../domain/plan';
import { selectMany } from '../db/bulk';
import { Plan } from './plan.entity';

/** Price ids by plan. */
export async function pricesByPlan(db: DataSource | EntityManager): Promise<Map<string, string[]>> {
  const prices = new Map<string, string[]>();
  const rows: { planId: string; priceId: string }[] = await db.query(
    'SELECT planId, priceId FROM plan_prices ORDER BY priceId',
  );
  for (const { planId, priceId } of rows) {
    prices.set(planId, [...(prices.get(planId) ?? []), priceId]);
  }
  return prices;
}

/** Every plan, inactive ones too, as decidePlan takes them. */
export async function loadCatalogue(db: DataSource | EntityManager): Promise<CataloguePlan[]> {
  const manager = 'manager' in db ? db.manager : db;
  const [plans, prices] = await Promise.all([selectMany(manager, Plan, '', []), pricesByPlan(db)]);
  return plans.map((plan) => ({ ...plan, isDefault: plan.isDefault === 1, stripePriceIds: prices.get(plan.id) ?? [] }));
}
