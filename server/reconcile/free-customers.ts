import type { EntityManager } from 'typeorm';
import type { AppliedReading } from '../billing/apply-readings';

type Listed = Pick<AppliedReading, 'customerId' | 'readAt'>;

/**
 * Which of these customers may be written from a listing: no sync holds them, and none wrote them since they were
 * listed. Their leases' rows stay locked until the transaction ends, so that a sync which begins now reads what Stripe
 * says after us.
 */
export async function freeCustomers(tx: EntityManager, readings: readonly Listed[]): Promise<Set<string>> {
  if (readings.length === 0) return new Set();
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
  return new Set(free.map(({ customerId }) => customerId));
}

/**
 * Those of these readings whose customers our mirror does not know and no sync holds, in the order of their ids. No
 * lease is locked: a sync that begins after us reads Stripe later than the listing was, and whichever of us inserts the
 * customer second finds it there and looks again (`unknown` of applyReadings). Leases are read before customers: a sync
 * commits what it read before it lets go.
 */
export async function unknownAmong<Reading extends Listed>(
  tx: EntityManager,
  readings: readonly Reading[],
): Promise<Reading[]> {
  if (readings.length === 0) return [];
  const ids = readings.map(({ customerId }) => customerId);
  const held: { id: string }[] = await tx.query(
    'SELECT name AS id FROM leases FORCE INDEX (PRIMARY) WHERE name IN (?) AND holder IS NOT NULL',
    [ids],
  );
  const known: { id: string }[] = await tx.query(
    'SELECT id FROM stripe_customers FORCE INDEX (PRIMARY) WHERE id IN (?)',
    [ids],
  );
  const others = new Set([...held, ...known].map(({ id }) => id));
  return readings
    .filter(({ customerId }) => !others.has(customerId))
    .sort((a, b) => (a.customerId < b.customerId ? -1 : 1));
}
