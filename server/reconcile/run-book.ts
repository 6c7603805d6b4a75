import type { EntityManager } from 'typeorm';
import type { PlanBasis } from '../../domain/plan-basis';
import type { PlanEffect } from '../../domain/reconcile-plan';
import type { PlanMove } from '../billing/decide-one';
import { type Lease, requireFence } from '../billing/lease';
import type { Context } from '../context';
import { insertMany } from '../db/bulk';
import { newId } from '../db/id';
import { inTransaction } from '../db/transaction';
import { type ChangeState, ReconcileChange, ReconcileRun, ReconcileWindow } from './reconcile-run.entity';
import type { Window } from './windows';

/** A change of a plan as a run keeps it. */
export interface PlannedMove extends PlanMove {
  basis?: PlanBasis;
  effect?: PlanEffect;
  overrideId?: string | null;
  /** Why it is stale already. */
  note?: string;
}

/** How far the listing came. */
interface ListingState {
  windows?: readonly Window[];
  /** To its end. */
  listed?: boolean;
}

/** Somebody cancelled the run, or another process goes on with it: stop, and write nothing more. */
export class RunOver extends Error {}

/** The counts of a run while this process drives it; `save` makes them a checkpoint. */
export class RunBook {
  scanned: number;
  changed: number;
  findings: number;
  private lowered: number;
  private moves: PlannedMove[] = [];
  private readonly begun = Date.now();
  private readonly scannedBefore: number;

  constructor(
    private readonly context: Context,
    readonly run: ReconcileRun,
    private readonly lease: Lease,
  ) {
    this.scanned = run.scanned;
    this.scannedBefore = run.scanned;
    this.changed = run.changed;
    this.findings = run.findings;
    this.lowered = run.lowered;
  }

  add({ moves, findings }: { moves: readonly PlannedMove[]; findings: number }): void {
    this.moves.push(...moves);
    this.findings += findings;
    this.lowered += moves.filter(({ lowers }) => lowers).length;
  }

  /** Forgets what a rehearsal told, this one or one that was cut off: what was written stands. */
  async forgetPlanned(): Promise<void> {
    const changes = this.context.db.getRepository(ReconcileChange);
    await changes.delete({ runId: this.run.id, state: 'planned' });
    this.moves = [];
    this.lowered = await changes.countBy({ runId: this.run.id, state: 'applied', lowers: true });
    if (this.run.mode === 'dry-run') this.findings = 0;
  }

  /**
   * Writes a checkpoint: progress, counts, plan changes, how far each window was read, and whether all were.
   * @throws RunOver where the run is no longer this process's
   */
  async save(progress: number, state: ChangeState, { windows = [], listed = false }: ListingState = {}): Promise<void> {
    const { run, scanned, changed, findings, lowered } = this;
    const moves = this.moves.splice(0);
    const perSecond = (scanned - this.scannedBefore) / Math.max(0.001, (Date.now() - this.begun) / 1000);
    await this.guarded(async (tx) => {
      await insertMany(tx, ReconcileChange, this.rowsOf(moves, state));
      const rows = windows.map(({ n, since, safe }) => ({ runId: run.id, n, since, until: safe }));
      await insertMany<ReconcileWindow>(tx, ReconcileWindow, rows, { update: ['since', 'until'] });
      const counts = {
        scanned,
        changed,
        findings,
        lowered,
        rowsPerSecond: scanned > this.scannedBefore ? perSecond : 0,
        ...(listed ? { listed } : {}),
      };
      await tx.update(ReconcileRun, { id: run.id }, { progress: Math.min(1, progress), ...counts });
    });
  }

  /** Tells how far a planned run is, and what became of its rows so far. */
  async tell(progress: number, counts: Partial<ReconcileRun>): Promise<void> {
    const now = { ...counts, findings: this.findings, progress: Math.min(1, progress) };
    await this.guarded((tx) => tx.update(ReconcileRun, { id: this.run.id }, now));
  }

  /** A transaction that writes only while the run is this process's. */
  async guarded(work: (tx: EntityManager) => Promise<unknown>): Promise<void> {
    await inTransaction(this.context.db, async (tx) => {
      await requireFence(tx, this.lease).catch(() => {
        throw new RunOver('Another process goes on with this run.');
      });
      const row = await tx.findOne(ReconcileRun, { where: { id: this.run.id }, lock: { mode: 'pessimistic_write' } });
      if (row?.status !== 'running') throw new RunOver('The run was cancelled.');
      await work(tx);
    });
  }

  /** A transaction that writes beside others of this process, only while the run is its own. */
  async sharing<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return inTransaction(this.context.db, async (tx) => {
      const leases: { fence: string }[] = await tx.query(
        'SELECT CAST(fence AS CHAR) AS fence FROM leases WHERE name = ? LOCK IN SHARE MODE',
        [this.lease.name],
      );
      if (leases[0]?.fence !== this.lease.fence) throw new RunOver('Another process goes on with this run.');
      const row = await tx.findOne(ReconcileRun, { where: { id: this.run.id }, lock: { mode: 'pessimistic_read' } });
      if (row?.status !== 'running') throw new RunOver('The run was cancelled.');
      return work(tx);
    });
  }

  get lowers(): number {
    return this.lowered;
  }

  private rowsOf(moves: readonly PlannedMove[], state: ChangeState): ReconcileChange[] {
    const at = this.context.now();
    return moves.map(({ tenantId, fromPlanId, toPlanId, reason, lowers, about, ...planned }) => ({
      id: newId('rch'),
      runId: this.run.id,
      tenantId,
      fromPlanId,
      toPlanId,
      reason,
      lowers,
      subscriptionId: about?.subscriptionId ?? null,
      customerId: about?.customerId ?? null,
      atRiskAmount: about?.atRisk ? String(about.atRisk.amount) : null,
      atRiskCurrency: about?.atRisk?.currency ?? null,
      state: planned.note ? 'stale' : state,
      note: planned.note ?? null,
      basis: planned.basis ?? null,
      effect: planned.effect ?? null,
      overrideId: planned.overrideId ?? null,
      at,
    }));
  }
}
