import { dayOf } from '../../server/convergence/keep-day';
import { Random } from './random';

const DAY = 86_400_000;
/** The workers stood still for these days, so nobody counted. */
const STOOD_STILL = [47, 46, 45];

/**
 * How many were proven on each of the last 90 days, as workers that were at it all along would have counted: nearly
 * all, fewer in the days after they stood still, and today's is theirs to count.
 */
export function convergenceDays(now: Date, createdAts: readonly Date[]): object[] {
  const random = new Random(90);
  const days: object[] = [];
  for (let ago = 89; ago >= 1; ago -= 1) {
    if (STOOD_STILL.includes(ago)) continue;
    const countedAt = new Date(Math.floor((+now - ago * DAY) / DAY) * DAY + DAY - 240_000);
    const tenants = createdAts.filter((at) => at <= countedAt).length;
    const lag =
      ago === 44 ? 0.31 : ago === 43 ? 0.04 : ago === 17 ? 0.06 : random.chance(0.4) ? random.next() * 0.012 : 0;
    days.push({ day: dayOf(countedAt), tenants, proven: tenants - Math.round(tenants * lag), countedAt });
  }
  return days;
}
