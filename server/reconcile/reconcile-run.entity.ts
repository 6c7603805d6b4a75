import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { ActorType } from '../audit/actor';
import {
  count,
  flag,
  moment,
  nullableJson,
  nullableMoment,
  nullableText,
  nullableWord,
  text,
  uniqueFlag,
  word,
} from '../db/columns';

export type RunMode = 'dry-run' | 'apply';
export type RunTrigger = 'operator' | 'schedule' | 'command' | 'catch-up';
export type RunStatus = 'running' | 'done' | 'failed' | 'cancelled';

/** One comparison of Stripe with our mirror: of the whole account, or of chosen tenants. */
@Entity('reconcile_runs')
@Index('reconcile_runs_active', ['active'], { unique: true })
@Index('reconcile_runs_night', ['night'], { unique: true })
@Index('reconcile_runs_started', ['startedAt', 'id'])
@Index('reconcile_runs_status', ['status', 'startedAt'])
export class ReconcileRun {
  @PrimaryColumn(word()) id: string;
  @Column(word(16)) mode: RunMode;
  @Column(word(16)) trigger: RunTrigger;
  @Column({ ...word(16), default: 'running' }) status: RunStatus;
  /** 1 while running: the unique key lets one run at a time. */
  @Column(uniqueFlag) active: number | null;
  /** The night (`2026-11-24`) of a scheduled run: the unique key starts it once, however many workers there are. */
  @Column(nullableWord(16)) night: string | null;
  @Column({ type: 'double', default: 0 }) progress: number;
  @Column({ type: 'double', default: 0 }) rowsPerSecond: number;
  @Column(count) scanned: number;
  /** Subscriptions that differed from our copy. */
  @Column(count) changed: number;
  /** Tenants whose plan this run lowers, or would lower. */
  @Column(count) lowered: number;
  @Column(count) findings: number;
  @Column(nullableJson) tenantIds: string[] | null;
  /** A dry run whose changes an operator has seen and had applied: the brake has nothing more to say. */
  @Column(flag) approved: boolean;
  /** Stopped as a dry run: it would have lowered too many who pay. */
  @Column(flag) braked: boolean;
  /** The whole listing was read and compared; what is left is to write. */
  @Column(flag) listed: boolean;
  @Column(nullableText(1000)) error: string | null;
  @Column(word(16)) actorType: ActorType;
  @Column(nullableWord()) actorId: string | null;
  @Column(text(120)) actorName: string;
  @Column(moment) startedAt: Date;
  @Column(nullableMoment) finishedAt: Date | null;
}

/** A checkpoint: a part of the account, by Stripe's `created` (seconds since 1970), and how far down it was read. */
@Entity('reconcile_windows')
export class ReconcileWindow {
  @ForeignKey('reconcile_runs', { onDelete: 'CASCADE' }) @PrimaryColumn(word()) runId: string;
  @PrimaryColumn({ ...count, default: undefined }) n: number;
  /** The first second of the window. */
  @Column(count) since: number;
  /** The last second that was not read yet; below `since` when all was. */
  @Column({ type: 'int', unsigned: false, default: 0 }) until: number;
}

/** A listed subscription that differs from our copy, waiting until its customer's listing is whole. */
@Entity('reconcile_rows')
@Index('reconcile_rows_customer', ['runId', 'customerId'])
export class ReconcileRow {
  @ForeignKey('reconcile_runs', { onDelete: 'CASCADE' }) @PrimaryColumn(word()) runId: string;
  @PrimaryColumn(word()) subscriptionId: string;
  @Column(word()) customerId: string;
  /** When its page was asked for: a customer that was synced later is read again. */
  @Column(moment) readAt: Date;
  /** What Stripe listed; null where the customer must be read by itself (missing, overdue, too many items). */
  @Column(nullableJson) reading: object | null;
}

export type ChangeState = 'planned' | 'applied' | 'stale' | 'failed';

/** A change of a plan that a run found due. */
@Entity('reconcile_changes')
@Index('reconcile_changes_run', ['runId', 'id'])
@Index('reconcile_changes_tenant', ['tenantId', 'at'])
export class ReconcileChange {
  @PrimaryColumn(word()) id: string;
  @ForeignKey('reconcile_runs', { onDelete: 'CASCADE' }) @Column(word()) runId: string;
  @ForeignKey('tenants') @Column(word()) tenantId: string;
  @Column(word()) fromPlanId: string;
  @Column(word()) toPlanId: string;
  @Column(text(500)) reason: string;
  @Column(flag) lowers: boolean;
  @Column({ ...word(16), default: 'planned' }) state: ChangeState;
  @Column(moment) at: Date;
}
