import type { Context } from '../context';
import { PAGE } from '../stripe/list-page';
import type { KnownPart } from './windows';

/**
 * The account in parts of as many whole pages each, by what our mirror has: from the newest to the oldest, and at last
 * the years before, of which nothing is known. None of an account so small that cutting it brings nothing.
 */
export async function knownParts(db: Context['db'], parallelism: number): Promise<KnownPart[]> {
  const [{ total, oldest }] = await db.query('SELECT COUNT(*) AS total, MIN(createdAt) AS oldest FROM subscriptions');
  if (total < parallelism * PAGE) return [];
  const size = PAGE * Math.ceil(total / PAGE / parallelism);
  const parts: KnownPart[] = [];
  for (let [until, left] = [new Date(Date.UTC(9999, 0)), total]; left > 0; left -= size) {
    parts.push({ until: Math.floor(+until / 1000), rows: Math.min(size, left) });
    const [next] = await db.query(
      'SELECT createdAt FROM subscriptions WHERE createdAt <= ? ORDER BY createdAt DESC LIMIT 1 OFFSET ?',
      [until, size],
    );
    if (!next) break;
    until = next.createdAt;
  }
  return [...parts, { until: Math.floor(+oldest / 1000) - 1, rows: 0 }];
}
