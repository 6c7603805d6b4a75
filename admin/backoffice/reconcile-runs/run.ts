import type { RaRecord } from 'react-admin';
import { isPlanTooOld } from '../../../domain/reconcile-plan';
import { counted } from '../parts/counted';
import type { Money } from '../parts/money';

export { counted };

interface Person {
  id: string | null;
  name: string;
}

/** A run as `/api/reconcile-runs` tells it. */
export interface Run extends RaRecord {
  mode: 'dry-run' | 'apply';
  trigger: 'operator' | 'schedule' | 'command' | 'catch-up' | 'undo';
  status: 'running' | 'done' | 'failed' | 'cancelled';
  /** 0 to 1. */
  progress: number;
  rowsPerSecond: number;
  scanned: number;
  /** Subscriptions that differed from our copy. */
  changed: number;
  /** Tenants whose plan it lowers, or would. */
  lowered: number;
  /** Tenants whose plan it raises, or would. */
  raised: number;
  /** What hangs a month on the plans that it changes, by currency. */
  atRisk: Money[];
  /** Of its rows: carried out, refused since they no longer hold, failed, and those that can be applied. */
  applied: number;
  stale: number;
  failed: number;
  open: number;
  /** Of those that can be applied, those that lower a plan. */
  openLowers: number;
  /** Its rows were planned, and an operator had them applied. */
  approved: boolean;
  /** Who asked that it be applied, where it takes a second operator, and who approved it. */
  approval: { requestedBy: Person; requestedAt: string; approvedBy: Person | null; approvedAt: string | null } | null;
  appliedBy: Person | null;
  appliedAt: string | null;
  /** The run that it takes back, how long that lasts, and why. */
  undoes: string | null;
  undoUntil: string | null;
  undoReason: string | null;
  /** The runs that take it back. */
  undoneBy: string[];
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
  undo: 'takes back a run',
};

export const MODES: Record<Run['mode'], string> = { 'dry-run': 'dry run', apply: 'apply' };

/** Whether a request to apply it waits for another operator. */
export const awaitsApproval = ({ approval }: Pick<Run, 'approval'>): boolean =>
  approval !== null && !approval.approvedBy;

/** Whether there is something that can be applied: a plan, or what an earlier try left. */
export function isApplicable({ mode, status, approved, changed, open }: Run): boolean {
  if (status === 'running') return false;
  return mode === 'dry-run' ? status === 'done' && (open > 0 || changed > 0) : approved && open > 0;
}

/** Too long ago to be applied. */
export const isTooOld = ({ finishedAt }: Pick<Run, 'finishedAt'>): boolean =>
  finishedAt !== null && isPlanTooOld(new Date(finishedAt), new Date());

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
