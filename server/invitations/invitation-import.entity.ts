import { Column, CreateDateColumn, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { createdMoment, json, word } from '../db/columns';

/** An import of many invitations that was carried out: asked for again, it gives the same result. */
@Entity('invitation_imports')
export class InvitationImport {
  /** Chosen by whoever imports. */
  @PrimaryColumn(word()) id: string;
  @ForeignKey('tenants') @Column(word()) tenantId: string;
  /** SHA-256 of what was imported. */
  @Column(word()) fingerprint: string;
  @Column(json) result: object;
  @CreateDateColumn(createdMoment) createdAt: Date;
}
