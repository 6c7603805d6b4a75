import { Column, CreateDateColumn, Entity, ForeignKey, Index, PrimaryColumn, VersionColumn } from 'typeorm';
import type { ActorType } from '../audit/actor';
import { createdMoment, flag, moment, nullableMoment, nullableWord, text, versionNumber, word } from '../db/columns';

/** A plan granted by an operator: a floor while it lasts; pinned, exactly that plan. */
@Entity('overrides')
@Index('overrides_tenant', ['tenantId', 'endsAt'])
@Index('overrides_ends', ['endsAt', 'id'])
@Index('overrides_created', ['createdAt', 'id'])
export class Override {
  @PrimaryColumn(word()) id: string;
  @ForeignKey('tenants') @Column(word()) tenantId: string;
  @ForeignKey('plans') @Column(word()) planId: string;
  @Column(flag) pin: boolean;
  @Column(text(500)) reason: string;
  @Column(moment) startsAt: Date;
  @Column(moment) endsAt: Date;
  @Column(nullableMoment) endedAt: Date | null;
  @Column(word(16)) createdByType: ActorType;
  @Column(nullableWord()) createdById: string | null;
  @Column(text(120)) createdByName: string;
  @CreateDateColumn(createdMoment) createdAt: Date;
  @VersionColumn(versionNumber) version: number;
}
