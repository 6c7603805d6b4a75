import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { Origin } from '../../domain/explanation';
import { count, flag, json, moment, nullableJson, nullableMoment, nullableWord, word } from '../db/columns';

export interface MirroredItem {
  id: string;
  priceId: string;
  lookupKey: string | null;
  quantity: number;
  /** ISO 8601. Since API version 2025-03-31 Stripe keeps periods on items alone. */
  currentPeriodEnd: string | null;
  /** Per unit and period, in the currency's minor unit; null where the price is tiered or metered. */
  unitAmount: number | null;
  currency: string | null;
  interval: 'day' | 'week' | 'month' | 'year' | null;
  intervalCount: number | null;
}

/** What a subscription schedule turns it into next. */
export interface ScheduledChange {
  /** ISO 8601. */
  at: string;
  items: { priceId: string; quantity: number }[];
}

/** Our copy of a Stripe subscription, with what it last earned and whether it last counted. */
@Entity('subscriptions')
@Index('subscriptions_customer', ['customerId'])
@Index('subscriptions_tenant', ['tenantId', 'status'])
@Index('subscriptions_price', ['priceId'])
@Index('subscriptions_status', ['status', 'startedAt'])
@Index('subscriptions_created', ['createdAt', 'id'])
@Index('subscriptions_started', ['startedAt', 'id'])
@Index('subscriptions_period_end', ['currentPeriodEnd', 'id'])
export class Subscription {
  @PrimaryColumn(word()) id: string;
  @ForeignKey('stripe_customers') @Column(word()) customerId: string;
  @ForeignKey('tenants') @Column(nullableWord()) tenantId: string | null;
  /** The plan that it earns now or, its price being unknown, last earned. */
  @ForeignKey('plans') @Column(nullableWord()) planId: string | null;
  @Column(word(32)) status: string;
  @Column(nullableWord()) priceId: string | null;
  @Column({ ...count, default: 1 }) quantity: number;
  @Column(json) items: MirroredItem[];
  @Column(nullableMoment) currentPeriodEnd: Date | null;
  @Column(flag) cancelAtPeriodEnd: boolean;
  @Column(nullableMoment) cancelAt: Date | null;
  @Column(nullableMoment) trialEnd: Date | null;
  @Column(flag) pauseCollection: boolean;
  @Column(flag) livemode: boolean;
  /** Start of grace: the due or finalised time of the oldest open invoice, else when first seen. */
  @Column(nullableMoment) pastDueSince: Date | null;
  @Column({ type: 'boolean', nullable: true, default: null }) lastCounted: boolean | null;
  /** Set when Stripe stopped listing it; it then goes on as it last counted. */
  @Column(nullableMoment) missingSince: Date | null;
  @Column(nullableJson) scheduledChange: ScheduledChange | null;
  @Column(moment) startedAt: Date;
  /** Stripe's `created`: a sweep walks the account by it. */
  @Column(moment) createdAt: Date;
  /** Of all that was read of it and its customer, so that a sweep need not compare field by field. */
  @Column(nullableWord(64)) contentHash: string | null;
  /** The event, run or operator that last brought a change of it. */
  @Column(nullableJson) changedBy: Origin | null;
  @Column(moment) syncedAt: Date;
}
