import type { Context } from '../context';
import { countProven } from './count-proven';

export const dayOf = (moment: Date): string => moment.toISOString().slice(0, 10);

/**
 * Counts who is proven and keeps it as today's, in UTC: a day ends up with its last count. Any number of workers may do
 * so at once, and a count that took longer never replaces a newer one. Days on which nobody counted stay gaps.
 */
export async function keepConvergenceDay(context: Pick<Context, 'db' | 'now'>): Promise<void> {
  const countedAt = context.now();
  const { tenants, proven } = await countProven(context);
  // In this order: MySQL assigns from left to right, and countedAt decides about the others.
  const newer = (column: string) => `${column} = IF(VALUES(countedAt) >= countedAt, VALUES(${column}), ${column})`;
  await context.db.query(
    `INSERT INTO convergence_days (day, tenants, proven, countedAt) VALUES (?, ?, ?, ?)
     ON DUPLICATE KEY UPDATE ${['tenants', 'proven', 'countedAt'].map(newer).join(', ')}`,
    [dayOf(countedAt), tenants, proven, countedAt],
  );
}
