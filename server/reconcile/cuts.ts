import type { Context } from '../context';
import { PAGE } from '../stripe/list-page';

/** Where to cut the account so that each window but the oldest holds as many whole pages: from the newest one back. */
export async function cutsOf(db: Context['db'], parallelism: number): Promise<number[]> {
  const [{ total }] = await db.query('SELECT COUNT(*) AS total FROM subscriptions');
  if (total < parallelism * PAGE) return [];
  const size = PAGE * Math.ceil(total / PAGE / parallelism);
  const cuts: number[] = [];
  for (let newest = new Date(Date.UTC(9999, 0)); cuts.length < parallelism - 1; ) {
    const [row] = await db.query(
      'SELECT createdAt FROM subscriptions WHERE createdAt <= ? ORDER BY createdAt DESC LIMIT 1 OFFSET ?',
      [newest, size],
    );
    if (!row) break;
    newest = row.createdAt;
    cuts.push(Math.floor(+newest / 1000));
  }
  return cuts;
}
