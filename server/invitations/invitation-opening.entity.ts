import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { moment, nullableWord, word } from '../db/columns';

/** One look at the page behind an invitation's link: by a person, or by a likely scanner, which does not count. */
@Entity('invitation_openings')
@Index('invitation_openings_invitation', ['invitationId', 'at'])
export class InvitationOpening {
  @PrimaryColumn(word()) id: string;
  @ForeignKey('invitations') @Column(word()) invitationId: string;
  @Column(word(16)) kind: 'opened' | 'scanned';
  /** A browser's name, or a scanner's; nothing by which a person could be told. */
  @Column(nullableWord(32)) agent: string | null;
  @Column(moment) at: Date;
}
