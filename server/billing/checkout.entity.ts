import { Column, CreateDateColumn, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { createdMoment, word } from '../db/columns';

/** A Stripe Checkout session opened for a tenant. An older open one is expired before a new one is made. */
@Entity('checkouts')
@Index('checkouts_tenant', ['tenantId', 'status'])
@Index('checkouts_status', ['status', 'createdAt'])
export class Checkout {
  @PrimaryColumn(word(128)) id: string;
  @ForeignKey('tenants') @Column(word()) tenantId: string;
  @ForeignKey('plans') @Column(word()) planId: string;
  @Column({ ...word(16), default: 'open' }) status: 'open' | 'complete' | 'expired';
  @CreateDateColumn(createdMoment) createdAt: Date;
}
