import type { Queue } from 'bullmq';
import type Redis from 'ioredis';
import { In, LessThanOrEqual } from 'typeorm';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import type { JobKind } from './outbox';
import { OutboxRow } from './outbox.entity';
import {
  isJobKind,
  type JobPayload,
  OUTBOX_CHANNEL,
  QUEUE_NAMES,
  QUEUE_OF,
  type QueueName,
  SETTLES_TOGETHER,
} from './queues';

const POLL_MS = 500;
const BATCH = 500;
/** A row that is still open after this long is handed again: whatever Redis forgot is not lost. */
const VISIBILITY_MS = 60_000;
/** States in which an earlier hand-over of the same row still waits for its turn. */
const STILL_THERE = new Set(['waiting', 'active', 'delayed', 'prioritized', 'waiting-children']);

export type Queues = Record<QueueName, Queue<JobPayload>>;

/** What the relay reads of a row; `handedCount` counts the present time too. */
type Row = Pick<OutboxRow, 'id' | 'kind' | 'subject' | 'handedCount'>;
/** Rows for which one job stands, the first of them by name. */
type Group = [Row & { kind: JobKind }, ...Row[]];

const jobId = (row: Row, handed = row.handedCount) => `${row.id}-${handed}`;

/**
 * The jobs that rows make. Rows that were handed before make jobs of their own: an earlier job that still waits for
 * its turn stands for those, but not for rows that came later.
 */
function groupsOf(rows: readonly (Row & { kind: JobKind })[]): Group[] {
  const groups = new Map<string, Group>();
  for (const row of rows) {
    const key = SETTLES_TOGETHER[row.kind] ? `${row.kind} ${row.subject} ${row.handedCount > 1}` : row.id;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return [...groups.values()];
}

const jobOf = ([first, ...others]: Group) => ({
  name: first.kind,
  data: { outboxId: first.id, alsoIds: others.map(({ id }) => id), subject: first.subject },
  opts: { jobId: jobId(first) },
});

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
      const due: Row[] = await tx.find(OutboxRow, {
        select: { id: true, kind: true, subject: true, handedCount: true },
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
      await this.enqueue(rows);
    } catch (error) {
      const ids = rows.map(({ id }) => id);
      await db.getRepository(OutboxRow).update({ id: In(ids), status: 'open' }, { dueAt: new Date() });
      throw error;
    }
    return rows.length;
  }

  private async enqueue(rows: readonly Row[]): Promise<void> {
    const known = rows.filter((row): row is Row & { kind: JobKind } => isJobKind(row.kind));
    for (const { id, kind } of rows.filter((row) => !isJobKind(row.kind)))
      this.context.log.error({ kind, outboxId: id }, 'outbox row of an unknown kind; it stays open');
    const groups = groupsOf(known);
    const waits = await Promise.all(groups.map((group) => this.waits(group)));
    const waiting = groups.filter((_, index) => waits[index]).flat();
    if (waiting.length > 0)
      await this.context.db
        .getRepository(OutboxRow)
        .update({ id: In(waiting.map(({ id }) => id)) }, { handedCount: () => 'handedCount - 1' });
    const handed = groups.filter((_, index) => !waits[index]);
    for (const name of QUEUE_NAMES) {
      const jobs = handed.filter(([{ kind }]) => QUEUE_OF[kind] === name).map(jobOf);
      if (jobs.length > 0) await this.queues[name].addBulk(jobs);
    }
  }

  /** Whether a job of an earlier hand-over still waits for its turn. */
  private async waits(group: Group): Promise<boolean> {
    const queue = this.queues[QUEUE_OF[group[0].kind]];
    const before = group.filter(({ handedCount }) => handedCount > 1);
    const states = await Promise.all(before.map((row) => queue.getJobState(jobId(row, row.handedCount - 1))));
    return states.some((state) => STILL_THERE.has(state));
  }
}
