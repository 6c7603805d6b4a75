import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { ActorType } from '../audit/actor';
import { moment, nullableWord, text, word } from '../db/columns';
import type { PlanSource } from '../tenants/tenant.entity';

/** One step of a tenant's plan history. */
@Entity('plan_changes')
@Index('plan_changes_tenant', ['tenantId', 'at'])
@Index('plan_changes_at', ['at', 'id'])
@Index('plan_changes_event', ['eventId'])
export class PlanChange {
  @PrimaryColumn(word()) id: string;
  @ForeignKey('tenants') @Column(word()) tenantId: string;
  @ForeignKey('plans') @Column(nullableWord()) fromPlanId: string | null;
  @ForeignKey('plans') @Column(word()) toPlanId: string;
  @Column(word(16)) source: PlanSource;
  @Column(text(500)) reason: string;
  @Column(nullableWord()) subscriptionId: string | null;
  @Column(nullableWord()) eventId: string | null;
  @Column(nullableWord()) runId: string | null;
  @Column(word(16)) actorType: ActorType;
  @Column(nullableWord()) actorId: string | null;
  @Column(text(120)) actorName: string;
  @Column(moment) at: Date;
}
