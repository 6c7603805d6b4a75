import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';
import type { OperatorRole } from '../../domain/permissions';
import type { ActorType } from '../audit/actor';
import { createdMoment, nullableMoment, nullableWord, text, word } from '../db/columns';

/** What a program shows to call the operator API, with a role as an operator has one. */
@Entity('api_keys')
@Index('api_keys_secret', ['secretHash'], { unique: true })
@Index('api_keys_created', ['createdAt', 'id'])
export class ApiKey {
  @PrimaryColumn(word()) id: string;
  @Column(text(120)) name: string;
  @Column(word(16)) role: OperatorRole;
  /** How the secret begins, so that a key found somewhere can be told from the others. */
  @Column(word(16)) prefix: string;
  /** SHA-256 of the secret, which is 256 random bits: there is nothing to guess, so no slow hash is needed. */
  @Column(word()) secretHash: string;
  @Column(word(16)) createdByType: ActorType;
  @Column(nullableWord()) createdById: string | null;
  @Column(text(120)) createdByName: string;
  /** To the minute. */
  @Column(nullableMoment) lastUsedAt: Date | null;
  /** Null means never. */
  @Column(nullableMoment) expiresAt: Date | null;
  @CreateDateColumn(createdMoment) createdAt: Date;
}
