import { Column, CreateDateColumn, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { createdMoment, flag, nullableMoment, nullableText, nullableWord, word } from '../db/columns';

/** Our copy of a Stripe customer, and our record of the tenant that it pays for. */
@Entity('stripe_customers')
@Index('stripe_customers_tenant', ['tenantId'])
export class StripeCustomer {
  @PrimaryColumn(word()) id: string;
  @ForeignKey('tenants') @Column(nullableWord()) tenantId: string | null;
  /** Set by an operator's unlink: metadata never links this customer again. */
  @Column(nullableMoment) unlinkedAt: Date | null;
  @Column(flag) deleted: boolean;
  @Column(flag) livemode: boolean;
  @Column(nullableText(254)) email: string | null;
  @Column(nullableText(255)) name: string | null;
  @Column(nullableMoment) syncedAt: Date | null;
  @CreateDateColumn(createdMoment) createdAt: Date;
}
