import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';
import { count, createdMoment, moment, nullableMoment, nullableText, word } from '../db/columns';

/** A job that a committed change owes. Open until the work is done, not until the queue took it. */
@Entity('outbox')
@Index('outbox_due', ['status', 'dueAt'])
@Index('outbox_subject', ['kind', 'subject', 'status'])
export class OutboxRow {
  @PrimaryColumn(word()) id: string;
  @Column(word(32)) kind: string;
  /** The id of what the job is about: an email, a Stripe customer. */
  @Column(word()) subject: string;
  @Column({ ...word(16), default: 'open' }) status: 'open' | 'done' | 'failed';
  /** When the relay hands it to the queue next. */
  @Column(moment) dueAt: Date;
  @Column(count) handedCount: number;
  @Column(count) attempts: number;
  @Column(nullableText(500)) lastError: string | null;
  @CreateDateColumn(createdMoment) createdAt: Date;
  @Column(nullableMoment) doneAt: Date | null;
}
