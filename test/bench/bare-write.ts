import { createPool, type RowDataPacket } from 'mysql2/promise';
import type { Context } from '../../server/context';
import { makeContext } from '../support/context';

const BATCH = 500;
const WRITERS = 2;
/** Parents first: foreign keys. */
const TABLES = [
  'plans',
  'plan_prices',
  'tenants',
  'leases',
  'stripe_customers',
  'subscriptions',
  'plan_changes',
  'plan_decisions',
  'reconcile_runs',
  'reconcile_changes',
  'audit_chains',
  'audit_log',
  'audit_personal',
];
/** Here before the sweep began, or of no weight. */
const BEFORE = new Set(['plans', 'plan_prices', 'tenants', 'reconcile_runs']);

/**
 * Writes the very rows that a sweep wrote into an empty database, by the bare driver, as fast as batches go. Gives how
 * long it took, in milliseconds.
 */
export async function bareWrite(context: Context): Promise<number> {
  const empty = await makeContext();
  const from = createPool({ uri: context.config.databaseUrl, timezone: 'Z' });
  const to = createPool({ uri: empty.context.config.databaseUrl, timezone: 'Z', connectionLimit: WRITERS });
  await empty.context.db.query('DELETE FROM plans');
  let ms = 0;
  for (const table of TABLES) {
    const [rows] = await from.query<RowDataPacket[]>({ sql: `SELECT * FROM \`${table}\``, typeCast: true });
    const columns = Object.keys(rows[0] ?? {});
    const values = rows.map((row) =>
      columns.map((name) =>
        row[name] !== null && typeof row[name] === 'object' && !(row[name] instanceof Date)
          ? JSON.stringify(row[name])
          : row[name],
      ),
    );
    const batches: unknown[][][] = [];
    for (let first = 0; first < values.length; first += BATCH) batches.push(values.slice(first, first + BATCH));
    const sql = `INSERT INTO \`${table}\` (${columns.map((name) => `\`${name}\``).join(', ')}) VALUES ?`;
    const begin = performance.now();
    const writer = async () => {
      for (let batch = batches.shift(); batch; batch = batches.shift()) await to.query(sql, [batch]);
    };
    await Promise.all(Array.from({ length: WRITERS }, writer));
    if (!BEFORE.has(table)) ms += performance.now() - begin;
  }
  // A sweep updates the tenants, too.
  const begin = performance.now();
  await to.query(`UPDATE tenants SET planSince = NOW(3), lastSyncedAt = NOW(3)`);
  ms += performance.now() - begin;
  await from.end();
  await to.end();
  await empty.close();
  return ms;
}
