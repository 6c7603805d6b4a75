import { Column, CreateDateColumn, Entity, ForeignKey, Index, PrimaryColumn, VersionColumn } from 'typeorm';
import type { PlanKind } from '../../domain/plan';
import {
  count,
  createdMoment,
  flag,
  json,
  nullableCount,
  nullableWord,
  text,
  uniqueFlag,
  updatedMoment,
  versionNumber,
  word,
} from '../db/columns';

/** What the service gives a tenant. `id` is chosen when the plan is made and never changes. */
@Entity('plans')
@Index('plans_default', ['isDefault'], { unique: true })
@Index('plans_lookup_key', ['stripeLookupKey'], { unique: true })
@Index('plans_rank', ['rank', 'id'])
export class Plan {
  @PrimaryColumn(word()) id: string;
  @Column(text(80)) name: string;
  @Column({ ...text(500), default: '' }) description: string;
  @Column(word(16)) kind: PlanKind;
  @Column({ ...flag, default: true }) active: boolean;
  /** 1 on the one default plan, NULL on all others: the unique key forbids a second default. */
  @Column(uniqueFlag) isDefault: 1 | null;
  @Column(count) rank: number;
  @Column(json) features: string[];
  @Column({ ...text(80), default: '' }) priceText: string;
  @Column(nullableWord(200)) stripeLookupKey: string | null;
  /** Seats included; NULL means unlimited. */
  @Column(nullableCount) seatLimit: number | null;
  /** The quantity of the subscription's item is the seat limit. */
  @Column(flag) seatsFromQuantity: boolean;
  @Column(count) trialDays: number;
  /** Of a retired plan: where tenants go whose base plan it is. */
  @ForeignKey('plans') @Column(nullableWord()) successorId: string | null;
  @CreateDateColumn(createdMoment) createdAt: Date;
  @Column(updatedMoment) updatedAt: Date;
  @VersionColumn(versionNumber) version: number;
}
