import { Column, CreateDateColumn, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { createdMoment, moment, nullableText, nullableWord, word } from '../db/columns';

export const EMAIL_EVENT_KINDS = ['delivered', 'deferred', 'bounced', 'complained'] as const;
export type EmailEventKind = (typeof EMAIL_EVENT_KINDS)[number];

/** What the mail's provider told of it after it was sent; each event once. */
@Entity('email_events')
@Index('email_events_once', ['provider', 'providerEventId'], { unique: true })
@Index('email_events_email', ['emailId', 'at'])
export class EmailEvent {
  @PrimaryColumn(word()) id: string;
  /** Null where no message of ours bears the id that was told. */
  @ForeignKey('emails') @Column(nullableWord()) emailId: string | null;
  /** `generic`, `mailgun` or `sendgrid`. */
  @Column(word(16)) provider: string;
  @Column(word(191)) providerEventId: string;
  @Column(word(16)) kind: EmailEventKind;
  @Column(nullableText(500)) detail: string | null;
  /** When it happened, as the provider has it. */
  @Column(moment) at: Date;
  @CreateDateColumn(createdMoment) receivedAt: Date;
}
