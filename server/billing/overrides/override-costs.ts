import { type DataSource, In, LessThanOrEqual, MoreThan } from 'typeorm';
import type { ItemFact } from '../../../domain/decide-plan.types';
import type { Money } from '../../../domain/money-at-risk';
import { costOf, listPrice, type OverrideCost, paysNow } from '../../../domain/override-cost';
import type { CataloguePlan } from '../../../domain/plan';
import { strongestOverride, weighOverride } from '../../../domain/weigh-override';
import { loadCatalogue } from '../../plans/catalogue';
import { Tenant } from '../../tenants/tenant.entity';
import { Override } from '../override.entity';
import { Subscription } from '../subscription.entity';

/** How many subscriptions to a plan are looked at for its price. */
const LOOK = 50;
/** Running overrides beyond this are not added up in one request. */
export const COST_BOUND = 1000;

const running = (now: Date) => ({ startsAt: LessThanOrEqual(now), endsAt: MoreThan(now) });

/** By plan, the price that it is sold for, as our copies of subscriptions have it. */
async function pricesOf(
  db: DataSource,
  catalogue: readonly CataloguePlan[],
  planIds: Iterable<string>,
): Promise<Map<string, ItemFact | null>> {
  const prices = new Map<string, ItemFact | null>();
  for (const planId of new Set(planIds)) {
    const plan = catalogue.find(({ id }) => id === planId);
    const bought = await db
      .getRepository(Subscription)
      .find({ select: { id: true, items: true }, where: { planId }, order: { id: 'ASC' }, take: LOOK });
    const items = bought.flatMap((one) => one.items);
    prices.set(planId, plan ? listPrice(plan, items) : null);
  }
  return prices;
}

function groupOf<Row extends { tenantId: string | null }>(rows: readonly Row[]): Map<string | null, Row[]> {
  const groups = new Map<string | null, Row[]>();
  for (const row of rows) groups.set(row.tenantId, [...(groups.get(row.tenantId) ?? []), row]);
  return groups;
}

/** What running overrides cost a month, by their ids. Of several that run for one tenant only the strongest costs. */
export async function costsOf(
  db: DataSource,
  overrides: readonly Override[],
  now: Date,
): Promise<Map<string, OverrideCost>> {
  if (overrides.length === 0) return new Map();
  const tenantIds = [...new Set(overrides.map(({ tenantId }) => tenantId))];
  const [catalogue, tenants, beside, bought] = await Promise.all([
    loadCatalogue(db),
    db.getRepository(Tenant).findBy({ id: In(tenantIds) }),
    db.getRepository(Override).findBy({ tenantId: In(tenantIds), ...running(now) }),
    db.getRepository(Subscription).findBy({ tenantId: In(tenantIds), status: In(['active', 'past_due']) }),
  ]);
  const prices = await pricesOf(
    db,
    catalogue,
    overrides.map(({ planId }) => planId),
  );
  const plans = new Map(catalogue.map((plan) => [plan.id, plan]));
  const byId = new Map(tenants.map((tenant) => [tenant.id, tenant]));
  const [besides, subscriptions] = [groupOf(beside), groupOf(bought.filter(paysNow))];
  const strongest = new Map(
    [...besides].map(([tenantId, rows]) => [
      tenantId,
      strongestOverride(rows.map((row) => weighOverride(row, catalogue, now)))?.override.id,
    ]),
  );
  return new Map(
    overrides.map(({ id, tenantId, planId }) => {
      const tenant = byId.get(tenantId);
      const facts = {
        decides: tenant?.planSource === 'override' && tenant.status !== 'deleted' && strongest.get(tenantId) === id,
        plan: plans.get(planId),
        price: prices.get(planId) ?? null,
        memberCount: tenant?.memberCount ?? 0,
        baseKind: tenant && plans.get(tenant.basePlanId)?.kind,
        paying: subscriptions.get(tenantId) ?? [],
      };
      return [id, costOf(facts)];
    }),
  );
}

export interface CostTotal {
  /** How many run now, up to `counted`'s bound. */
  counted: number;
  /** Whether more run than were added up. */
  more: boolean;
  /** One sum a currency. */
  cost: Money[];
  /** Those whose cost is not known, and so not in the sums. */
  unknown: number;
}

/** What all running overrides cost a month together. */
export async function totalCost(db: DataSource, now: Date): Promise<CostTotal> {
  const rows = await db
    .createQueryBuilder(Override, 'r')
    .where('r.endedAt IS NULL AND r.endsAt > :now AND r.startsAt <= :now', { now })
    .orderBy('r.endsAt')
    .limit(COST_BOUND + 1)
    .getMany();
  const counted = rows.slice(0, COST_BOUND);
  const sums = new Map<string, number>();
  let unknown = 0;
  for (const { decides, cost } of (await costsOf(db, counted, now)).values()) {
    if (cost) sums.set(cost.currency, (sums.get(cost.currency) ?? 0) + cost.amount);
    else if (decides) unknown += 1;
  }
  const cost = [...sums].filter(([, amount]) => amount > 0).map(([currency, amount]) => ({ currency, amount }));
  return { counted: counted.length, more: rows.length > COST_BOUND, cost, unknown };
}
