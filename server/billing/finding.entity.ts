import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { FindingStatus } from '../../domain/finding';
import type { ActorType } from '../audit/actor';
import { count, moment, nullableJson, nullableMoment, nullableText, nullableWord, text, word } from '../db/columns';

/** Who or what found that the difference is gone. */
export interface ResolvedBy {
  type: ActorType;
  id: string | null;
  name: string;
  eventId: string | null;
  runId: string | null;
}

/** One difference between Stripe and us that a person may have to look at; `fingerprint` keeps it one row. */
@Entity('findings')
@Index('findings_fingerprint', ['fingerprint'], { unique: true })
@Index('findings_status', ['status', 'lastSeenAt'])
@Index('findings_tenant', ['tenantId', 'status'])
@Index('findings_last_seen', ['lastSeenAt', 'id'])
@Index('findings_first_seen', ['firstSeenAt', 'id'])
@Index('findings_customer', ['customerId', 'status'])
@Index('findings_subscription', ['subscriptionId'])
@Index('findings_risk', ['atRiskAmount', 'id'])
@Index('findings_status_risk', ['status', 'atRiskAmount', 'id'])
@Index('findings_kind', ['kind', 'status', 'atRiskAmount', 'id'])
@Index('findings_cause', ['cause', 'status', 'atRiskAmount', 'id'])
@Index('findings_severity', ['severity', 'status', 'atRiskAmount', 'id'])
@Index('findings_owner', ['ownerId', 'status', 'atRiskAmount', 'id'])
@Index('findings_run', ['runId', 'atRiskAmount', 'id'])
@Index('findings_snoozed', ['snoozedUntil', 'id'])
export class Finding {
  @PrimaryColumn(word()) id: string;
  @Column(word(200)) fingerprint: string;
  @Column(word(40)) kind: string;
  /** What brought it about; see CauseClass in domain/. */
  @Column(word(40)) cause: string;
  @Column(word(16)) severity: string;
  @Column({ ...word(16), default: 'open' }) status: FindingStatus;
  @Column(nullableWord()) tenantId: string | null;
  @Column(nullableWord()) customerId: string | null;
  @Column(nullableWord()) subscriptionId: string | null;
  @Column(text(500)) summary: string;
  @Column(nullableText(500)) expected: string | null;
  @Column(nullableText(500)) actual: string | null;
  @Column({ type: 'bigint', nullable: true, default: null }) atRiskAmount: string | null;
  @Column(nullableWord(3)) atRiskCurrency: string | null;
  @Column(moment) firstSeenAt: Date;
  @Column(moment) lastSeenAt: Date;
  @Column(nullableMoment) resolvedAt: Date | null;
  /** The operator who looks after it. */
  @ForeignKey('operators', { onDelete: 'SET NULL' }) @Column(nullableWord()) ownerId: string | null;
  /** While snoozed: when it opens again by itself. */
  @Column(nullableMoment) snoozedUntil: Date | null;
  @Column(nullableText(500)) dismissedReason: string | null;
  /** The reconciliation run that last saw, opened or closed it. */
  @Column(nullableWord()) runId: string | null;
  @Column(nullableJson) resolvedBy: ResolvedBy | null;
  /** How often the difference has come; more than one means that it went away and came back. */
  @Column({ ...count, default: 1 }) occurrences: number;
}
