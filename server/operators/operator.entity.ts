import { Column, CreateDateColumn, Entity, Index, PrimaryColumn, VersionColumn } from 'typeorm';
import type { OperatorRole } from '../../domain/permissions';
import {
  createdMoment,
  exactText,
  flag,
  nullableMoment,
  text,
  updatedMoment,
  versionNumber,
  word,
} from '../db/columns';

/** A member of staff who signs in to the dashboard. */
@Entity('operators')
@Index('operators_email_key', ['emailKey'], { unique: true })
@Index('operators_created', ['createdAt', 'id'])
export class Operator {
  @PrimaryColumn(word()) id: string;
  @Column(text(254)) email: string;
  @Column(exactText(254)) emailKey: string;
  @Column(text(120)) name: string;
  @Column(word(16)) role: OperatorRole;
  @Column({ ...word(16), default: 'active' }) status: 'active' | 'suspended';
  /** Argon2id, in the PHC string format. */
  @Column(word(255)) passwordHash: string;
  @Column(flag) totpEnabled: boolean;
  @Column(nullableMoment) lastSignInAt: Date | null;
  @CreateDateColumn(createdMoment) createdAt: Date;
  @Column(updatedMoment) updatedAt: Date;
  @VersionColumn(versionNumber) version: number;
}
