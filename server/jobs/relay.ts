import type { Queue } from 'bullmq';
import type Redis from 'ioredis';
import { In, LessThanOrEqual } from 'typeorm';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { OutboxRow } from './outbox.entity';
import { isJobKind, type JobPayload, OUTBOX_CHANNEL, QUEUE_OF, type QueueName } from './queues';

const POLL_MS = 500;
const BATCH = 100;
/** A row that is still open after this long is handed again: whatever Redis forgot is not lost. */
const VISIBILITY_MS = 60_000;
/** States in which an earlier hand-over of the same row still waits for its turn. */
const STILL_THERE = new Set(['waiting', 'active', 'delayed', 'prioritized', 'waiting-children']);

export type Queues = Record<QueueName, Queue<JobPayload>>;

const jobId = (row: Pick<OutboxRow, 'id' | 'handedCount'>, handed = row.handedCount) => `${row.id}-${handed}`;

/** Hands due outbox rows to BullMQ; several relays share the work by skipping each other's locked rows. */
export class OutboxRelay {
  private timer?: NodeJS.Timeout;
  private round?: Promise<void>;
  private again = false;
  private stopped = false;

  /** @param subscriber a Redis connection of its own, already connecting; the caller quits it */
  constructor(
    private readonly context: Context,
    private readonly queues: Queues,
    private readonly redis: Redis,
    private readonly subscriber: Redis,
  ) {}

  start(): void {
    this.subscriber.on('message', () => this.wake());
    const listen = () => void this.subscriber.subscribe(OUTBOX_CHANNEL).catch(() => undefined);
    this.subscriber.on('ready', listen);
    if (this.subscriber.status === 'ready') listen();
    this.timer = setInterval(() => this.wake(), POLL_MS);
    this.wake();
  }

  /** Ends after the round that is running. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.round;
  }

  private wake(): void {
    if (this.stopped) return;
    this.again = true;
    this.round ??= this.rounds().finally(() => {
      this.round = undefined;
      if (this.again) this.wake();
    });
  }

  private async rounds(): Promise<void> {
    try {
      while (this.again && !this.stopped) {
        this.again = false;
        if (this.redis.status !== 'ready') return;
        if ((await this.hand()) === BATCH) this.again = true;
      }
    } catch (error) {
      this.again = false;
      this.context.log.warn({ err: error }, 'outbox relay failed; trying again at the next poll');
    }
  }

  /** Takes due rows in one short transaction and hands them over; gives how many there were. */
  private async hand(): Promise<number> {
    const { db } = this.context;
    const rows = await inTransaction(db, async (tx) => {
      const due = await tx.find(OutboxRow, {
        where: { status: 'open', dueAt: LessThanOrEqual(new Date()) },
        order: { dueAt: 'ASC' },
        take: BATCH,
        lock: { mode: 'pessimistic_write', onLocked: 'skip_locked' },
      });
      if (due.length > 0) {
        await tx.update(
          OutboxRow,
          { id: In(due.map(({ id }) => id)) },
          { dueAt: new Date(Date.now() + VISIBILITY_MS), handedCount: () => 'handedCount + 1' },
        );
      }
      return due.map((row) => ({ ...row, handedCount: row.handedCount + 1 }));
    });
    try {
      for (const row of rows) await this.enqueue(row);
    } catch (error) {
      const ids = rows.map(({ id }) => id);
      await db.getRepository(OutboxRow).update({ id: In(ids), status: 'open' }, { dueAt: new Date() });
      throw error;
    }
    return rows.length;
  }

  private async enqueue(row: OutboxRow): Promise<void> {
    if (!isJobKind(row.kind)) {
      this.context.log.error({ kind: row.kind, outboxId: row.id }, 'outbox row of an unknown kind; it stays open');
      return;
    }
    const queue = this.queues[QUEUE_OF[row.kind]];
    const before = row.handedCount - 1;
    if (before > 0 && STILL_THERE.has(await queue.getJobState(jobId(row, before)))) {
      await this.context.db.getRepository(OutboxRow).update({ id: row.id }, { handedCount: before });
      return;
    }
    await queue.add(row.kind, { outboxId: row.id, subject: row.subject }, { jobId: jobId(row) });
  }
}
