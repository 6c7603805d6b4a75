import type { EntityManager } from 'typeorm';
import type { PlanDecision } from '../../domain/decide-plan.types';
import { type AuditInput, recordAudits } from '../audit/record';
import type { Context } from '../context';
import { insertMany, selectMany } from '../db/bulk';
import { loadCatalogue } from '../plans/catalogue';
import { Tenant } from '../tenants/tenant.entity';
import type { Cause } from './cause';
import { decideOne, type Outcome, type PlanMove, TENANT_FIELDS, type WrittenTenant } from './decide-one';
import { PlanDecisionRow } from './explanation/plan-decision.entity';
import { type Link, withLinks } from './link-audits';
import type { Override } from './override.entity';
import { PlanChange } from './plan-change.entity';
import { loadSurroundings, type Surroundings } from './plan-facts';
import { settleFindings } from './settle-findings';
import { Subscription } from './subscription.entity';

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

/** Reads tenants and holds their rows until the transaction ends, in the order of their ids, so that none wait in a ring. */
export async function lockTenants(tx: EntityManager, ids: Iterable<string | null>): Promise<Map<string, Tenant>> {
  const wanted = [...new Set([...ids].filter((id): id is string => id !== null))].sort();
  if (wanted.length === 0) return new Map();
  const where = 'FORCE INDEX (PRIMARY) WHERE id IN (?) ORDER BY id FOR UPDATE';
  const tenants = await selectMany(tx, Tenant, where, [wanted]);
  return new Map(tenants.map((tenant) => [tenant.id, tenant]));
}

/** What one tenant was decided from, before anything is written. */
export interface Weighed {
  before: Tenant;
  mirror: readonly Subscription[];
  /** As they are stored, whatever was supposed. */
  overrides: readonly Override[];
  decision: PlanDecision;
  move: PlanMove | null;
}

/** Rows whose earned plan or standing the decision changed; the change is made in place. */
function keepEarned(mirror: readonly Subscription[], earned: PlanDecision['earned']): Subscription[] {
  return mirror.filter((row) => {
    const kept = earned[row.id];
    if (!kept || (kept.planId === row.planId && kept.counts === row.lastCounted)) return false;
    row.planId = kept.planId;
    row.lastCounted = kept.counts;
    return true;
  });
}

/** An override that is not written yet. */
export type DraftOverride = Omit<Override, 'createdAt' | 'version'>;

/** Overrides that are not there yet, or not any more: to see what would come of it. */
export interface Supposed {
  /** By tenant. */
  granted?: ReadonlyMap<string, DraftOverride>;
  /** Ids. */
  ended?: ReadonlySet<string>;
}

function supposing({ overrides, ...others }: Surroundings, { granted, ended }: Supposed, now: Date): Surroundings {
  const supposed = new Map([...overrides].map(([id, rows]) => [id, rows.filter((row) => !ended?.has(row.id))]));
  for (const [tenantId, draft] of granted ?? [])
    supposed.set(tenantId, [...(supposed.get(tenantId) ?? []), { ...draft, createdAt: now, version: 1 }]);
  return { ...others, overrides: supposed };
}

/** Decides the plans of tenants by what is stored and pending, and writes nothing. Gives what comes of it, by tenant. */
export async function weighTenants(
  tx: EntityManager,
  context: Context,
  tenants: ReadonlyMap<string, Tenant>,
  cause: Cause,
  pending: PendingMirror,
  supposed: Supposed = {},
): Promise<Map<string, Weighed>> {
  const now = context.now();
  const stored = await loadSurroundings(tx, [...tenants.keys()], now, pending);
  const surroundings = supposing(stored, supposed, now);
  const around = { context, catalogue: await loadCatalogue(tx), surroundings, cause, now };
  return new Map(
    [...tenants].map(([id, before]) => {
      const { decision, move } = decideOne(before, around);
      const mirror = stored.subscriptions.get(id) ?? [];
      return [id, { before, mirror, overrides: stored.overrides.get(id) ?? [], decision, move }];
    }),
  );
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
  const surroundings = await loadSurroundings(tx, ids, now, pending);
  const catalogue = await loadCatalogue(tx);
  const around = { context, catalogue, surroundings, cause, now };
  const outcomes = [...tenants.values()].map((tenant) => decideOne(tenant, around));
  const rows = new Map(pending.rows.map((row) => [row.id, row]));
  ids.forEach((id, index) => {
    const { earned } = outcomes[index]!.decision;
    for (const row of keepEarned(surroundings.subscriptions.get(id) ?? [], earned)) rows.set(row.id, row);
  });

  await writeRows(tx, [...rows.values()]);
  await writeTenants(
    tx,
    ids,
    outcomes.flatMap(({ tenant }) => tenant ?? []),
    pending.readAt,
  );
  await keepDecisions(tx, tenants, outcomes);
  await insertMany(
    tx,
    PlanChange,
    outcomes.flatMap(({ step }) => step ?? []),
  );
  const decisions = new Map(ids.map((id, index) => [id, outcomes[index]!.decision]));
  const found = new Map([...decisions].map(([tenantId, decision]) => [tenantId, decision.findings]));
  const findings = await settleFindings(tx, found, now, cause);
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
      update: [...TENANT_FIELDS, 'planSince', 'decisionHash', ...(Object.keys(proven) as (keyof typeof proven)[])],
      also: ['version = version + 1', 'updatedAt = CURRENT_TIMESTAMP(3)'],
    },
  );
  const written = new Set(changed.map(({ id }) => id));
  const others = ids.filter((id) => !written.has(id));
  if (!readAt || others.length === 0) return;
  const set = 'lastSyncedAt = ?, differsSince = NULL, updatedAt = updatedAt';
  await tx.query(`UPDATE tenants SET ${set} WHERE id IN (?)`, [readAt, others]);
}

/** Keeps the answers that are new. A tenant of which nothing else changes gets its hash: no change that anybody made. */
async function keepDecisions(tx: EntityManager, tenants: ReadonlyMap<string, Tenant>, outcomes: Outcome[]) {
  const fresh = outcomes.flatMap(({ kept }) => kept ?? []);
  await insertMany(
    tx,
    PlanDecisionRow,
    fresh.map(({ row }) => row),
  );
  const quiet = outcomes.flatMap(({ kept, tenant }) => (kept && !tenant ? kept : []));
  const hashes = quiet.map(({ hash: decisionHash, row: { tenantId } }) => {
    const { id, name, basePlanId, planId, planSince } = tenants.get(tenantId)!;
    return { id, name, basePlanId, planId, planSince, decisionHash };
  });
  await insertMany<Tenant>(tx, Tenant, hashes, { update: ['decisionHash'], also: ['updatedAt = updatedAt'] });
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
