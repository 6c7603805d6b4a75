import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import type { Context } from '../../server/context';
import { makeContext } from '../support/context';

const BATCH = 500;
const WRITERS = 2;
/** Parents first: foreign keys. */
const TABLES = [
  'plans',
  'plan_prices',
  'tenants',
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
const BEFORE = new Set(['plans', 'plan_prices', 'reconcile_runs']);
/** What a sweep writes of a tenant that was there before. */
const OF_TENANT = [
  'planId',
  'planSource',
  'planSince',
  'subscriptionId',
  'subscriptionStatus',
  'currentPeriodEnd',
  'lastSyncedAt',
  'decisionHash',
  'version',
  'updatedAt',
];

/** Whose defaults are what a tenant was before: on its base plan. */
const KEYS_OF_TENANT = ['id', 'name', 'basePlanId'];

const plain = (value: unknown): unknown =>
  value !== null && typeof value === 'object' && !(value instanceof Date) ? JSON.stringify(value) : value;

/** Writes rows in batches, by as many writers as may be; gives how long it took, in milliseconds. */
async function write(to: Pool, sql: string, rows: unknown[][]): Promise<number> {
  const batches: unknown[][][] = [];
  for (let first = 0; first < rows.length; first += BATCH) batches.push(rows.slice(first, first + BATCH));
  const begin = performance.now();
  const writer = async () => {
    for (let batch = batches.shift(); batch; batch = batches.shift()) await to.query(sql, [batch]);
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
  return performance.now() - begin;
}

const insertOf = (table: string, columns: readonly string[]): string =>
  `INSERT INTO \`${table}\` (${columns.map((name) => `\`${name}\``).join(', ')}) VALUES ?`;

/** A tenant's row was there, on its base plan: what is timed is that it takes what the sweep made of it. */
async function writeTenants(to: Pool, rows: RowDataPacket[]): Promise<number> {
  const before = rows.map((row) => [...KEYS_OF_TENANT.map((name) => row[name]), row.basePlanId, row.planSince]);
  await write(to, insertOf('tenants', [...KEYS_OF_TENANT, 'planId', 'planSince']), before);
  const columns = [...KEYS_OF_TENANT, ...OF_TENANT];
  const updates = OF_TENANT.map((name) => `\`${name}\` = VALUES(\`${name}\`)`).join(', ');
  const after = rows.map((row) => columns.map((name) => row[name]));
  return write(to, `${insertOf('tenants', columns)} ON DUPLICATE KEY UPDATE ${updates}`, after);
}

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
    const values = () => rows.map((row) => columns.map((name) => plain(row[name])));
    const took =
      table === 'tenants' ? await writeTenants(to, rows) : await write(to, insertOf(table, columns), values());
    if (!BEFORE.has(table)) ms += took;
  }
  await from.end();
  await to.end();
  await empty.close();
  return ms;
}
