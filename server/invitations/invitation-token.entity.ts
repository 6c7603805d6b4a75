import { Column, CreateDateColumn, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { createdMoment, word } from '../db/columns';

/** Every token hash that an invitation ever had, so that the page of an older link can say that a newer one was sent. */
@Entity('invitation_tokens')
@Index('invitation_tokens_invitation', ['invitationId'])
export class InvitationToken {
  @PrimaryColumn(word()) tokenHash: string;
  @ForeignKey('invitations') @Column(word()) invitationId: string;
  @CreateDateColumn(createdMoment) createdAt: Date;
}
