import { type EntityManager, In } from 'typeorm';
import type { PlanFinding } from '../../domain/decide-plan.types';
import { newId } from '../db/id';
import { Finding } from './finding.entity';

const fingerprintOf = (tenantId: string, { kind, subscriptionId }: PlanFinding) =>
  [kind, tenantId, subscriptionId ?? '-'].join('/');

/** Makes the tenant's open findings equal to what its decision found: raises, refreshes, and closes what is gone. */
export async function settleFindings(
  tx: EntityManager,
  tenantId: string,
  found: PlanFinding[],
  now: Date,
): Promise<void> {
  const standing = await tx.findBy(Finding, { tenantId });
  const byFingerprint = new Map(standing.map((row) => [row.fingerprint, row]));
  const seen = new Set<string>();
  for (const finding of found) {
    const fingerprint = fingerprintOf(tenantId, finding);
    if (seen.has(fingerprint)) continue;
    seen.add(fingerprint);
    const row = byFingerprint.get(fingerprint);
    const facts = {
      severity: finding.severity,
      summary: finding.summary,
      expected: finding.expected,
      actual: finding.actual?.slice(0, 500) ?? null,
      lastSeenAt: now,
    };
    if (!row)
      await tx.insert(Finding, {
        id: newId('fnd'),
        fingerprint,
        tenantId,
        kind: finding.kind,
        cause: finding.kind,
        subscriptionId: finding.subscriptionId,
        customerId: finding.customerId,
        firstSeenAt: now,
        ...facts,
      });
    else if (row.status === 'resolved')
      await tx.update(Finding, { id: row.id }, { ...facts, status: 'open', resolvedAt: null });
    else await tx.update(Finding, { id: row.id }, facts);
  }
  const gone = standing.filter((row) => row.status !== 'resolved' && !seen.has(row.fingerprint)).map(({ id }) => id);
  if (gone.length > 0) await tx.update(Finding, { id: In(gone) }, { status: 'resolved', resolvedAt: now });
}
