import { Column, CreateDateColumn, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { createdMoment, nullableWord, text, word } from '../db/columns';

/** A customer's word to sales. */
@Entity('contact_requests')
@Index('contact_requests_created', ['createdAt', 'id'])
export class ContactRequest {
  @PrimaryColumn(word()) id: string;
  @ForeignKey('users') @Column(word()) userId: string;
  @ForeignKey('tenants') @Column(nullableWord()) tenantId: string | null;
  @Column(text(2000)) message: string;
  @CreateDateColumn(createdMoment) createdAt: Date;
}
