import { Between, IsNull } from 'typeorm';
import { DAY_MS } from '../../domain/moment';
import { convergenceTone } from '../../domain/verification';
import type { Context } from '../context';
import { type OperatorRoute, operatorRoute } from '../http/operator-api';
import { ReconcileRun } from '../reconcile/reconcile-run.entity';
import { Tenant } from '../tenants/tenant.entity';
import { tenantsListing } from '../tenants/tenants.listing';
import { ConvergenceDay } from './convergence-day.entity';
import { type Convergence, countProven } from './count-proven';
import { dayOf } from './keep-day';
import { horizonOf, whereProven } from './proof';

const DAYS = 90;

/** One of those that were proven longest ago, or never: where to begin. */
async function oldestUnproven({ db, now }: Context, { sweptAt }: Convergence): Promise<object | null> {
  const { sql, parameters } = whereProven(false, horizonOf(sweptAt, now()));
  const row = await db
    .createQueryBuilder(Tenant, 'r')
    .where(sql, parameters)
    .orderBy('r.lastSyncedAt')
    .addOrderBy('r.createdAt')
    .limit(1)
    .getOne();
  if (!row) return null;
  const [tenant] = await tenantsListing.present([row], db, now());
  return tenant ?? null;
}

/** Whether a run compares the whole account at this moment. */
const isSweeping = ({ db }: Context): Promise<boolean> =>
  db.getRepository(ReconcileRun).existsBy({ active: 1, tenantIds: IsNull() });

/** `GET /convergence`: how many tenants are proven equal to Stripe, now and over the last 90 days. */
export function convergenceRoutes(context: Context): OperatorRoute[] {
  const { db, now } = context;
  return [
    operatorRoute({
      method: 'get',
      path: '/convergence',
      access: 'overview:read',
      summary: 'The share of tenants proven equal to Stripe within 24 hours, now and day by day',
      async handle() {
        const [counts, sweeping] = await Promise.all([countProven(context), isSweeping(context)]);
        const today = dayOf(now());
        const from = dayOf(new Date(+now() - (DAYS - 1) * DAY_MS));
        const days = await db
          .getRepository(ConvergenceDay)
          .find({ where: { day: Between(from, today) }, order: { day: 'ASC' } });
        const { tenants, proven } = counts;
        const oldest = proven < tenants ? await oldestUnproven(context, counts) : null;
        return {
          now: {
            ...counts,
            share: tenants === 0 ? null : proven / tenants,
            sweeping,
            tone: convergenceTone({ ...counts, sweeping }),
            oldest,
          },
          from,
          to: today,
          days: [
            ...days.filter(({ day }) => day !== today).map(({ day, ...told }) => ({ day, ...told })),
            { day: today, tenants, proven, countedAt: now() },
          ],
        };
      },
    }),
  ];
}
