import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { moment, nullableMoment, nullableText, nullableWord, text, word } from '../db/columns';

export type FindingStatus = 'open' | 'snoozed' | 'dismissed' | 'resolved';

/** One difference between Stripe and us that a person may have to look at; `fingerprint` keeps it one row. */
@Entity('findings')
@Index('findings_fingerprint', ['fingerprint'], { unique: true })
@Index('findings_status', ['status', 'lastSeenAt'])
@Index('findings_tenant', ['tenantId', 'status'])
@Index('findings_last_seen', ['lastSeenAt', 'id'])
@Index('findings_first_seen', ['firstSeenAt', 'id'])
@Index('findings_customer', ['customerId', 'status'])
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
}
