import { DAY_MS } from './moment';

export type OverrideStatus = 'upcoming' | 'running' | 'ended';

interface Span {
  startsAt: Date;
  endsAt: Date;
  /** When an operator ended it early. */
  endedAt: Date | null;
}

/** Where an override stands as of `now`: its start is inside, its end is outside. */
export function overrideStatus({ startsAt, endsAt, endedAt }: Span, now: Date): OverrideStatus {
  if (endedAt || endsAt <= now) return 'ended';
  return startsAt <= now ? 'running' : 'upcoming';
}

/** How long before its end somebody is told. */
export const NOTE_DAYS = 3;

/** When its end is to be told: three days before; of one shorter than six days when half of it is over. */
export const noteDueAt = ({ startsAt, endsAt }: Pick<Span, 'startsAt' | 'endsAt'>): Date =>
  new Date(Math.max(+endsAt - NOTE_DAYS * DAY_MS, (+startsAt + +endsAt) / 2));
