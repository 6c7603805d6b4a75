import { Column, CreateDateColumn, Entity, ForeignKey, Index, PrimaryColumn, VersionColumn } from 'typeorm';
import type { ActorType } from '../audit/actor';
import { createdMoment, flag, moment, nullableMoment, nullableWord, text, versionNumber, word } from '../db/columns';

/** A plan granted by an operator: a floor while it lasts; pinned, exactly that plan. */
@Entity('overrides')
@Index('overrides_tenant', ['tenantId', 'endsAt'])
@Index('overrides_ends', ['endsAt', 'id'])
@Index('overrides_created', ['createdAt', 'id'])
@Index('overrides_plan', ['planId', 'endsAt', 'id'])
@Index('overrides_note_due', ['noteDueAt'])
export class Override {
  @PrimaryColumn(word()) id: string;
  @ForeignKey('tenants') @Column(word()) tenantId: string;
  @ForeignKey('plans') @Column(word()) planId: string;
  @Column(flag) pin: boolean;
  @Column(text(500)) reason: string;
  @Column(moment) startsAt: Date;
  @Column(moment) endsAt: Date;
  @Column(nullableMoment) endedAt: Date | null;
  /** When somebody is to be told that it ends soon; null once that is done, or owed no more. */
  @Column(nullableMoment) noteDueAt: Date | null;
  @Column(nullableMoment) notedAt: Date | null;
  @Column(word(16)) createdByType: ActorType;
  @Column(nullableWord()) createdById: string | null;
  @Column(text(120)) createdByName: string;
  @CreateDateColumn(createdMoment) createdAt: Date;
  @VersionColumn(versionNumber) version: number;
}
