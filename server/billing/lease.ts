import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import { ulid } from 'ulid';
import { RetrySoon } from '../jobs/settle';

const LEASE_SECONDS = 60;
const RENEW_MS = (LEASE_SECONDS / 4) * 1000;

/** The right to do a piece of work. Another holder may follow once it has run out; `fence` then grew. */
export interface Lease {
  /** A Stripe customer's id, or the name of work that one process does for all: `sweep`, `catch-up`. */
  name: string;
  fence: string;
  holder: string;
}

interface AffectedRows {
  affectedRows: number;
}

/** Takes a lease, by the database's own clock, or gives null where another holder has it. */
export async function takeLease(db: DataSource, name: string): Promise<Lease | null> {
  const holder = ulid();
  try {
    return await takeAs(db, name, holder);
  } catch (error) {
    // The connection may have been cut once the lease was ours.
    await letGo(db, { name, holder });
    throw error;
  }
}

async function takeAs(db: DataSource, name: string, holder: string): Promise<Lease | null> {
  await db.query(
    'INSERT IGNORE INTO leases (name, fence, expiresAt) VALUES (?, 0, UTC_TIMESTAMP(3) - INTERVAL 1 SECOND)',
    [name],
  );
  const taken: AffectedRows = await db.query(
    `UPDATE leases SET fence = fence + 1, holder = ?, expiresAt = UTC_TIMESTAMP(3) + INTERVAL ${LEASE_SECONDS} SECOND
     WHERE name = ? AND (holder IS NULL OR expiresAt <= UTC_TIMESTAMP(3))`,
    [holder, name],
  );
  if (taken.affectedRows === 0) return null;
  const rows: { fence: string }[] = await db.query(
    'SELECT CAST(fence AS CHAR) AS fence FROM leases WHERE name = ? AND holder = ?',
    [name, holder],
  );
  return rows[0] ? { name, holder, fence: rows[0].fence } : null;
}

/** Lets go of a lease; nothing happens where another holder has it by now. */
export async function releaseLease(
  db: DataSource | EntityManager,
  lease: Pick<Lease, 'name' | 'holder'>,
): Promise<void> {
  await db.query('UPDATE leases SET holder = NULL WHERE name = ? AND holder = ?', [lease.name, lease.holder]);
}

/** A connection that was just cut must neither fail the work nor keep the lease: one more try, else it runs out. */
const letGo = (db: DataSource, lease: Pick<Lease, 'name' | 'holder'>): Promise<void> =>
  releaseLease(db, lease)
    .catch(() => releaseLease(db, lease))
    .catch(() => undefined);

/** Holds the lease's row until the transaction ends. Throws RetrySoon where another holder followed: write nothing. */
export async function requireFence(tx: EntityManager, lease: Lease): Promise<void> {
  const rows: { fence: string }[] = await tx.query(
    'SELECT CAST(fence AS CHAR) AS fence FROM leases WHERE name = ? FOR UPDATE',
    [lease.name],
  );
  if (rows[0]?.fence !== lease.fence) throw new RetrySoon('The lease ran out before the work was done.');
}

/** Keeps a lease for as long as it is called for; ends by itself where another holder followed. */
function renewing(db: DataSource, lease: Lease): () => void {
  const timer = setInterval(() => {
    db.query(
      `UPDATE leases SET expiresAt = UTC_TIMESTAMP(3) + INTERVAL ${LEASE_SECONDS} SECOND WHERE name = ? AND holder = ?`,
      [lease.name, lease.holder],
    ).catch(() => undefined);
  }, RENEW_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/**
 * Runs `work` under a lease, waiting up to `waitMs` for it. The lease lasts as long as the work does and this process
 * lives; the work's own transactions call requireFence.
 * @throws RetrySoon where another holder keeps it longer
 */
export async function withLease<T>(
  db: DataSource,
  name: string,
  work: (lease: Lease) => Promise<T>,
  waitMs = 0,
): Promise<T> {
  let lease = await takeLease(db, name);
  for (const end = Date.now() + waitMs; !lease && Date.now() < end; ) {
    await sleep(50 + Math.random() * 100);
    lease = await takeLease(db, name);
  }
  if (!lease) throw new RetrySoon(`Another process holds the lease "${name}".`, 500);
  const end = renewing(db, lease);
  try {
    return await work(lease);
  } finally {
    end();
    await letGo(db, lease);
  }
}
