import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';
import { createdMoment, nullableJson, word } from '../db/columns';

/** What was answered to a request that bore an `Idempotency-Key`, so that the same request gets the same answer. */
@Entity('idempotency_keys')
@Index('idempotency_keys_created', ['createdAt'])
export class IdempotencyKey {
  @PrimaryColumn(word()) userId: string;
  @PrimaryColumn(word(255)) idempotencyKey: string;
  /** SHA-256 of method, address and body. */
  @Column(word()) fingerprint: string;
  /** Null while the request is worked on. */
  @Column({ type: 'smallint', unsigned: true, nullable: true, default: null }) status: number | null;
  @Column(nullableJson) answer: object | null;
  @CreateDateColumn(createdMoment) createdAt: Date;
}
