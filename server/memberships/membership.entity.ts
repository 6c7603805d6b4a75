import { Column, CreateDateColumn, Entity, ForeignKey, Index, PrimaryColumn, VersionColumn } from 'typeorm';
import type { TenantRole } from '../../domain/permissions';
import { createdMoment, nullableWord, updatedMoment, versionNumber, word } from '../db/columns';

/** A user in a tenant, once. */
@Entity('memberships')
@Index('memberships_tenant_user', ['tenantId', 'userId'], { unique: true })
@Index('memberships_user', ['userId', 'createdAt'])
@Index('memberships_created', ['createdAt', 'id'])
export class Membership {
  @PrimaryColumn(word()) id: string;
  @ForeignKey('tenants') @Column(word()) tenantId: string;
  @ForeignKey('users') @Column(word()) userId: string;
  @Column(word(16)) role: TenantRole;
  @Column(nullableWord()) invitationId: string | null;
  @CreateDateColumn(createdMoment) createdAt: Date;
  @Column(updatedMoment) updatedAt: Date;
  @VersionColumn(versionNumber) version: number;
}
