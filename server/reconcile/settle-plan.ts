import { type EntityManager, In } from 'typeorm';
import { basisChange, planBasis } from '../../domain/plan-basis';
import type { Actor } from '../audit/actor';
import { recordAudits } from '../audit/record';
import { type AppliedReading, applyReadings, weighReadings } from '../billing/apply-readings';
import type { Cause } from '../billing/cause';
import { type DraftOverride, decideTenants, lockTenants, type Supposed, type Weighed } from '../billing/decide-tenant';
import { Override } from '../billing/override.entity';
import { draftOverride, insertOverrides } from '../billing/overrides/grant-override';
import type { Context } from '../context';
import { LostRace } from '../db/transaction';
import { loadCatalogue } from '../plans/catalogue';
import { ReconcileChange, ReconcileRow, type ReconcileRun } from './reconcile-run.entity';
import { runCause } from './run-cause';

/** What settling some planned rows brought. */
export interface Settled {
  applied: number;
  stale: number;
  failed: number;
  findings: number;
  customers: number;
}

/** What the rows suppose beside what Stripe says: overrides that undo, or that are undone. */
interface Effects extends Required<Supposed> {
  granted: Map<string, DraftOverride>;
}

const goneNote = 'The tenant is not there any more.';

/** Decides of planned rows which still hold, carries those out, and marks all of them, in the caller's transaction. */
export class Settler {
  private constructor(
    private readonly context: Context,
    private readonly run: ReconcileRun,
    private readonly names: ReadonlyMap<string, string>,
  ) {}

  static async of(context: Context, run: ReconcileRun): Promise<Settler> {
    const catalogue = await loadCatalogue(context.db);
    return new Settler(context, run, new Map(catalogue.map(({ id, name }) => [id, name])));
  }

  private get cause(): Cause {
    const { tenantIds, undoesId } = this.run;
    // Who is asked for by name, or taken back, was not found by looking for what was missed.
    return tenantIds || undoesId ? runCause(this.run) : { ...runCause(this.run), missed: 'sweep' };
  }

  /** The overrides of an undo are the operator's who has it applied. */
  private get granter(): Actor {
    const { appliedById, appliedByName, actorType, actorId, actorName } = this.run;
    return appliedByName
      ? { type: 'operator', id: appliedById, name: appliedByName }
      : { type: actorType, id: actorId, name: actorName };
  }

  private nameOf = (planId: string): string => this.names.get(planId) ?? planId;

  /** Why a row no longer holds, in words; null where it does. */
  private objection(row: ReconcileChange, weighed: Weighed | undefined): string | null {
    if (!weighed) return goneNote;
    const { before: tenant, overrides, mirror, decision } = weighed;
    const now = planBasis({ tenant, overrides, subscriptions: mirror });
    const change = row.basis && basisChange(row.basis, now, this.nameOf);
    if (change) return change;
    if (decision.planId === row.toPlanId) return null;
    return `The plan that follows is ${this.nameOf(decision.planId)} now, no longer ${this.nameOf(row.toPlanId)}.`;
  }

  /**
   * @param rows locked by nobody but the run: their tenants are locked here
   * @param readings what Stripe says now of all their customers, as far as it may differ from our copy
   */
  async settle(tx: EntityManager, rows: ReconcileChange[], readings: AppliedReading[]): Promise<Settled> {
    const { context, cause } = this;
    const tenantIds = rows.map(({ tenantId }) => tenantId);
    const effects = this.effectsOf(rows);
    const weighed = await weighReadings(tx, context, readings, cause, { locked: true, tenantIds, supposed: effects });
    const good: ReconcileChange[] = [];
    const stale: ReconcileChange[] = [];
    for (const row of rows) {
      row.note = this.objection(row, weighed.tenants.get(row.tenantId));
      (row.note === null ? good : stale).push(row);
    }
    for (const { id, note } of stale) await tx.update(ReconcileChange, { id }, { state: 'stale', note });
    const chosen = new Set(good.map(({ tenantId }) => tenantId));
    const theirs = readings.filter(({ customerId }) => chosen.has(weighed.owners.get(customerId) ?? ''));
    const findings = good.length > 0 ? await this.carryOut(tx, good, theirs, effects) : 0;
    return { applied: good.length, stale: stale.length, failed: 0, findings, customers: readings.length };
  }

  private async carryOut(
    tx: EntityManager,
    rows: ReconcileChange[],
    readings: AppliedReading[],
    effects: Effects,
  ): Promise<number> {
    const { context, cause } = this;
    await this.bringAbout(tx, rows, effects);
    const empty = { decisions: new Map(), moves: [], findings: 0 };
    const read = readings.length > 0 ? await applyReadings(tx, context, readings, cause) : empty;
    const unread = rows.map(({ tenantId }) => tenantId).filter((id) => !read.decisions.has(id));
    const decided = unread.length > 0 ? await decideTenants(tx, context, await lockTenants(tx, unread), cause) : empty;
    const decisions = new Map([...read.decisions, ...decided.decisions]);
    // Nothing but the clock can have come between: all is locked.
    if (rows.some(({ tenantId, toPlanId }) => decisions.get(tenantId)?.planId !== toPlanId))
      throw new LostRace('Time changed a plan between weighing it and writing it.');
    const done = { state: 'applied' as const, note: null, at: context.now() };
    await tx.update(ReconcileChange, { id: In(rows.map(({ id }) => id)) }, done);
    await this.forget(tx, readings);
    return read.findings + decided.findings;
  }

  private effectsOf(rows: readonly ReconcileChange[]): Effects {
    const { undoUntil, undoReason, undoesId } = this.run;
    const granted = new Map<string, DraftOverride>();
    const ended = new Set<string>();
    for (const { effect, tenantId, toPlanId: planId, overrideId } of rows) {
      if (effect === 'end' && overrideId) ended.add(overrideId);
      if ((effect !== 'floor' && effect !== 'pin') || !undoUntil) continue;
      const reason = `Takes back run ${undoesId}: ${undoReason}`.slice(0, 500);
      const span = { startsAt: this.context.now(), endsAt: undoUntil };
      granted.set(tenantId, draftOverride(this.granter, { tenantId, planId, pin: effect === 'pin', reason, ...span }));
    }
    return { granted, ended };
  }

  /** Writes the overrides that rows grant, and ends those that they end. */
  private async bringAbout(tx: EntityManager, rows: ReconcileChange[], { granted, ended }: Effects): Promise<void> {
    const { undoesId, undoReason } = this.run;
    const drafts = rows.flatMap(({ tenantId }) => granted.get(tenantId) ?? []);
    await insertOverrides(tx, this.granter, drafts);
    for (const { id, tenantId } of rows) {
      const draft = granted.get(tenantId);
      if (draft) await tx.update(ReconcileChange, { id }, { overrideId: draft.id });
    }
    const endings = rows.filter(({ overrideId }) => overrideId !== null && ended.has(overrideId));
    if (endings.length === 0) return;
    const endedAt = this.context.now();
    await tx.update(Override, { id: In(endings.map(({ overrideId }) => overrideId!)) }, { endedAt, noteDueAt: null });
    const reason = `Takes back run ${undoesId}: ${undoReason}`.slice(0, 500);
    const audits = endings.map(({ overrideId, tenantId }) => ({
      actor: this.granter,
      action: 'override.end',
      resource: 'overrides',
      resourceId: overrideId!,
      tenantId,
      reason,
      changes: { endedAt: { from: null, to: endedAt } },
    }));
    await recordAudits(tx, audits);
  }

  private async forget(tx: EntityManager, readings: readonly AppliedReading[]): Promise<void> {
    const customerId = In(readings.map((reading) => reading.customerId));
    if (readings.length > 0) await tx.delete(ReconcileRow, { runId: this.run.id, customerId });
  }

  /** Writes readings of tenants whose plan they don't change, and that this run has no row of. */
  async settleRest(tx: EntityManager, readings: AppliedReading[]): Promise<Settled> {
    const none = { applied: 0, stale: 0, failed: 0, findings: 0, customers: readings.length };
    if (readings.length === 0) return none;
    const { context, cause } = this;
    const weighed = await weighReadings(tx, context, readings, cause, { locked: true });
    const planned = await tx.find(ReconcileChange, {
      select: { id: true, tenantId: true },
      where: { runId: this.run.id, tenantId: In([...weighed.tenants.keys()]) },
    });
    const barred = new Set(planned.map(({ tenantId }) => tenantId));
    for (const [id, { move }] of weighed.tenants) if (move) barred.add(id);
    const mine = readings.filter(({ customerId }) => !barred.has(weighed.owners.get(customerId) ?? ''));
    if (mine.length === 0) return none;
    const { findings } = await applyReadings(tx, context, mine, cause);
    await this.forget(tx, mine);
    return { ...none, findings };
  }
}
