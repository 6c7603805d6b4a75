import { Column, CreateDateColumn, Entity, ForeignKey, Index, PrimaryColumn, VersionColumn } from 'typeorm';
import type { InvitationStatus } from '../../domain/invitation';
import type { TenantRole } from '../../domain/permissions';
import type { ActorType } from '../audit/actor';
import {
  count,
  createdMoment,
  exactText,
  flag,
  moment,
  nullableMoment,
  nullableText,
  nullableWord,
  text,
  uniqueFlag,
  updatedMoment,
  versionNumber,
  word,
} from '../db/columns';

/** Why an invitation ended with its inviter. */
export type RevokedReason = 'inviter_removed' | 'inviter_demoted' | 'inviter_suspended';
export type DeliveryStatus = 'queued' | 'sent' | 'failed' | 'bounced';

/** An offer of one membership, sent to one address. */
@Entity('invitations')
@Index('invitations_one_pending', ['tenantId', 'emailKey', 'pending'], { unique: true })
@Index('invitations_token', ['tokenHash'], { unique: true })
@Index('invitations_tenant', ['tenantId', 'status'])
@Index('invitations_status', ['status', 'expiresAt'])
@Index('invitations_created', ['createdAt', 'id'])
@Index('invitations_inviter', ['tenantId', 'invitedById'])
@Index('invitations_delivery', ['deliveryStatus', 'createdAt'])
@Index('invitations_email', ['emailKey'])
@Index('invitations_search', ['email'], { fulltext: true })
export class Invitation {
  @PrimaryColumn(word()) id: string;
  @ForeignKey('tenants') @Column(word()) tenantId: string;
  @Column(text(254)) email: string;
  @Column(exactText(254)) emailKey: string;
  @Column(word(16)) role: TenantRole;
  @Column({ ...word(16), default: 'pending' }) status: InvitationStatus;
  /** 1 while pending, else NULL: with the unique key, one pending invitation per tenant and address. */
  @Column({ ...uniqueFlag, default: 1 }) pending: 1 | null;
  /** SHA-256 (hex) of the newest token; the token itself stands only, sealed, in the unsent email. */
  @Column(word()) tokenHash: string;
  @Column(moment) expiresAt: Date;
  /** How many days it is good from each sending on. */
  @Column({ type: 'smallint', unsigned: true, default: 7 }) termDays: number;
  @Column(count) sentCount: number;
  @Column(nullableMoment) lastSentAt: Date | null;
  @Column({ ...word(16), default: 'queued' }) deliveryStatus: DeliveryStatus;
  @Column(word(16)) invitedByType: ActorType;
  @Column(nullableWord()) invitedById: string | null;
  @Column(text(120)) invitedByName: string;
  /** The owner who stands for it since its inviter left. */
  @Column(nullableWord()) standsForId: string | null;
  @Column(nullableText(120)) standsForName: string | null;
  /** Null where somebody withdrew it by hand. */
  @Column(nullableWord(32)) revokedReason: RevokedReason | null;
  @Column(nullableMoment) acceptedAt: Date | null;
  @ForeignKey('users') @Column(nullableWord()) acceptedByUserId: string | null;
  /** The user who accepted bears another address than the one invited. */
  @Column(flag) addressMismatch: boolean;
  @CreateDateColumn(createdMoment) createdAt: Date;
  @Column(updatedMoment) updatedAt: Date;
  @VersionColumn(versionNumber) version: number;
}
