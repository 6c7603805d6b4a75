import type { EntityManager } from 'typeorm';
import type { PlanFacts } from '../../domain/decide-plan.types';
import type { Config } from '../config';
import { selectMany } from '../db/bulk';
import type { Tenant } from '../tenants/tenant.entity';
import { Override } from './override.entity';
import { Subscription } from './subscription.entity';

/** What tenants' plans are decided by, beside their own rows and the catalogue. */
export interface Surroundings {
  subscriptions: Map<string | null, Subscription[]>;
  overrides: Map<string | null, Override[]>;
  deletedCustomers: ReadonlySet<string>;
}

/** What there is around a tenant that was just made. */
export const NOTHING_AROUND: Surroundings = {
  subscriptions: new Map(),
  overrides: new Map(),
  deletedCustomers: new Set(),
};

/** What was just read and is about to be written: it stands before what is stored. */
interface Pending {
  rows: readonly Subscription[];
  /** What was read of customers: whether Stripe knows them as deleted. Others are looked up. */
  deleted?: ReadonlyMap<string, boolean>;
}

/** Rows by the tenant that they belong to. */
function byTenant<Row extends { tenantId: string | null }>(rows: Iterable<Row>): Map<string | null, Row[]> {
  const groups = new Map<string | null, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.tenantId);
    if (group) group.push(row);
    else groups.set(row.tenantId, [row]);
  }
  return groups;
}

async function loadMirror(tx: EntityManager, tenantIds: string[], pending: Pending['rows']) {
  const where = 'FORCE INDEX (subscriptions_tenant) WHERE tenantId IN (?)';
  const stored = tenantIds.length > 0 ? await selectMany(tx, Subscription, where, [tenantIds]) : [];
  const rows = new Map(stored.map((row) => [row.id, row]));
  for (const row of pending) rows.set(row.id, row);
  return byTenant(rows.values());
}

/** Of customers that pay for tenants those that Stripe knows as deleted. */
async function deletedAmong(
  tx: EntityManager,
  mirror: Map<string | null, Subscription[]>,
  read: NonNullable<Pending['deleted']>,
): Promise<Set<string>> {
  const ids = new Set([...mirror.values()].flat().map(({ customerId }) => customerId));
  const others = [...ids].filter((id) => !read.has(id));
  const rows: { id: string }[] =
    others.length > 0
      ? await tx.query('SELECT id FROM stripe_customers WHERE id IN (?) AND deleted = 1', [others])
      : [];
  return new Set([...rows.map(({ id }) => id), ...[...ids].filter((id) => read.get(id))]);
}

/** The same, where nothing is pending: asked beside the mirror, not after it. */
async function deletedOf(tx: EntityManager, tenantIds: string[]): Promise<Set<string>> {
  const sql = `SELECT id FROM stripe_customers WHERE deleted = 1 AND id IN (
    SELECT customerId FROM subscriptions FORCE INDEX (subscriptions_tenant) WHERE tenantId IN (?))`;
  const rows: { id: string }[] = tenantIds.length > 0 ? await tx.query(sql, [tenantIds]) : [];
  return new Set(rows.map(({ id }) => id));
}

/** Reads what tenants are decided by as of `now`; an override that has run out says nothing any more. */
export async function loadSurroundings(
  tx: EntityManager,
  tenantIds: string[],
  now: Date,
  pending?: Pending,
): Promise<Surroundings> {
  const where = 'FORCE INDEX (overrides_tenant) WHERE tenantId IN (?) AND endsAt > ?';
  const mirror = loadMirror(tx, tenantIds, pending?.rows ?? []);
  const [subscriptions, deletedCustomers, running] = await Promise.all([
    mirror,
    pending ? mirror.then((rows) => deletedAmong(tx, rows, pending.deleted ?? new Map())) : deletedOf(tx, tenantIds),
    tenantIds.length > 0 ? selectMany(tx, Override, where, [tenantIds, now]) : [],
  ]);
  return { subscriptions, deletedCustomers, overrides: byTenant(running) };
}

/** The facts of one tenant, as decidePlan takes them. */
export function factsOf(
  { id, basePlanId, memberCount }: Pick<Tenant, 'id' | 'basePlanId' | 'memberCount'>,
  { subscriptions, overrides, deletedCustomers }: Surroundings,
  { pastDueGraceDays, stripe }: Pick<Config, 'pastDueGraceDays' | 'stripe'>,
): PlanFacts {
  return {
    basePlanId,
    overrides: overrides.get(id) ?? [],
    subscriptions: (subscriptions.get(id) ?? []).map((row) => ({
      customerDeleted: deletedCustomers.has(row.customerId),
      lastEarnedPlanId: row.planId,
      ...row,
    })),
    graceDays: pastDueGraceDays,
    livemode: stripe.livemode,
    memberCount,
  };
}
