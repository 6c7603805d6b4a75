import { type EntityManager, In } from 'typeorm';
import type { Decided, PlanMove } from '../billing/decide-tenant';
import { type Lease, requireFence } from '../billing/lease';
import type { Context } from '../context';
import { insertMany } from '../db/bulk';
import { newId } from '../db/id';
import { inTransaction } from '../db/transaction';
import { type ChangeState, ReconcileChange, ReconcileRun, ReconcileWindow } from './reconcile-run.entity';
import type { Window } from './windows';

/** Somebody cancelled the run, or another process goes on with it: stop, and write nothing more. */
export class RunOver extends Error {}

/** The counts of a run while this process drives it; `save` makes them a checkpoint. */
export class RunBook {
  scanned: number;
  changed: number;
  findings: number;
  private lowered: number;
  private moves: PlanMove[] = [];
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

  add({ moves, findings }: Pick<Decided, 'moves' | 'findings'>): void {
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
   * Writes a checkpoint: progress, counts, plan changes and how far each window was read.
   * @throws RunOver where the run is no longer this process's
   */
  async save(progress: number, state: ChangeState, windows: readonly Window[] = []): Promise<void> {
    const { run, scanned, changed, findings, lowered } = this;
    const moves = this.moves.splice(0);
    const perSecond = (scanned - this.scannedBefore) / Math.max(0.001, (Date.now() - this.begun) / 1000);
    await this.guarded(async (tx) => {
      // What an approved run does takes the place of what it had planned.
      const moved = In(moves.map(({ tenantId }) => tenantId));
      if (run.approved && moves.length > 0)
        await tx.delete(ReconcileChange, { runId: run.id, tenantId: moved, state: 'stale' });
      await insertMany(tx, ReconcileChange, this.rowsOf(moves, state));
      const rows = windows.map(({ n, since, safe }) => ({ runId: run.id, n, since, until: safe }));
      await insertMany<ReconcileWindow>(tx, ReconcileWindow, rows, { update: ['since', 'until'] });
      const counts = {
        scanned,
        changed,
        findings,
        lowered,
        rowsPerSecond: scanned > this.scannedBefore ? perSecond : 0,
      };
      await tx.update(ReconcileRun, { id: run.id }, { progress: Math.min(1, progress), ...counts });
    });
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

  get lowers(): number {
    return this.lowered;
  }

  private rowsOf(moves: readonly PlanMove[], state: ChangeState): ReconcileChange[] {
    return moves.map(({ tenantId, fromPlanId, toPlanId, reason, lowers }) => ({
      id: newId('rch'),
      runId: this.run.id,
      tenantId,
      fromPlanId,
      toPlanId,
      reason,
      lowers,
      state,
      at: this.context.now(),
    }));
  }
}
