import { Column, Entity, ForeignKey, Index, PrimaryGeneratedColumn } from 'typeorm';
import type { ActorType } from '../../audit/actor';
import { json, moment, nullableWord, text, word } from '../../db/columns';
import type { StoredDecision } from './stored-decision';

/** What was decided of a tenant, written when the answer differs from the one before. Kept as long as the tenant. */
@Entity('plan_decisions')
@Index('plan_decisions_tenant', ['tenantId', 'at', 'id'])
export class PlanDecisionRow {
  /** Counts up, so that two of one millisecond stand in their order. */
  @PrimaryGeneratedColumn({ type: 'bigint', unsigned: true }) id: string;
  @ForeignKey('tenants') @Column(word()) tenantId: string;
  @Column(word()) planId: string;
  @Column(json) decision: StoredDecision;
  @Column(word(16)) actorType: ActorType;
  @Column(nullableWord()) actorId: string | null;
  @Column(text(120)) actorName: string;
  @Column(nullableWord()) eventId: string | null;
  @Column(nullableWord()) runId: string | null;
  @Column(moment) at: Date;
}
