import type Stripe from 'stripe';
import { type DataSource, type EntityManager, In } from 'typeorm';
import { type AppliedReading, applyReadings } from '../billing/apply-readings';
import type { Cause } from '../billing/cause';
import type { Decided } from '../billing/decide-tenant';
import { StripeCustomer } from '../billing/stripe-customer.entity';
import { syncCustomer } from '../billing/sync-customer';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { oweJob } from '../jobs/outbox';
import { GiveUp, RetrySoon } from '../jobs/settle';
import type { CustomerFacts } from '../stripe/facts';
import type { ReadSubscription } from '../stripe/read-customer';
import { freeCustomers } from './free-customers';
import { ReconcileRow, type ReconcileRun } from './reconcile-run.entity';
import { runCause } from './run-cause';

/** Customers that are written in one transaction. */
const BATCH = 200;
/** Customers that are read by themselves at the same time. */
const READERS = 4;

/** What working off one batch brought. */
export interface Worked extends Pick<Decided, 'moves' | 'findings'> {
  customers: number;
  failed: { customerId: string; error: string }[];
}

type StagedReading = { subscription: ReadSubscription; customer: CustomerFacts };

const DATES = ['currentPeriodEnd', 'cancelAt', 'trialEnd', 'startedAt', 'createdAt', 'overdueSince'] as const;

/** A reading as it was before it became JSON. */
function revived({ subscription, customer }: StagedReading): StagedReading {
  const dates = DATES.map((name) => [name, subscription[name] && new Date(subscription[name])]);
  return { subscription: { ...subscription, ...Object.fromEntries(dates) }, customer };
}

/** The next customers of a run, whole: every staged row of each. */
export async function nextBatch({ db }: Context, run: ReconcileRun, after: string): Promise<ReconcileRow[]> {
  const ids: { customerId: string }[] = await db.query(
    'SELECT DISTINCT customerId FROM reconcile_rows WHERE runId = ? AND customerId > ? ORDER BY customerId LIMIT ?',
    [run.id, after, BATCH],
  );
  if (ids.length === 0) return [];
  const customerId = In(ids.map((row) => row.customerId));
  return db.getRepository(ReconcileRow).find({ where: { runId: run.id, customerId }, order: { customerId: 'ASC' } });
}

/** The readings that the staged rows make, and the customers that must be read by themselves. */
export function readingsOf(rows: readonly ReconcileRow[]): { readings: AppliedReading[]; alone: Set<string> } {
  const alone = new Set(rows.filter(({ reading }) => reading === null).map(({ customerId }) => customerId));
  const readings = new Map<string, AppliedReading>();
  for (const { customerId, reading, readAt } of rows) {
    if (!reading || alone.has(customerId)) continue;
    const { subscription, customer } = revived(reading as StagedReading);
    const made = readings.get(customerId) ?? { customerId, customer, readAt, subscriptions: [], partial: true };
    made.subscriptions.push(subscription);
    if (readAt < made.readAt) made.readAt = readAt;
    readings.set(customerId, made);
  }
  return { readings: [...readings.values()], alone };
}

/**
 * The reading of a customer that Stripe knows no more: its subscriptions are marked as missing, and go on counting as
 * they did. Null where we don't know it either.
 */
export async function forgotten(
  tx: EntityManager | DataSource,
  customerId: string,
  readAt: Date,
): Promise<AppliedReading | null> {
  const known = await tx.getRepository(StripeCustomer).findOneBy({ id: customerId });
  if (!known) return null;
  const { deleted, livemode, email, name, tenantId } = known;
  return { customerId, readAt, customer: { deleted, livemode, email, name, tenantId }, subscriptions: [] };
}

const nothing: Pick<Decided, 'moves' | 'findings'> = { moves: [], findings: 0 };

/** Works off staged rows of a run for good. */
export class Staged {
  constructor(
    private readonly context: Context,
    private readonly stripe: Stripe,
    private readonly run: ReconcileRun,
  ) {}

  /** Gives what each batch brought, until all is worked off or the caller stops asking. */
  async *batches(): AsyncGenerator<Worked> {
    for (let after = ''; ; ) {
      const rows = await nextBatch(this.context, this.run, after);
      const last = rows.at(-1);
      if (!last) return;
      after = last.customerId;
      yield await this.work(rows);
    }
  }

  private get cause(): Cause {
    // Who is asked for by name was not found by looking for what was missed.
    return this.run.tenantIds ? runCause(this.run) : { ...runCause(this.run), missed: 'sweep' };
  }

  private done(tx: EntityManager, customerIds: string[]): Promise<unknown> {
    if (customerIds.length === 0) return Promise.resolve();
    return tx.delete(ReconcileRow, { runId: this.run.id, customerId: In(customerIds) });
  }

  private async work(rows: readonly ReconcileRow[]): Promise<Worked> {
    const { readings, alone } = readingsOf(rows);
    const together = await inTransaction(this.context.db, async (tx) => {
      const free = await freeCustomers(tx, readings);
      const mine = readings.filter(({ customerId }) => free.has(customerId));
      for (const { customerId } of readings) if (!free.has(customerId)) alone.add(customerId);
      const decided = mine.length > 0 ? await applyReadings(tx, this.context, mine, this.cause) : nothing;
      await this.done(
        tx,
        mine.map(({ customerId }) => customerId),
      );
      return { ...decided, customers: mine.length };
    });
    const worked: Worked = { ...together, moves: [...together.moves], failed: [] };
    const queue = [...alone];
    const reader = async (): Promise<void> => {
      for (let customerId = queue.shift(); customerId; customerId = queue.shift()) {
        const decided = await this.readAlone(customerId).catch((error: unknown) =>
          this.fail(customerId!, error, worked),
        );
        worked.customers += 1;
        worked.moves.push(...decided.moves);
        worked.findings += decided.findings;
      }
    };
    await Promise.all(Array.from({ length: READERS }, reader));
    return worked;
  }

  /** Reads one customer under its lease, as a webhook's job would. */
  private async readAlone(customerId: string): Promise<Pick<Decided, 'moves' | 'findings'>> {
    const { context, stripe, cause } = this;
    try {
      const decided = await syncCustomer(context, stripe, customerId, cause, { waitMs: 5000 });
      await inTransaction(context.db, (tx) => this.done(tx, [customerId]));
      return decided;
    } catch (error) {
      if (!(error instanceof GiveUp)) throw error;
      return inTransaction(context.db, async (tx) => {
        const reading = await forgotten(tx, customerId, context.now());
        const decided = reading ? await applyReadings(tx, context, [reading], cause) : null;
        await this.done(tx, [customerId]);
        return decided ?? nothing;
      });
    }
  }

  /** What can't be read now is owed to the workers, and told; a fault of Stripe's ends the run for now. */
  private async fail(customerId: string, error: unknown, worked: Worked): Promise<typeof nothing> {
    if (!(error instanceof RetrySoon)) throw error;
    worked.failed.push({ customerId, error: error.message });
    // Its rows stay: the run ends without having proven its tenant.
    await inTransaction(this.context.db, (tx) => oweJob(tx, { kind: 'sync-customer', subject: customerId }));
    return nothing;
  }
}
