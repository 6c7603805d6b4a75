import { type EntityManager, In } from 'typeorm';
import { decidePlan } from '../../domain/decide-plan';
import type { Catalogue, PlanDecision } from '../../domain/decide-plan.types';
import { type AuditInput, changesBetween, recordAudits } from '../audit/record';
import type { Context } from '../context';
import { insertMany, selectMany } from '../db/bulk';
import { loadCatalogue } from '../plans/catalogue';
import { Tenant } from '../tenants/tenant.entity';
import type { Cause } from './cause';
import { type Link, withLinks } from './link-audits';
import { Override } from './override.entity';
import { PlanChange } from './plan-change.entity';
import { planStep } from './plan-step';
import { settleFindings } from './settle-findings';
import { StripeCustomer } from './stripe-customer.entity';
import { Subscription } from './subscription.entity';

/** A plan that a decision changed. */
export interface PlanMove {
  tenantId: string;
  fromPlanId: string;
  toPlanId: string;
  reason: string;
  subscriptionId: string | null;
  lowers: boolean;
}

/** What is decided in one go: rows of the mirror that are about to be written, with the audit entries they owe. */
export interface PendingMirror {
  rows: readonly Subscription[];
  audits: readonly AuditInput[];
  /** Customers that were just tied to a tenant. */
  links?: readonly Link[];
  /** What was read of customers: whether Stripe knows them as deleted. Others are looked up. */
  deleted?: ReadonlyMap<string, boolean>;
  /** When Stripe was asked: the tenants are proven equal to it as of then. */
  readAt?: Date;
}

export interface Decided {
  decisions: Map<string, PlanDecision>;
  moves: PlanMove[];
  findings: number;
}

const TENANT_FIELDS = [
  'planId',
  'planSource',
  'subscriptionId',
  'subscriptionStatus',
  'currentPeriodEnd',
  'cancelAt',
  'seatLimit',
  'nextDecisionAt',
] as const satisfies (keyof Tenant)[];

/** Reads tenants and holds their rows until the transaction ends, in the order of their ids, so that none wait in a ring. */
export async function lockTenants(tx: EntityManager, ids: Iterable<string | null>): Promise<Map<string, Tenant>> {
  const wanted = [...new Set([...ids].filter((id): id is string => id !== null))].sort();
  if (wanted.length === 0) return new Map();
  const where = 'FORCE INDEX (PRIMARY) WHERE id IN (?) ORDER BY id FOR UPDATE';
  const tenants = await selectMany(tx, Tenant, where, [wanted]);
  return new Map(tenants.map((tenant) => [tenant.id, tenant]));
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

async function loadMirror(tx: EntityManager, tenantIds: string[], pending: PendingMirror) {
  const where = 'FORCE INDEX (subscriptions_tenant) WHERE tenantId IN (?)';
  const stored = tenantIds.length > 0 ? await selectMany(tx, Subscription, where, [tenantIds]) : [];
  const rows = new Map(stored.map((row) => [row.id, row]));
  for (const row of pending.rows) rows.set(row.id, row);
  return byTenant(rows.values());
}

async function deletedAmong(
  tx: EntityManager,
  mirror: Map<string | null, Subscription[]>,
  read: PendingMirror['deleted'] = new Map(),
): Promise<Set<string>> {
  const ids = new Set([...mirror.values()].flat().map(({ customerId }) => customerId));
  const others = [...ids].filter((id) => !read.has(id));
  const rows =
    others.length > 0
      ? await tx.find(StripeCustomer, { select: { id: true }, where: { id: In(others), deleted: true } })
      : [];
  return new Set([...rows.map(({ id }) => id), ...[...ids].filter((id) => read.get(id))]);
}

const rankOf = (catalogue: Catalogue, planId: string): number =>
  catalogue.find(({ id }) => id === planId)?.rank ?? Number.NEGATIVE_INFINITY;

const newest = (mirror: readonly Subscription[]): Subscription | undefined =>
  [...mirror].sort((a, b) => +b.startedAt - +a.startedAt)[0];

/** The tenant's columns that follow from a decision. */
function decidedFields(decision: PlanDecision, mirror: readonly Subscription[]) {
  const shown = mirror.find(({ id }) => id === decision.subscriptionId) ?? newest(mirror);
  return {
    planId: decision.planId,
    planSource: decision.source,
    subscriptionId: decision.subscriptionId,
    subscriptionStatus: shown?.status ?? null,
    currentPeriodEnd: shown?.currentPeriodEnd ?? null,
    cancelAt: shown ? (shown.cancelAt ?? (shown.cancelAtPeriodEnd ? shown.currentPeriodEnd : null)) : null,
    seatLimit: decision.seatLimit,
    nextDecisionAt: decision.nextChangeAt,
  };
}

/** Rows whose earned plan or standing the decision changed; the change is made in place. */
function keepEarned(mirror: Subscription[], earned: PlanDecision['earned']): Subscription[] {
  return mirror.filter((row) => {
    const kept = earned[row.id];
    if (!kept || (kept.planId === row.planId && kept.counts === row.lastCounted)) return false;
    row.planId = kept.planId;
    row.lastCounted = kept.counts;
    return true;
  });
}

/** What is written of a tenant: what has no default value, and what a decision changes. */
type WrittenTenant = Pick<Tenant, 'id' | 'name' | 'basePlanId' | 'planSince' | (typeof TENANT_FIELDS)[number]>;

interface Surroundings {
  context: Context;
  catalogue: Catalogue;
  overrides: readonly Override[];
  deletedCustomers: ReadonlySet<string>;
  cause: Cause;
  now: Date;
}

/** What follows from deciding one tenant; what is null does not change. */
interface Outcome {
  decision: PlanDecision;
  tenant: WrittenTenant | null;
  move: PlanMove | null;
  step: PlanChange | null;
  audit: AuditInput | null;
}

function decideOne(tenant: Tenant, mirror: readonly Subscription[], around: Surroundings): Outcome {
  const { context, catalogue, overrides, deletedCustomers, cause, now } = around;
  const subscriptions = mirror.map((row) => ({
    customerDeleted: deletedCustomers.has(row.customerId),
    lastEarnedPlanId: row.planId,
    ...row,
  }));
  const { pastDueGraceDays: graceDays, stripe } = context.config;
  const { id: tenantId, basePlanId, memberCount, planId: fromPlanId } = tenant;
  const facts = { basePlanId, overrides, subscriptions, graceDays, livemode: stripe.livemode, memberCount };
  const decision = decidePlan(facts, catalogue, now);
  const next = decidedFields(decision, mirror);
  const changes = changesBetween<Tenant>(tenant, next, TENANT_FIELDS);
  if (Object.keys(changes).length === 0) return { decision, tenant: null, move: null, step: null, audit: null };
  const { planId: toPlanId, reason, subscriptionId } = decision;
  const moved = fromPlanId !== toPlanId;
  const lowers = rankOf(catalogue, toPlanId) < rankOf(catalogue, fromPlanId);
  const { nextDecisionAt: _, ...told } = changes;
  const action = moved ? 'tenant.change-plan' : 'tenant.update-billing';
  return {
    decision,
    tenant: { id: tenantId, name: tenant.name, basePlanId, planSince: moved ? now : tenant.planSince, ...next },
    move: moved ? { tenantId, fromPlanId, toPlanId, reason, subscriptionId, lowers } : null,
    step: moved ? planStep({ tenantId, fromPlanId, decision, cause, at: now }) : null,
    audit:
      Object.keys(told).length > 0
        ? { actor: cause.actor, action, resource: 'tenants', resourceId: tenantId, tenantId, changes: told, reason }
        : null,
  };
}

/**
 * Decides the plans of tenants and writes all that follows, in the caller's transaction: the mirror's pending rows,
 * what each subscription earns, the tenants, plan changes, findings and audit entries.
 *
 * @param tenants locked by lockTenants; every tenant of a pending row must be among them
 */
export async function decideTenants(
  tx: EntityManager,
  context: Context,
  tenants: ReadonlyMap<string, Tenant>,
  cause: Cause,
  pending: PendingMirror = { rows: [], audits: [] },
): Promise<Decided> {
  const now = context.now();
  const ids = [...tenants.keys()];
  const mirror = await loadMirror(tx, ids, pending);
  const deletedCustomers = await deletedAmong(tx, mirror, pending.deleted);
  const where = 'FORCE INDEX (overrides_tenant) WHERE tenantId IN (?) AND endsAt > ?';
  const running = ids.length > 0 ? await selectMany(tx, Override, where, [ids, now]) : [];
  const overrides = byTenant(running);
  const catalogue = await loadCatalogue(tx);
  const outcomes = [...tenants.values()].map((tenant) =>
    decideOne(tenant, mirror.get(tenant.id) ?? [], {
      context,
      catalogue,
      overrides: overrides.get(tenant.id) ?? [],
      deletedCustomers,
      cause,
      now,
    }),
  );
  const rows = new Map(pending.rows.map((row) => [row.id, row]));
  ids.forEach((id, index) => {
    const { earned } = outcomes[index]!.decision;
    for (const row of keepEarned(mirror.get(id) ?? [], earned)) rows.set(row.id, row);
  });

  await writeRows(tx, [...rows.values()]);
  await writeTenants(
    tx,
    ids,
    outcomes.flatMap(({ tenant }) => tenant ?? []),
    pending.readAt,
  );
  await insertMany(
    tx,
    PlanChange,
    outcomes.flatMap(({ step }) => step ?? []),
  );
  const decisions = new Map(ids.map((id, index) => [id, outcomes[index]!.decision]));
  const scopes = [...decisions].map(([tenantId, { findings }]) => ({ tenantId, customerId: null, found: findings }));
  const findings = await settleFindings(tx, scopes, now, cause);
  const decided = outcomes.flatMap(({ audit }) => audit ?? []);
  await recordAudits(tx, [...pending.audits, ...withLinks(decided, pending.links ?? [], cause)]);
  return { decisions, moves: outcomes.flatMap(({ move }) => move ?? []), findings };
}

/** A reading that changes nothing is no change of the tenant: its version and updatedAt stay. */
async function writeTenants(tx: EntityManager, ids: string[], changed: WrittenTenant[], readAt: Date | undefined) {
  const proven = readAt ? { lastSyncedAt: readAt, differsSince: null } : {};
  await insertMany<Tenant>(
    tx,
    Tenant,
    changed.map((tenant) => Object.assign(tenant, proven)),
    {
      update: [...TENANT_FIELDS, 'planSince', ...(Object.keys(proven) as (keyof typeof proven)[])],
      also: ['version = version + 1', 'updatedAt = CURRENT_TIMESTAMP(3)'],
    },
  );
  const written = new Set(changed.map(({ id }) => id));
  const others = ids.filter((id) => !written.has(id));
  if (!readAt || others.length === 0) return;
  const set = 'lastSyncedAt = ?, differsSince = NULL, updatedAt = updatedAt';
  await tx.query(`UPDATE tenants SET ${set} WHERE id IN (?)`, [readAt, others]);
}

async function writeRows(tx: EntityManager, rows: Subscription[]): Promise<void> {
  const [first] = rows;
  if (!first) return;
  const columns = tx.connection.getMetadata(Subscription).columns.map(({ propertyName }) => propertyName);
  const update = columns.filter((name) => name !== 'id') as (keyof Subscription & string)[];
  await insertMany<Subscription>(tx, Subscription, rows, { update, columns: ['id', ...update] });
}

/** decideTenants for one: gives its decision, or null where there is no such tenant. */
export async function decideTenant(
  tx: EntityManager,
  context: Context,
  tenantId: string,
  cause: Cause,
): Promise<PlanDecision | null> {
  const { decisions } = await decideTenants(tx, context, await lockTenants(tx, [tenantId]), cause);
  return decisions.get(tenantId) ?? null;
}
