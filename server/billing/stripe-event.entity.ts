import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { count, flag, moment, nullableJson, nullableMoment, nullableText, nullableWord, word } from '../db/columns';

export type StripeEventStatus = 'received' | 'processed' | 'ignored' | 'failed';

/** The inbox: every event of Stripe's that reached us, once. The payload is kept to be read by people, never as state. */
@Entity('stripe_events')
@Index('stripe_events_status', ['status', 'receivedAt'])
@Index('stripe_events_customer', ['customerId', 'status'])
@Index('stripe_events_received', ['receivedAt', 'id'])
@Index('stripe_events_created', ['createdAt', 'id'])
@Index('stripe_events_type', ['type', 'receivedAt'])
@Index('stripe_events_source', ['source', 'receivedAt'])
export class StripeEvent {
  @PrimaryColumn(word()) id: string;
  @Column(word(100)) type: string;
  @Column(nullableWord()) customerId: string | null;
  @Column(flag) livemode: boolean;
  @Column(moment) createdAt: Date;
  @Column(moment) receivedAt: Date;
  @Column({ ...word(16), default: 'received' }) status: StripeEventStatus;
  @Column(count) attempts: number;
  @Column(nullableText(500)) error: string | null;
  @Column({ ...word(16), default: 'webhook' }) source: 'webhook' | 'catch-up' | 'replay';
  @Column(nullableMoment) processedAt: Date | null;
  @Column(nullableJson) payload: object | null;
}
