import type Stripe from 'stripe';
import { In } from 'typeorm';
import type { AppliedReading } from '../billing/apply-readings';
import { type Lease, requireFence, withLease } from '../billing/lease';
import { StripeCustomer } from '../billing/stripe-customer.entity';
import type { Context } from '../context';
import { inTransaction, isDatabaseFault } from '../db/transaction';
import { isStripeFault } from '../stripe/fault';
import { freeCustomers } from './free-customers';
import { inParallel, readAlone } from './read-alone';
import { ReconcileChange, ReconcileRow } from './reconcile-run.entity';
import { type RunBook, RunOver } from './run-book';
import type { Settled, Settler } from './settle-plan';
import { nextBatch, readingsOf } from './staged';

/** Planned rows that are settled in one transaction. */
const BATCH = 200;
/** Tenants whose customers are read by themselves at the same time. */
const READERS = 4;
/** How long a row waits for a customer that a sync holds, in milliseconds. */
const WAIT_MS = 5000;

/** A planned row with the customers that its tenant pays through. */
interface Task {
  row: ReconcileChange;
  customerIds: string[];
}

/**
 * Carries out what a run has planned, row by row or by the hundred: every customer of a tenant is read from Stripe
 * again, by a listing of the account or by itself under its lease, and what no longer stands is refused.
 */
export class PlanApplier {
  constructor(
    private readonly context: Context,
    private readonly stripe: Stripe,
    private readonly book: RunBook,
    private readonly settler: Settler,
    /** The account was listed since it was asked to apply: what is not staged equals our copy. */
    private readonly byListing: boolean,
  ) {}

  /** Works off the planned rows, then what differs and changes no plan. Gives what each batch brought. */
  async *batches(): AsyncGenerator<Settled> {
    for (let after = ''; ; ) {
      const rows = await this.nextRows(after);
      if (rows.length === 0) break;
      after = rows.at(-1)!.id;
      yield* this.apply(await this.tasksOf(rows));
    }
    yield* this.rest();
  }

  private nextRows(after: string): Promise<ReconcileChange[]> {
    return this.context.db
      .createQueryBuilder(ReconcileChange, 'r')
      .where(`r.runId = :run AND r.state = 'planned' AND r.id > :after`, { run: this.book.run.id, after })
      .orderBy('r.id')
      .limit(BATCH)
      .getMany();
  }

  /** A tenant's customers: those that are linked, the one that the row is about, and those whose metadata name it. */
  private async tasksOf(rows: ReconcileChange[]): Promise<Task[]> {
    const { db, config } = this.context;
    const tenantIds = rows.map(({ tenantId }) => tenantId);
    const { livemode } = config.stripe;
    const [linked, named] = await Promise.all([
      db.getRepository(StripeCustomer).find({
        select: { id: true, tenantId: true },
        where: { tenantId: In(tenantIds), livemode },
      }),
      db.getRepository(ReconcileRow).find({
        select: { customerId: true, namesTenantId: true, subscriptionId: true, runId: true },
        where: { runId: this.book.run.id, namesTenantId: In(tenantIds) },
      }),
    ]);
    return rows.map((row) => {
      const mine = linked.filter(({ tenantId }) => tenantId === row.tenantId).map(({ id }) => id);
      const hinted = named.filter(({ namesTenantId }) => namesTenantId === row.tenantId).map((one) => one.customerId);
      const ids = new Set([...mine, ...hinted, ...(row.customerId ? [row.customerId] : [])]);
      return { row, customerIds: [...ids].sort() };
    });
  }

  private async *apply(tasks: Task[]): AsyncGenerator<Settled> {
    const { readings, alone } = await this.listedOf(tasks.flatMap(({ customerIds }) => customerIds));
    const isAlone = ({ customerIds }: Task) => customerIds.some((id) => alone.has(id));
    const single = tasks.filter(isAlone);
    const together = tasks.filter((task) => !isAlone(task));
    if (together.length > 0) {
      const settled = await this.together(together, readings).catch((error: unknown) => this.oneByOne(error, together));
      single.push(...settled.left);
      yield settled;
    }
    const sum: Settled = { applied: 0, stale: 0, failed: 0, findings: 0, customers: 0 };
    await inParallel(single, READERS, async (task) => {
      const settled = await this.single(task);
      for (const name of Object.keys(sum) as (keyof Settled)[]) sum[name] += settled[name];
    });
    if (single.length > 0) yield sum;
  }

  /** What the listing has of these customers, and which of them must be read by themselves. */
  private async listedOf(customerIds: string[]): Promise<{ readings: AppliedReading[]; alone: Set<string> }> {
    if (!this.byListing) return { readings: [], alone: new Set(customerIds) };
    const where = { runId: this.book.run.id, customerId: In(customerIds) };
    return readingsOf(await this.context.db.getRepository(ReconcileRow).findBy(where));
  }

  private async together(tasks: Task[], readings: AppliedReading[]): Promise<Settled & { left: Task[] }> {
    const ids = new Set(tasks.flatMap(({ customerIds }) => customerIds));
    const mine = readings.filter(({ customerId }) => ids.has(customerId));
    return this.book.sharing(async (tx) => {
      const free = await freeCustomers(tx, mine);
      const held = new Set(mine.map(({ customerId }) => customerId).filter((id) => !free.has(id)));
      const left = tasks.filter(({ customerIds }) => customerIds.some((id) => held.has(id)));
      const others = tasks.filter((task) => !left.includes(task));
      const theirs = new Set(others.flatMap(({ customerIds }) => customerIds));
      const settled = await this.settler.settle(
        tx,
        others.map(({ row }) => row),
        mine.filter(({ customerId }) => theirs.has(customerId)),
      );
      return { ...settled, left };
    });
  }

  /** One row must not keep the others of its batch from being applied. */
  private oneByOne(error: unknown, tasks: Task[]): Settled & { left: Task[] } {
    if (error instanceof RunOver || isDatabaseFault(error)) throw error;
    this.context.log.warn({ err: error }, 'a batch of planned rows is applied one by one');
    return { applied: 0, stale: 0, failed: 0, findings: 0, customers: 0, left: tasks };
  }

  private async single({ row, customerIds }: Task): Promise<Settled> {
    try {
      return await this.underLeases(customerIds, async (leases) => {
        const readings: AppliedReading[] = [];
        for (const id of customerIds) {
          const reading = await readAlone(this.context, this.stripe, id);
          if (reading) readings.push(reading);
        }
        return this.book.sharing(async (tx) => {
          for (const lease of leases) await requireFence(tx, lease);
          return this.settler.settle(tx, [row], readings);
        });
      });
    } catch (error) {
      // A fault that passes stops the run at its checkpoint; what is this row's own leaves the others alone.
      if (error instanceof RunOver || isStripeFault(error) || isDatabaseFault(error)) throw error;
      return this.fail(row, error instanceof Error ? error.message : String(error));
    }
  }

  private async fail({ id }: ReconcileChange, why: string): Promise<Settled> {
    await this.book.sharing((tx) => tx.update(ReconcileChange, { id }, { state: 'failed', note: why.slice(0, 500) }));
    return { applied: 0, stale: 0, failed: 1, findings: 0, customers: 0 };
  }

  /** All of a tenant's customers at once, in the order of their ids, so that none wait in a ring. */
  private underLeases<T>([id, ...others]: string[], work: (leases: Lease[]) => Promise<T>): Promise<T> {
    if (id === undefined) return work([]);
    return withLease(
      this.context.db,
      id,
      (lease) => this.underLeases(others, (leases) => work([lease, ...leases])),
      WAIT_MS,
    );
  }

  /** What differs and changes no plan is written, too. Whatever would change one was not planned: it is left. */
  private async *rest(): AsyncGenerator<Settled> {
    const { run } = this.book;
    for (let after = ''; ; ) {
      const rows = await nextBatch(this.context, run, after);
      const last = rows.at(-1);
      if (!last) return;
      after = last.customerId;
      const { readings, alone } = readingsOf(rows);
      const listed = this.byListing ? readings : [];
      const single = new Set(this.byListing ? alone : rows.map(({ customerId }) => customerId));
      const settled = await this.book.sharing(async (tx) => {
        const free = await freeCustomers(tx, listed);
        return this.settler.settleRest(
          tx,
          listed.filter(({ customerId }) => free.has(customerId)),
        );
      });
      yield settled;
      await inParallel([...single], READERS, (customerId) => this.restOf(customerId));
    }
  }

  private async restOf(customerId: string): Promise<void> {
    try {
      await withLease(this.context.db, customerId, async (lease) => {
        const reading = await readAlone(this.context, this.stripe, customerId);
        if (!reading) return;
        await this.book.sharing(async (tx) => {
          await requireFence(tx, lease);
          await this.settler.settleRest(tx, [reading]);
        });
      });
    } catch (error) {
      if (error instanceof RunOver || isStripeFault(error) || isDatabaseFault(error)) throw error;
      this.context.log.debug({ err: error, customerId }, 'a customer is left to its own sync');
    }
  }
}

/** So many requests are cheaper than finding out whether there is a cheaper way. */
const FEW_REQUESTS = 50;
/** Two requests read one customer; one page lists so many subscriptions. */
const PAGE = 100;

/** Whether listing the whole account takes fewer requests than reading each customer that is concerned. */
export async function isListingCheaper({ db, config }: Context, run: RunBook['run']): Promise<boolean> {
  if (run.tenantIds) return false;
  const [{ planned }] = await db.query(
    `SELECT COUNT(*) AS planned FROM reconcile_changes WHERE runId = ? AND state = 'planned'`,
    [run.id],
  );
  const [{ staged }] = await db.query(
    'SELECT COUNT(DISTINCT customerId) AS staged FROM reconcile_rows WHERE runId = ?',
    [run.id],
  );
  const single = 2 * Math.max(Number(planned), Number(staged));
  if (single <= FEW_REQUESTS) return false;
  const [{ total }] = await db.query('SELECT COUNT(*) AS total FROM subscriptions WHERE livemode = ?', [
    config.stripe.livemode,
  ]);
  return Number(total) / PAGE < single;
}

/** Forgets an earlier listing: what was staged is as old as the plan. */
export async function forgetListing({ db }: Context, runId: string): Promise<void> {
  await inTransaction(db, (tx) => tx.delete(ReconcileRow, { runId }));
}
