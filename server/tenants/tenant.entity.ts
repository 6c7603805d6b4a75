import { Column, CreateDateColumn, Entity, ForeignKey, Index, PrimaryColumn, VersionColumn } from 'typeorm';
import type { Origin } from '../../domain/explanation';
import type { TenantStatus } from '../../domain/tenant';
import {
  count,
  createdMoment,
  moment,
  nullableCount,
  nullableJson,
  nullableMoment,
  nullableText,
  nullableWord,
  text,
  updatedMoment,
  versionNumber,
  word,
} from '../db/columns';

export type PlanSource = 'override' | 'subscription' | 'base';

/** A customer organisation. `planId` is always what decidePlan last answered for it. */
@Entity('tenants')
@Index('tenants_name', ['name', 'id'])
@Index('tenants_status', ['status', 'createdAt'])
@Index('tenants_plan', ['planId', 'status'])
@Index('tenants_created', ['createdAt', 'id'])
@Index('tenants_next_decision', ['nextDecisionAt'])
@Index('tenants_members', ['memberCount', 'id'])
@Index('tenants_synced', ['lastSyncedAt', 'createdAt'])
@Index('tenants_differs', ['differsSince'])
@Index('tenants_search', ['name'], { fulltext: true })
export class Tenant {
  @PrimaryColumn(word()) id: string;
  @Column(text(120)) name: string;
  @Column({ ...word(16), default: 'active' }) status: TenantStatus;
  @ForeignKey('plans') @Column(word()) basePlanId: string;
  @ForeignKey('plans') @Column(word()) planId: string;
  @Column({ ...word(16), default: 'base' }) planSource: PlanSource;
  @Column(moment) planSince: Date;
  @Column(nullableWord()) subscriptionId: string | null;
  @Column(nullableWord(32)) subscriptionStatus: string | null;
  @Column(nullableMoment) currentPeriodEnd: Date | null;
  @Column(nullableMoment) cancelAt: Date | null;
  @Column(nullableCount) seatLimit: number | null;
  @Column(count) memberCount: number;
  /** When time alone changes the plan: the end of an override, of grace, of a cancelled period. */
  @Column(nullableMoment) nextDecisionAt: Date | null;
  @Column(nullableMoment) lastSyncedAt: Date | null;
  /** Since when a sweep knows it to differ from Stripe; null where none does. */
  @Column(nullableMoment) differsSince: Date | null;
  /** Of what was last kept in plan_decisions: the same answer is not kept twice. */
  @Column(nullableWord(32)) decisionHash: string | null;
  /** Who chose the base plan, and when. */
  @Column(nullableJson) basePlanSetBy: Origin | null;
  @Column(nullableText(500)) suspendedReason: string | null;
  @Column(nullableMoment) deletedAt: Date | null;
  @CreateDateColumn(createdMoment) createdAt: Date;
  @Column(updatedMoment) updatedAt: Date;
  @VersionColumn(versionNumber) version: number;
}
