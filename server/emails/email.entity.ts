import { Column, CreateDateColumn, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { count, createdMoment, json, nullableMoment, nullableText, nullableWord, text, word } from '../db/columns';

export type EmailKind = 'invitation' | 'sign-in-code' | 'contact' | 'override-ending';
export type EmailStatus = 'queued' | 'sending' | 'sent' | 'failed' | 'bounced';

/** One message to one address. Claimed (`sending`) before SMTP is called; a retry carries the same Message-ID. */
@Entity('emails')
@Index('emails_status', ['status', 'createdAt'])
@Index('emails_created', ['createdAt', 'id'])
@Index('emails_invitation', ['invitationId'])
@Index('emails_tenant', ['tenantId', 'createdAt'])
@Index('emails_message_id', ['messageId'], { unique: true })
@Index('emails_provider_id', ['providerMessageId'])
@Index('emails_search', ['to'], { fulltext: true })
export class Email {
  @PrimaryColumn(word()) id: string;
  @Column(word(32)) kind: EmailKind;
  @Column(text(254)) to: string;
  @Column({ ...word(16), default: 'queued' }) status: EmailStatus;
  @Column(count) attempts: number;
  @Column(nullableText(500)) lastError: string | null;
  @ForeignKey('invitations') @Column(nullableWord()) invitationId: string | null;
  @ForeignKey('tenants') @Column(nullableWord()) tenantId: string | null;
  @Column(word(128)) messageId: string;
  /** What the mail's server calls it, as far as its answer tells. */
  @Column(nullableWord(255)) providerMessageId: string | null;
  /** What the template needs, without any secret. */
  @Column(json) data: Record<string, string>;
  /** The token or code, sealed with APP_SECRET; erased when the mail is sent or given up. */
  @Column(nullableWord(512)) sealedSecret: string | null;
  @Column(nullableMoment) claimedAt: Date | null;
  @Column(nullableText(255)) smtpResponse: string | null;
  @CreateDateColumn(createdMoment) createdAt: Date;
  @Column(nullableMoment) sentAt: Date | null;
  @Column(nullableMoment) deliveredAt: Date | null;
  @Column(nullableMoment) bouncedAt: Date | null;
}
