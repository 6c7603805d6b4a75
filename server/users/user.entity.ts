import { Column, CreateDateColumn, Entity, Index, PrimaryColumn, VersionColumn } from 'typeorm';
import {
  createdMoment,
  exactText,
  nullableMoment,
  nullableText,
  text,
  updatedMoment,
  versionNumber,
  word,
} from '../db/columns';

/** A person or machine. Told apart by identity, never by address: `email` is not unique. */
@Entity('users')
@Index('users_email_key', ['emailKey'])
@Index('users_name', ['name', 'id'])
@Index('users_created', ['createdAt', 'id'])
@Index('users_last_seen', ['lastSeenAt', 'id'])
@Index('users_search', ['email', 'name'], { fulltext: true })
export class User {
  @PrimaryColumn(word()) id: string;
  @Column(nullableText(254)) email: string | null;
  @Column({ ...exactText(254), nullable: true, default: null }) emailKey: string | null;
  @Column({ ...text(120), default: '' }) name: string;
  @Column({ ...word(16), default: 'active' }) status: 'active' | 'suspended';
  @Column(nullableMoment) lastSeenAt: Date | null;
  @CreateDateColumn(createdMoment) createdAt: Date;
  @Column(updatedMoment) updatedAt: Date;
  @VersionColumn(versionNumber) version: number;
}
