import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import { ulid } from 'ulid';
import { RetrySoon } from '../jobs/settle';

const LEASE_SECONDS = 60;

/** The right to work on one Stripe customer. Another holder may follow once it has run out; `fence` then grew. */
export interface Lease {
  customerId: string;
  fence: string;
  holder: string;
}

interface AffectedRows {
  affectedRows: number;
}

/** Takes the customer's lease, by the database's own clock, or gives null where another holder has it. */
export async function takeLease(db: DataSource, customerId: string): Promise<Lease | null> {
  const holder = ulid();
  await db.query(
    'INSERT IGNORE INTO customer_leases (customerId, fence, expiresAt) VALUES (?, 0, UTC_TIMESTAMP(3) - INTERVAL 1 SECOND)',
    [customerId],
  );
  const taken: AffectedRows = await db.query(
    `UPDATE customer_leases SET fence = fence + 1, holder = ?, expiresAt = UTC_TIMESTAMP(3) + INTERVAL ${LEASE_SECONDS} SECOND
     WHERE customerId = ? AND (holder IS NULL OR expiresAt <= UTC_TIMESTAMP(3))`,
    [holder, customerId],
  );
  if (taken.affectedRows === 0) return null;
  const rows: { fence: string }[] = await db.query(
    'SELECT CAST(fence AS CHAR) AS fence FROM customer_leases WHERE customerId = ? AND holder = ?',
    [customerId, holder],
  );
  return rows[0] ? { customerId, holder, fence: rows[0].fence } : null;
}

/** Lets go of a lease; nothing happens where another holder has it by now. */
export async function releaseLease(db: DataSource | EntityManager, lease: Lease): Promise<void> {
  await db.query('UPDATE customer_leases SET holder = NULL WHERE customerId = ? AND holder = ?', [
    lease.customerId,
    lease.holder,
  ]);
}

/** Holds the lease's row until the transaction ends. Throws RetrySoon where another holder followed: write nothing. */
export async function requireFence(tx: EntityManager, lease: Lease): Promise<void> {
  const rows: { fence: string }[] = await tx.query(
    'SELECT CAST(fence AS CHAR) AS fence FROM customer_leases WHERE customerId = ? FOR UPDATE',
    [lease.customerId],
  );
  if (rows[0]?.fence !== lease.fence) throw new RetrySoon('The lease ran out before the work was done.');
}

/**
 * Runs `work` under the customer's lease, waiting up to `waitMs` for it.
 * @throws RetrySoon where another holder keeps it longer
 */
export async function withLease<T>(
  db: DataSource,
  customerId: string,
  work: (lease: Lease) => Promise<T>,
  waitMs = 0,
): Promise<T> {
  let lease = await takeLease(db, customerId);
  for (const end = Date.now() + waitMs; !lease && Date.now() < end; ) {
    await sleep(50 + Math.random() * 100);
    lease = await takeLease(db, customerId);
  }
  if (!lease) throw new RetrySoon('This Stripe customer is being synced just now.', 500);
  try {
    return await work(lease);
  } finally {
    await releaseLease(db, lease);
  }
}
