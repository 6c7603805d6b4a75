import type { EntityManager } from 'typeorm';
import type { AppliedReading } from '../billing/apply-readings';

/**
 * Which of these customers may be written from a listing: no sync holds them, and none wrote them since they were
 * listed. Their leases' rows stay locked until the transaction ends, so that a sync which begins now reads what Stripe
 * says after us. Tells of each whether our mirror knows it.
 */
export async function freeCustomers(
  tx: EntityManager,
  readings: readonly Pick<AppliedReading, 'customerId' | 'readAt'>[],
): Promise<Map<string, { known: boolean }>> {
  if (readings.length === 0) return new Map();
  const ids = readings.map(({ customerId }) => customerId).sort();
  await tx.query('INSERT IGNORE INTO leases (name, fence, expiresAt) VALUES ?', [
    ids.map((id) => [id, 0, new Date(0)]),
  ]);
  const leases: { name: string; holder: string | null }[] = await tx.query(
    'SELECT name, holder FROM leases FORCE INDEX (PRIMARY) WHERE name IN (?) ORDER BY name FOR UPDATE',
    [ids],
  );
  const synced: { id: string; syncedAt: Date | null }[] = await tx.query(
    'SELECT id, syncedAt FROM stripe_customers FORCE INDEX (PRIMARY) WHERE id IN (?)',
    [ids],
  );
  const syncedAt = new Map(synced.map((row) => [row.id, row.syncedAt]));
  const held = new Set(leases.filter(({ holder }) => holder !== null).map(({ name }) => name));
  const free = readings.filter(
    ({ customerId, readAt }) => !held.has(customerId) && !(+(syncedAt.get(customerId) ?? 0) >= +readAt),
  );
  return new Map(free.map(({ customerId }) => [customerId, { known: syncedAt.has(customerId) }]));
}
