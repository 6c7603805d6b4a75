import type { Verification } from '../../../domain/verification';

export interface Day {
  /** `2026-03-31`, in UTC. */
  day: string;
  tenants: number;
  proven: number;
}

export interface Convergence {
  now: {
    tenants: number;
    proven: number;
    differing: number;
    /** When the last whole sweep looked at the account; null where none ever ended. */
    sweptAt: string | null;
    /** Whether a run compares the whole account at this moment. */
    sweeping: boolean;
    tone: 'proven' | 'behind' | 'broken';
    oldest: { id: string; name: string; lastVerifiedAt: string | null; verification: Verification } | null;
  };
  from: string;
  to: string;
  /** Those days that were counted; the others are gaps. */
  days: Day[];
}

const DAY_MS = 86_400_000;

/** Every day from one to another; null for one that nobody counted. */
export function withGaps({ from, to, days }: Pick<Convergence, 'from' | 'to' | 'days'>) {
  const counted = new Map(days.map((one) => [one.day, one]));
  const all: { day: string; counted: Day | null }[] = [];
  for (let at = Date.parse(from); at <= Date.parse(to); at += DAY_MS) {
    const day = new Date(at).toISOString().slice(0, 10);
    all.push({ day, counted: counted.get(day) ?? null });
  }
  return all;
}

const DATE = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });

/** `31 Mar`. */
export const dayText = (day: string): string => DATE.format(new Date(day));
