import { Column, CreateDateColumn, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { count, createdMoment, exactText, json, moment, nullableMoment, text, word } from '../db/columns';

/** A signing key of the built-in issuer; the private half is sealed with APP_SECRET. */
@Entity('issuer_keys')
export class IssuerKey {
  @PrimaryColumn(word()) kid: string;
  @Column(word(16)) alg: string;
  @Column(json) publicJwk: object;
  @Column({ type: 'text', charset: 'ascii', collation: 'ascii_bin' }) sealedPrivateJwk: string;
  @CreateDateColumn(createdMoment) createdAt: Date;
  @Column(nullableMoment) retiredAt: Date | null;
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
  @Column(moment) expiresAt: Date;
  @Column(moment) lastUsedAt: Date;
  @CreateDateColumn(createdMoment) createdAt: Date;
}
