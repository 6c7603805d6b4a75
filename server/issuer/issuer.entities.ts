import { Column, CreateDateColumn, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { Scope } from '../../domain/permissions';
import {
  count,
  createdMoment,
  exactText,
  json,
  moment,
  nullableJson,
  nullableMoment,
  nullableText,
  nullableWord,
  text,
  word,
} from '../db/columns';

/** The issuer of those who sign in at the portal. */
export const PORTAL = 'portal';

/** A signing key of the built-in issuer; the private half is sealed with APP_SECRET. */
@Entity('issuer_keys')
@Index('issuer_keys_issuer', ['issuer', 'createdAt'])
export class IssuerKey {
  @PrimaryColumn(word()) kid: string;
  /** `portal`, or the name that somebody gave it. */
  @Column({ ...word(32), default: PORTAL }) issuer: string;
  @Column(word(16)) alg: string;
  @Column(json) publicJwk: object;
  @Column({ type: 'text', charset: 'ascii', collation: 'ascii_bin' }) sealedPrivateJwk: string;
  @CreateDateColumn(createdMoment) createdAt: Date;
  /** It signs nothing from then on. */
  @Column(nullableMoment) retiredAt: Date | null;
  /** Of a retired key: until when the tokens that it signed are good. */
  @Column(nullableMoment) verifiesUntil: Date | null;
}

/**
 * A token that a built-in issuer signed for a program, or for somebody at a prompt. It acts as its user, within its
 * scopes and, where it names one, in that tenant alone; the token itself is not kept.
 */
@Entity('machine_tokens')
@Index('machine_tokens_user', ['userId'])
@Index('machine_tokens_tenant', ['tenantId'])
@Index('machine_tokens_kid', ['kid', 'expiresAt'])
@Index('machine_tokens_created', ['createdAt', 'id'])
export class MachineToken {
  /** The token's `jti`. */
  @PrimaryColumn(word()) id: string;
  @Column(text(120)) name: string;
  @Column(word(32)) issuer: string;
  @Column(word()) kid: string;
  @ForeignKey('users') @Column(word()) userId: string;
  @ForeignKey('tenants') @Column(nullableWord()) tenantId: string | null;
  /** Null: all that its user may. */
  @Column(nullableJson) scopes: Scope[] | null;
  @Column(moment) expiresAt: Date;
  /** To the minute. */
  @Column(nullableMoment) lastUsedAt: Date | null;
  @Column(nullableMoment) revokedAt: Date | null;
  @CreateDateColumn(createdMoment) createdAt: Date;
}

/** A one-time code that was mailed; stored hashed, good for a few minutes and a few tries. */
@Entity('sign_in_codes')
@Index('sign_in_codes_email', ['emailKey', 'createdAt'])
@Index('sign_in_codes_expires', ['expiresAt'])
export class SignInCode {
  @PrimaryColumn(word()) id: string;
  @Column(text(254)) email: string;
  @Column(exactText(254)) emailKey: string;
  @Column(word()) codeHash: string;
  @Column(count) attempts: number;
  @Column(moment) expiresAt: Date;
  @Column(nullableMoment) usedAt: Date | null;
  @CreateDateColumn(createdMoment) createdAt: Date;
}

/** A portal session: the refresh cookie's secret as its SHA-256. */
@Entity('user_sessions')
@Index('user_sessions_user', ['userId'])
@Index('user_sessions_expires', ['expiresAt'])
export class UserSession {
  @PrimaryColumn(word()) tokenHash: string;
  @ForeignKey('users') @Column(word()) userId: string;
  @ForeignKey('identities') @Column(word()) identityId: string;
  /** What the browser calls itself, so that its user can tell it from others. */
  @Column(nullableText(200)) agent: string | null;
  @Column(moment) expiresAt: Date;
  @Column(moment) lastUsedAt: Date;
  @CreateDateColumn(createdMoment) createdAt: Date;
}
