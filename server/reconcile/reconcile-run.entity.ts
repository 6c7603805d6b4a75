import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { Money } from '../../domain/money-at-risk';
import type { PlanBasis } from '../../domain/plan-basis';
import type { PlanEffect } from '../../domain/reconcile-plan';
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
export type RunTrigger = 'operator' | 'schedule' | 'command' | 'catch-up' | 'undo';
export type RunStatus = 'running' | 'done' | 'failed' | 'cancelled';

/** One comparison of Stripe with our mirror: of the whole account, or of chosen tenants. */
@Entity('reconcile_runs')
@Index('reconcile_runs_active', ['active'], { unique: true })
@Index('reconcile_runs_night', ['night'], { unique: true })
@Index('reconcile_runs_started', ['startedAt', 'id'])
@Index('reconcile_runs_status', ['status', 'startedAt'])
@Index('reconcile_runs_undoes', ['undoesId'])
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
  /** Tenants whose plan it raises, or would raise, or that change between plans of equal rank. */
  @Column(count) raised: number;
  /** What hangs a month on the plans that it changes, by currency. */
  @Column(nullableJson) atRisk: Money[] | null;
  /** Of its rows: those carried out, those that no longer hold, those that failed, and those that can be applied. */
  @Column(count) applied: number;
  @Column(count) stale: number;
  @Column(count) failed: number;
  @Column(count) open: number;
  /** Of those that can be applied, those that lower a plan. */
  @Column(count) openLowers: number;
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
  /** Who asked that it be applied, where it takes a second operator. */
  @Column(nullableWord()) requestedById: string | null;
  @Column(nullableText(120)) requestedByName: string | null;
  @Column(nullableMoment) requestedAt: Date | null;
  /** Who had it applied at last: the second operator, where it took one. */
  @Column(nullableWord()) appliedById: string | null;
  @Column(nullableText(120)) appliedByName: string | null;
  @Column(nullableMoment) appliedAt: Date | null;
  /** The run that this one takes back. */
  @Column(nullableWord()) undoesId: string | null;
  /** How long the overrides last that take it back, and why. */
  @Column(nullableMoment) undoUntil: Date | null;
  @Column(nullableText(500)) undoReason: string | null;
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
@Index('reconcile_rows_tenant', ['runId', 'namesTenantId'])
export class ReconcileRow {
  @ForeignKey('reconcile_runs', { onDelete: 'CASCADE' }) @PrimaryColumn(word()) runId: string;
  @PrimaryColumn(word()) subscriptionId: string;
  @Column(word()) customerId: string;
  /** The tenant that the customer's metadata name. */
  @Column(nullableWord()) namesTenantId: string | null;
  /** When its page was asked for: a customer that was synced later is read again. */
  @Column(moment) readAt: Date;
  /** What Stripe listed; null where the customer must be read by itself (missing, overdue, too many items). */
  @Column(nullableJson) reading: object | null;
}

/** `planned`, `failed` and `cancelled` rows can be applied; `stale` ones never. */
export type ChangeState = 'planned' | 'applied' | 'stale' | 'failed' | 'cancelled';

/** A change of a plan that a run found due. */
@Entity('reconcile_changes')
@Index('reconcile_changes_run', ['runId', 'id'])
@Index('reconcile_changes_risk', ['runId', 'atRiskAmount', 'id'])
@Index('reconcile_changes_state', ['runId', 'state', 'atRiskAmount', 'id'])
@Index('reconcile_changes_lowers', ['runId', 'lowers', 'atRiskAmount', 'id'])
@Index('reconcile_changes_run_tenant', ['runId', 'tenantId'])
@Index('reconcile_changes_tenant', ['tenantId', 'at'])
export class ReconcileChange {
  @PrimaryColumn(word()) id: string;
  @ForeignKey('reconcile_runs', { onDelete: 'CASCADE' }) @Column(word()) runId: string;
  @ForeignKey('tenants') @Column(word()) tenantId: string;
  @Column(word()) fromPlanId: string;
  @Column(word()) toPlanId: string;
  @Column(text(500)) reason: string;
  @Column(flag) lowers: boolean;
  /** The subscription that the change hangs on, its customer, and what it is worth a month. */
  @Column(nullableWord()) subscriptionId: string | null;
  @Column(nullableWord()) customerId: string | null;
  @Column({ type: 'bigint', nullable: true, default: null }) atRiskAmount: string | null;
  @Column(nullableWord(3)) atRiskCurrency: string | null;
  @Column({ ...word(16), default: 'planned' }) state: ChangeState;
  /** Why it is stale, or what it failed of. */
  @Column(nullableText(500)) note: string | null;
  /** What a planned row was decided from; it is applied only while that stands. */
  @Column(nullableJson) basis: PlanBasis | null;
  /** How it comes about, where Stripe alone does not bring it. */
  @Column(nullableWord(8)) effect: PlanEffect | null;
  /** The override that it granted, or ends. */
  @Column(nullableWord()) overrideId: string | null;
  @Column(moment) at: Date;
}
