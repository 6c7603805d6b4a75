import type Stripe from 'stripe';
import { In } from 'typeorm';
import { planBasis } from '../../domain/plan-basis';
import { type AppliedReading, weighReadings } from '../billing/apply-readings';
import type { Weighed } from '../billing/decide-tenant';
import { StripeCustomer } from '../billing/stripe-customer.entity';
import type { Context } from '../context';
import { inParallel, readAlone } from './read-alone';
import { ReconcileRow, type ReconcileRun } from './reconcile-run.entity';
import type { PlannedMove } from './run-book';
import { runCause } from './run-cause';
import { nextBatch, readingsOf } from './staged';

const READERS = 4;
/** Tenants without a customer that are weighed in one go. */
const TENANTS = 500;

/** What working out one batch brought. */
export interface Planned {
  moves: PlannedMove[];
  findings: number;
  customers: number;
}

/** The change of a plan with all that it was decided from. */
export const plannedMove = ({ before, overrides, mirror, move }: Weighed): PlannedMove[] =>
  move ? [{ ...move, basis: planBasis({ tenant: before, overrides, subscriptions: mirror }) }] : [];

/** Works out what a run would change, tenant by tenant, from what was listed; holds nothing and writes nothing. */
export class Planner {
  /** Customers that were weighed with an earlier one of their tenant. */
  private readonly ahead = new Set<string>();

  constructor(
    private readonly context: Context,
    private readonly stripe: Stripe,
    private readonly run: ReconcileRun,
  ) {}

  async *batches(): AsyncGenerator<Planned> {
    for (let after = ''; ; ) {
      const rows = await nextBatch(this.context, this.run, after);
      const last = rows.at(-1);
      if (!last) break;
      after = last.customerId;
      yield await this.plan(
        rows.filter(({ customerId }) => !this.ahead.delete(customerId)),
        after,
      );
    }
    for (let from = 0; from < (this.run.tenantIds?.length ?? 0); from += TENANTS)
      yield await this.withoutCustomer(this.run.tenantIds!.slice(from, from + TENANTS));
  }

  private async plan(rows: ReconcileRow[], after: string): Promise<Planned> {
    const all = [...rows, ...(await this.siblings(rows, after))];
    const { readings, alone } = readingsOf(all);
    await inParallel([...alone], READERS, async (customerId) => {
      const reading = await readAlone(this.context, this.stripe, customerId);
      if (reading) readings.push(reading);
    });
    return this.weigh(readings);
  }

  private async weigh(readings: AppliedReading[], tenantIds: string[] = []): Promise<Planned> {
    const { db } = this.context;
    const weighed = await weighReadings(db.manager, this.context, readings, runCause(this.run), {
      locked: false,
      tenantIds,
    });
    const moves = [...weighed.tenants.values()].flatMap(plannedMove);
    return { moves, findings: weighed.findings, customers: readings.length };
  }

  /** Staged rows of later customers that pay for the same tenants: a plan is decided from all of them. */
  private async siblings(rows: readonly ReconcileRow[], after: string): Promise<ReconcileRow[]> {
    const { db } = this.context;
    const here = new Set(rows.map(({ customerId }) => customerId));
    if (here.size === 0) return [];
    const customers = db.getRepository(StripeCustomer);
    const linked = await customers.find({ select: { id: true, tenantId: true }, where: { id: In([...here]) } });
    const named = rows.flatMap(({ namesTenantId }) => namesTenantId ?? []);
    const tenantIds = [...new Set([...linked.flatMap(({ tenantId }) => tenantId ?? []), ...named])];
    if (tenantIds.length === 0) return [];
    const others: { customerId: string }[] = await db.query(
      `SELECT r.customerId FROM stripe_customers c JOIN reconcile_rows r ON r.runId = ? AND r.customerId = c.id
       WHERE c.tenantId IN (?)
       UNION SELECT customerId FROM reconcile_rows WHERE runId = ? AND namesTenantId IN (?)`,
      [this.run.id, tenantIds, this.run.id, tenantIds],
    );
    const ids = others.map(({ customerId }) => customerId).filter((id) => !here.has(id) && id > after);
    if (ids.length === 0) return [];
    const more = await db.getRepository(ReconcileRow).findBy({ runId: this.run.id, customerId: In(ids) });
    for (const id of ids) this.ahead.add(id);
    return more;
  }

  /** Chosen tenants that pay through no customer: what we know is all there is. */
  private async withoutCustomer(tenantIds: string[]): Promise<Planned> {
    const { livemode } = this.context.config.stripe;
    const customers = this.context.db.getRepository(StripeCustomer);
    const linked = await customers.find({
      select: { id: true, tenantId: true },
      where: { tenantId: In(tenantIds), livemode },
    });
    const paying = new Set(linked.map(({ tenantId }) => tenantId));
    return this.weigh(
      [],
      tenantIds.filter((id) => !paying.has(id)),
    );
  }
}
