import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';
import { createdMoment, exactText, nullableText, nullableWord, text, word } from '../db/columns';

export type SuppressionReason = 'bounced' | 'complained';

/** An address that is not mailed again until an operator clears it. */
@Entity('suppressions')
@Index('suppressions_address', ['emailKey'], { unique: true })
@Index('suppressions_created', ['createdAt', 'id'])
export class Suppression {
  @PrimaryColumn(word()) id: string;
  @Column(text(254)) email: string;
  @Column(exactText(254)) emailKey: string;
  @Column(word(16)) reason: SuppressionReason;
  /** What the receiving server said. */
  @Column(nullableText(500)) detail: string | null;
  /** The message that came back. */
  @Column(nullableWord()) emailId: string | null;
  @CreateDateColumn(createdMoment) createdAt: Date;
}
