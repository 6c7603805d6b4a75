import { planChangesListing } from '../billing/records.listings';
import type { Context } from '../context';
import { type OperatorRoute, operatorRoute } from '../http/operator-api';
import { readKeyRefusal } from '../stripe/key-state';

type Counts = { word: string; n: string }[];
const asRecord = (rows: Counts): Record<string, number> =>
  Object.fromEntries(rows.map(({ word, n }) => [word, Number(n)]));

/** `GET /overview`: what the home page shows, from index counts alone. */
export function overviewRoutes({ db, now }: Context): OperatorRoute[] {
  const counts = async (sql: string, parameters: unknown[] = []) =>
    asRecord((await db.query(sql, parameters)) as Counts);
  const recentChanges = async () => {
    const rows = await db
      .createQueryBuilder(planChangesListing.entity, 'r')
      .orderBy('r.at', 'DESC')
      .addOrderBy('r.id', 'DESC')
      .limit(10)
      .getMany();
    const records = await planChangesListing.present(rows, db, now());
    const names: { id: string; name: string }[] =
      rows.length > 0
        ? await db.query(`SELECT id, name FROM tenants WHERE id IN (?)`, [rows.map(({ tenantId }) => tenantId)])
        : [];
    return records.map((record, index) => ({
      ...record,
      tenantName: names.find(({ id }) => id === rows[index]?.tenantId)?.name ?? '',
    }));
  };
  return [
    operatorRoute({
      method: 'get',
      path: '/overview',
      access: 'overview:read',
      summary: 'What the home page shows',
      async handle() {
        const [tenants, plans, names, pending, expired, failedInvitations, findings, emails, events, recent, refused] =
          await Promise.all([
            counts('SELECT status AS word, COUNT(*) AS n FROM tenants GROUP BY status'),
            counts(`SELECT planId AS word, COUNT(*) AS n FROM tenants WHERE status <> 'deleted' GROUP BY planId`),
            db.query('SELECT id, name FROM plans ORDER BY `rank`') as Promise<{ id: string; name: string }[]>,
            counts(`SELECT 'n' AS word, COUNT(*) AS n FROM invitations WHERE status = 'pending' AND expiresAt > ?`, [
              now(),
            ]),
            counts(
              `SELECT 'n' AS word, COUNT(*) AS n FROM invitations WHERE status = 'expired' OR (status = 'pending' AND expiresAt <= ?)`,
              [now()],
            ),
            counts(
              `SELECT 'n' AS word, COUNT(*) AS n FROM invitations WHERE status = 'pending' AND deliveryStatus IN ('failed', 'bounced')`,
            ),
            db.query(
              `SELECT COUNT(*) AS n, SUM(atRiskAmount) AS amount, atRiskCurrency AS currency FROM findings WHERE status = 'open' GROUP BY atRiskCurrency`,
            ) as Promise<{ n: string; amount: string | null; currency: string | null }[]>,
            counts(
              `SELECT status AS word, COUNT(*) AS n FROM emails WHERE status IN ('queued', 'sending', 'failed') GROUP BY status`,
            ),
            counts(
              `SELECT status AS word, COUNT(*) AS n FROM stripe_events WHERE status IN ('received', 'failed') GROUP BY status`,
            ),
            recentChanges(),
            readKeyRefusal(db),
          ]);
        const { active = 0, suspended = 0, deleted = 0 } = tenants;
        return {
          tenants: { total: active + suspended, active, suspended, deleted },
          plans: names.map(({ id, name }) => ({ planId: id, name, tenants: plans[id] ?? 0 })),
          invitations: { pending: pending.n ?? 0, expired: expired.n ?? 0, failed: failedInvitations.n ?? 0 },
          findings: {
            open: findings.reduce((sum, { n }) => sum + Number(n), 0),
            atRisk: findings.flatMap(({ amount, currency }) =>
              amount === null || currency === null ? [] : [{ amount: Number(amount), currency }],
            ),
          },
          emails: { queued: (emails.queued ?? 0) + (emails.sending ?? 0), failed: emails.failed ?? 0 },
          failedEvents: events.failed ?? 0,
          stripeEvents: { failed: events.failed ?? 0, waiting: events.received ?? 0 },
          stripe: { refused },
          recentChanges: recent,
        };
      },
    }),
  ];
}
