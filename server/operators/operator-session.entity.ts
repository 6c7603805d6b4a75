import { Column, CreateDateColumn, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { createdMoment, json, moment, word } from '../db/columns';

/** A signed-in browser. The cookie's secret is stored as its SHA-256 alone. */
@Entity('operator_sessions')
@Index('operator_sessions_operator', ['operatorId'])
@Index('operator_sessions_expires', ['expiresAt'])
export class OperatorSession {
  @PrimaryColumn(word()) idHash: string;
  @ForeignKey('operators') @Column(word()) operatorId: string;
  @Column(json) data: object;
  @Column(moment) expiresAt: Date;
  @CreateDateColumn(createdMoment) createdAt: Date;
}
