import type { EntityManager } from 'typeorm';
import { ulid } from 'ulid';
import type { Context } from '../context';
import { newId } from '../db/id';
import { OutboxRow } from '../jobs/outbox.entity';
import { Email, type EmailKind } from './email.entity';

export interface NewEmail {
  kind: EmailKind;
  to: string;
  /** What the template needs; never a secret. */
  data: Record<string, string>;
  /** The token or code, kept sealed until the mail is sent or given up. */
  secret?: string;
  invitationId?: string;
  tenantId?: string;
}

/** A message and the job that sends it, as they are to be written. */
export function draftEmail({ config, sealer, now }: Context, { secret, ...row }: NewEmail) {
  const id = newId('eml');
  const messageId = `<${ulid().toLowerCase()}@${new URL(config.publicUrl).hostname}>`;
  const sealedSecret = secret === undefined ? null : sealer.seal(secret);
  const job = { id: newId('obx'), kind: 'send-email' as const, subject: id, dueAt: new Date() };
  return { email: { id, ...row, messageId, sealedSecret, createdAt: now() }, job };
}

/** Queues a message in the caller's transaction, with the job that sends it. Gives the email's id. */
export async function queueEmail(tx: EntityManager, context: Context, given: NewEmail): Promise<string> {
  const { email, job } = draftEmail(context, given);
  await tx.insert(Email, email);
  await tx.insert(OutboxRow, job);
  return email.id;
}

/** Gives up what waits to be sent for an invitation, and erases its token: the link in it is not good any more. */
export async function withdrawEmails(tx: EntityManager, invitationId: string): Promise<void> {
  const withdrawn = { status: 'failed' as const, lastError: 'withdrawn', sealedSecret: null };
  await tx.update(Email, { invitationId, status: 'queued' }, withdrawn);
}
