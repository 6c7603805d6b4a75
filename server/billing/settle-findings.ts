import { type EntityManager, In } from 'typeorm';
import { findingFingerprint } from '../../domain/customer-findings';
import type { PlanFinding } from '../../domain/decide-plan.types';
import { insertMany, selectMany } from '../db/bulk';
import { newId } from '../db/id';
import type { Cause } from './cause';
import { Finding, type ResolvedBy } from './finding.entity';

/** What was found of one tenant, or of one customer without a tenant: all there is, so that what is gone is closed. */
export interface Scope {
  tenantId: string | null;
  customerId: string | null;
  found: readonly PlanFinding[];
}

/** Raised and closed by what they tell of, not by a decision. */
const EVENTFUL = ['handler-failed', 'missed-webhook', 'abandoned-checkout'];

const scopeOf = ({ tenantId, customerId }: Pick<Scope, 'tenantId' | 'customerId'>): string =>
  tenantId ?? customerId ?? '-';

const factsOf = (finding: PlanFinding) => ({
  severity: finding.severity,
  cause: finding.cause,
  summary: finding.summary.slice(0, 500),
  expected: finding.expected?.slice(0, 500) ?? null,
  actual: finding.actual?.slice(0, 500) ?? null,
  atRiskAmount: finding.atRisk ? String(finding.atRisk.amount) : null,
  atRiskCurrency: finding.atRisk?.currency ?? null,
});

const rowOf = (scope: Scope, finding: PlanFinding, now: Date, runId: string | null): Finding => ({
  runId,
  id: newId('fnd'),
  fingerprint: findingFingerprint(scopeOf(scope), finding),
  kind: finding.kind,
  ...factsOf(finding),
  status: 'open',
  tenantId: scope.tenantId,
  customerId: finding.customerId ?? scope.customerId,
  subscriptionId: finding.subscriptionId,
  firstSeenAt: now,
  lastSeenAt: now,
  resolvedAt: null,
  resolvedBy: null,
  ownerId: null,
  snoozedUntil: null,
  dismissedReason: null,
  occurrences: 1,
});

const ofTenants = (tx: EntityManager, ids: readonly string[]): Promise<Finding[]> =>
  selectMany(tx, Finding, 'FORCE INDEX (findings_tenant) WHERE tenantId IN (?)', [ids]);

const ofCustomers = (tx: EntityManager, ids: readonly string[]): Promise<Finding[]> =>
  selectMany(tx, Finding, 'FORCE INDEX (findings_customer) WHERE customerId IN (?)', [ids]);

/**
 * What a finding takes over that is there when it is found again. Only what was resolved opens anew, as nobody's: what
 * operators said of it holds while the difference stays. Assignments run in their order, so the status comes last.
 */
const FOUND_AGAIN = {
  update: [
    'severity',
    'cause',
    'summary',
    'expected',
    'actual',
    'atRiskAmount',
    'atRiskCurrency',
    'lastSeenAt',
    'resolvedAt',
    'resolvedBy',
  ],
  also: [
    'runId = COALESCE(VALUES(runId), runId)',
    "occurrences = occurrences + (status = 'resolved')",
    "ownerId = IF(status = 'resolved', NULL, ownerId)",
    "dismissedReason = IF(status = 'resolved', NULL, dismissedReason)",
    "status = IF(status = 'resolved', VALUES(status), status)",
  ],
} as const;

/** How a finding that is gone was closed: by what brought the reading about that no longer found it. */
export const resolvedBy = ({ actor: { type, id, name }, eventId = null, runId = null }: Cause): ResolvedBy => ({
  type,
  id,
  name,
  eventId,
  runId,
});

/**
 * Makes the findings of each tenant equal to what was found: raises, refreshes, opens again what was resolved, and
 * closes what is gone. One row a fingerprint, so that first and last seen tell the story. Gives how many stand.
 */
export async function settleFindings(
  tx: EntityManager,
  found: ReadonlyMap<string, readonly PlanFinding[]>,
  now: Date,
  cause: Cause,
): Promise<number> {
  if (found.size === 0) return 0;
  const scopes = [...found].map(([tenantId, findings]) => ({ tenantId, customerId: null, found: findings }));
  return settle(tx, scopes, await ofTenants(tx, [...found.keys()]), now, cause);
}

/**
 * The same for customers that were just read: what was found of each as one without a tenant. What a failed handler
 * left of any of them is closed.
 */
export async function settleCustomers(
  tx: EntityManager,
  found: ReadonlyMap<string, readonly PlanFinding[]>,
  now: Date,
  cause: Cause,
): Promise<number> {
  if (found.size === 0) return 0;
  const standing = await ofCustomers(tx, [...found.keys()]);
  const scopes = [...found].map(([customerId, findings]) => ({ tenantId: null, customerId, found: findings }));
  const own = standing.filter(({ tenantId }) => tenantId === null);
  const count = await settle(tx, scopes, own, now, cause);
  const failed = standing.filter(({ kind, status }) => kind === 'handler-failed' && status !== 'resolved');
  await resolve(tx, failed, now, cause);
  return count;
}

async function settle(
  tx: EntityManager,
  scopes: readonly Scope[],
  standing: readonly Finding[],
  now: Date,
  cause: Cause,
): Promise<number> {
  const known = new Map(standing.map((row) => [row.fingerprint, row]));
  const rows = new Map<string, Finding>();
  for (const scope of scopes)
    for (const finding of scope.found) {
      const row = rowOf(scope, finding, now, cause.runId ?? null);
      const before = known.get(row.fingerprint);
      rows.set(row.fingerprint, {
        ...row,
        ...(before ? { id: before.id, firstSeenAt: before.firstSeenAt } : {}),
      });
    }
  await insertMany(tx, Finding, [...rows.values()], FOUND_AGAIN);
  const gone = standing.filter(
    ({ status, fingerprint, kind }) => status !== 'resolved' && !rows.has(fingerprint) && !EVENTFUL.includes(kind),
  );
  await resolve(tx, gone, now, cause);
  return rows.size;
}

async function resolve(tx: EntityManager, findings: readonly Finding[], now: Date, cause: Cause): Promise<void> {
  if (findings.length === 0) return;
  const over = { status: 'resolved' as const, snoozedUntil: null, resolvedAt: now, resolvedBy: resolvedBy(cause) };
  const byRun = cause.runId ? { runId: cause.runId } : {};
  await tx.update(Finding, { id: In(findings.map(({ id }) => id)) }, { ...over, ...byRun });
}

/** Raises findings that no decision would find again: they stay until `settleCustomers`, or are `over` at once by that cause. */
export async function raiseEventful(
  tx: EntityManager,
  scopes: readonly Scope[],
  now: Date,
  { over }: { over?: Cause } = {},
): Promise<void> {
  const rows = scopes.flatMap((scope) =>
    scope.found.map((finding) => ({
      ...rowOf(scope, finding, now, over?.runId ?? null),
      ...(over ? { status: 'resolved' as const, resolvedAt: now, resolvedBy: resolvedBy(over) } : {}),
    })),
  );
  await insertMany(tx, Finding, rows, FOUND_AGAIN);
}
