import { Column, CreateDateColumn, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { createdMoment, exactText, nullableText, word } from '../db/columns';

/** `iss` and `sub` of a trusted token (OpenID Connect Core 1.0, section 2): together unique, and of one user. */
@Entity('identities')
@Index('identities_issuer_subject', ['issuer', 'subject'], { unique: true })
@Index('identities_user', ['userId'])
export class Identity {
  @PrimaryColumn(word()) id: string;
  @Column(exactText(255)) issuer: string;
  @Column(exactText(255)) subject: string;
  /** As its token told when it was seen first; null where it told none that is verified. */
  @Column(nullableText(254)) email: string | null;
  @ForeignKey('users') @Column(word()) userId: string;
  @CreateDateColumn(createdMoment) createdAt: Date;
}
