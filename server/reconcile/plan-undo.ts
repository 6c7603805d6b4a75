import { In } from 'typeorm';
import { planBasis } from '../../domain/plan-basis';
import { effectOfReturn, type PlanEffect } from '../../domain/reconcile-plan';
import { weighReadings } from '../billing/apply-readings';
import type { PlanMove } from '../billing/decide-one';
import type { DraftOverride, Weighed } from '../billing/decide-tenant';
import { Override } from '../billing/override.entity';
import { draftOverride } from '../billing/overrides/grant-override';
import type { Context } from '../context';
import { loadCatalogue } from '../plans/catalogue';
import { ReconcileChange, type ReconcileRun } from './reconcile-run.entity';
import type { PlannedMove, RunBook } from './run-book';
import { runCause } from './run-cause';

const BATCH = 200;

/** What a run made of one tenant, over all of its rows. */
interface Done {
  tenantId: string;
  fromPlanId: string;
  toPlanId: string;
  overrideId: string | null;
}

/** A tenant's way back. */
interface Return extends Done {
  effect: PlanEffect;
}

async function nextDone({ db }: Context, runId: string, after: string): Promise<Done[]> {
  const ends: { tenantId: string; first: string; last: string }[] = await db.query(
    `SELECT tenantId, MIN(id) AS first, MAX(id) AS last FROM reconcile_changes
     WHERE runId = ? AND tenantId > ? AND state = 'applied' GROUP BY tenantId ORDER BY tenantId LIMIT ?`,
    [runId, after, BATCH],
  );
  if (ends.length === 0) return [];
  const ids = ends.flatMap(({ first, last }) => [first, last]);
  const rows = await db.getRepository(ReconcileChange).findBy({ id: In(ids) });
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ends.map(({ tenantId, first, last }) => {
    const { toPlanId, overrideId } = byId.get(last)!;
    return { tenantId, fromPlanId: byId.get(first)!.fromPlanId, toPlanId, overrideId };
  });
}

/** Works out how one run is taken back: by overrides, since Stripe stays the truth. */
class UndoPlanner {
  private constructor(
    private readonly context: Context,
    private readonly run: ReconcileRun,
    private readonly plans: ReadonlyMap<string, { name: string; rank: number }>,
  ) {}

  static async of(context: Context, run: ReconcileRun): Promise<UndoPlanner> {
    return new UndoPlanner(context, run, new Map((await loadCatalogue(context.db)).map((plan) => [plan.id, plan])));
  }

  private nameOf = (planId: string): string => this.plans.get(planId)?.name ?? planId;
  private rankOf = (planId: string): number => this.plans.get(planId)?.rank ?? 0;

  async plan(done: Done[]): Promise<{ moves: PlannedMove[]; findings: number }> {
    const ways = done.map((one): Return => {
      const ranks = { earlier: this.rankOf(one.fromPlanId), now: this.rankOf(one.toPlanId) };
      return { ...one, effect: one.overrideId ? 'end' : effectOfReturn(ranks) };
    });
    const running = await this.runningAmong(ways);
    const weighed = await weighReadings(this.context.db.manager, this.context, [], runCause(this.run), {
      locked: false,
      tenantIds: ways.map(({ tenantId }) => tenantId),
      supposed: { granted: this.grants(ways), ended: running },
    });
    const moves = ways.flatMap((way) => {
      const found = weighed.tenants.get(way.tenantId);
      return found ? [this.moveOf(way, found, running)] : [];
    });
    return { moves, findings: 0 };
  }

  private async runningAmong(ways: Return[]): Promise<Set<string>> {
    const ids = ways.flatMap(({ overrideId }) => overrideId ?? []);
    if (ids.length === 0) return new Set();
    const overrides = await this.context.db.getRepository(Override).findBy({ id: In(ids) });
    const now = this.context.now();
    return new Set(overrides.filter(({ endedAt, endsAt }) => !endedAt && endsAt > now).map(({ id }) => id));
  }

  private grants(ways: Return[]): Map<string, DraftOverride> {
    const { actorType: type, actorId: id, actorName: name, undoUntil, undoReason } = this.run;
    const span = { startsAt: this.context.now(), endsAt: undoUntil ?? this.context.now() };
    const grants = new Map<string, DraftOverride>();
    for (const { effect, tenantId, fromPlanId: planId } of ways) {
      if (effect === 'end') continue;
      const asked = { tenantId, planId, pin: effect === 'pin', reason: undoReason ?? '', ...span };
      grants.set(tenantId, draftOverride({ type, id, name }, asked));
    }
    return grants;
  }

  /** Why a tenant can't be taken back, in words; null where it can. */
  private objection(way: Return, { before, decision }: Weighed, running: ReadonlySet<string>): string | null {
    if (before.planId !== way.toPlanId)
      return `The tenant's plan changed since the run: it is ${this.nameOf(before.planId)} now, and was ${this.nameOf(way.toPlanId)}.`;
    if (way.effect === 'end')
      return running.has(way.overrideId!) ? null : 'The override that the run granted has ended already.';
    if (decision.planId === way.fromPlanId) return null;
    return `An override can't bring ${this.nameOf(way.fromPlanId)} back. ${decision.reason}`;
  }

  private moveOf(way: Return, found: Weighed, running: ReadonlySet<string>): PlannedMove {
    const { before, decision, move, mirror, overrides } = found;
    const { tenantId } = way;
    const note = this.objection(way, found, running) ?? undefined;
    const stays: PlanMove = {
      tenantId,
      fromPlanId: before.planId,
      toPlanId: note ? way.fromPlanId : decision.planId,
      reason: decision.reason,
      subscriptionId: decision.subscriptionId,
      lowers: false,
      about: null,
    };
    return {
      ...(note ? stays : (move ?? stays)),
      basis: planBasis({ tenant: before, overrides, subscriptions: mirror }),
      effect: way.effect,
      overrideId: way.overrideId,
      note,
    };
  }
}

/** Plans the inverse of a run. Gives whether it came to the end. */
export async function planUndo(
  context: Context,
  book: RunBook,
  { signal }: { signal?: AbortSignal },
): Promise<boolean> {
  const { run } = book;
  await book.forgetPlanned();
  const planner = await UndoPlanner.of(context, run);
  const where = { runId: run.undoesId!, state: 'applied' as const };
  const total = await context.db.getRepository(ReconcileChange).countBy(where);
  for (let after = '', done = 0; ; ) {
    const batch = await nextDone(context, run.undoesId!, after);
    const last = batch.at(-1);
    if (!last) return true;
    after = last.tenantId;
    done += batch.length;
    const there = batch.filter(({ fromPlanId, toPlanId, overrideId }) => fromPlanId !== toPlanId || overrideId);
    book.changed += there.length;
    book.add(await planner.plan(there));
    await book.save(done / (total || 1), 'planned');
    if (signal?.aborted) return false;
  }
}
