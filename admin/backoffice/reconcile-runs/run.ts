import type { RaRecord } from 'react-admin';
import { counted } from '../parts/counted';

export { counted };

/** A run as `/api/reconcile-runs` tells it. */
export interface Run extends RaRecord {
  mode: 'dry-run' | 'apply';
  trigger: 'operator' | 'schedule' | 'command' | 'catch-up';
  status: 'running' | 'done' | 'failed' | 'cancelled';
  /** 0 to 1. */
  progress: number;
  rowsPerSecond: number;
  scanned: number;
  /** Subscriptions that differed from our copy. */
  changed: number;
  /** Tenants whose plan it lowers, or would. */
  lowered: number;
  findings: number;
  /** Only these; null for the whole account. */
  tenantIds: string[] | null;
  /** Stopped as a dry run, since too many would have lost their plan. */
  braked: boolean;
  error: string | null;
  actor: { type: string; id: string | null; name: string };
  startedAt: string;
  finishedAt: string | null;
}

/** How often a page asks again while a run is under way, in milliseconds. */
const POLL_MS = 2000;

/** For react-query: asks on while anything shown is running. */
export const whileRunning =
  (isRunning: (data: unknown) => boolean) =>
  ({ state }: { state: { data?: unknown } }): number | false =>
    isRunning(state.data) ? POLL_MS : false;

export const TRIGGERS: Record<Run['trigger'], string> = {
  operator: 'by hand',
  schedule: 'nightly',
  command: 'command line',
  'catch-up': 'catch-up',
};

export const MODES: Record<Run['mode'], string> = { 'dry-run': 'dry run', apply: 'apply' };

/** What an operator types to have plans lowered; the server asks for these very words. */
export const confirmPhrase = ({ lowered }: Pick<Run, 'lowered'>): string =>
  `lower ${lowered} ${lowered === 1 ? 'tenant' : 'tenants'}`;

export const scopeOf = ({ tenantIds }: Pick<Run, 'tenantIds'>): string =>
  tenantIds ? counted(tenantIds.length, 'chosen tenant') : 'the whole Stripe account';

/** Seconds as people say them: `42 s`, `3 min 5 s`, `2 h 10 min`. */
export function spell(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** How long it took, or has taken by `now`. */
export const durationOf = ({ startedAt, finishedAt }: Pick<Run, 'startedAt' | 'finishedAt'>, now: number): string =>
  spell(((finishedAt ? Date.parse(finishedAt) : now) - Date.parse(startedAt)) / 1000);
