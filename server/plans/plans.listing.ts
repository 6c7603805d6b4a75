import { In } from 'typeorm';
import type { Listing } from '../http/simple-rest';
import { Tenant } from '../tenants/tenant.entity';
import { Plan } from './plan.entity';
import { PlanPrice } from './plan-price.entity';

export const plansListing: Listing<Plan> & { name: 'plans' } = {
  name: 'plans',
  entity: Plan,
  sorts: ['rank'],
  defaultSort: ['rank', 'ASC'],
  filters: {
    kind: 'word',
    active: 'flag',
    isDefault: (query, value) =>
      query.andWhere(value === true || value === 'true' ? 'r.isDefault = 1' : 'r.isDefault IS NULL'),
    q: (query, value) =>
      query.andWhere('(r.id LIKE :like OR r.name LIKE :like)', {
        like: `${String(value).replace(/[\\%_]/g, '\\$&')}%`,
      }),
  },
  async present(rows, db) {
    const planId = In(rows.map(({ id }) => id));
    const prices =
      rows.length > 0 ? await db.getRepository(PlanPrice).find({ where: { planId }, order: { priceId: 'ASC' } }) : [];
    const counts: { planId: string; n: string }[] =
      rows.length > 0
        ? await db
            .createQueryBuilder(Tenant, 't')
            .select('t.planId', 'planId')
            .addSelect('COUNT(*)', 'n')
            .where({ planId, status: In(['active', 'suspended']) })
            .groupBy('t.planId')
            .getRawMany()
        : [];
    return rows.map(({ seatLimit, ...plan }) => ({
      ...plan,
      isDefault: plan.isDefault === 1,
      limits: seatLimit === null ? {} : { seats: seatLimit },
      stripePriceIds: prices.filter((price) => price.planId === plan.id).map(({ priceId }) => priceId),
      tenantCount: Number(counts.find((row) => row.planId === plan.id)?.n ?? 0),
    }));
  },
};
