import type { EntityManager } from 'typeorm';
import { ulid } from 'ulid';
import type { Context } from '../context';
import { newId } from '../db/id';
import { oweJob } from '../jobs/outbox';
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

/** Queues a message in the caller's transaction, with the job that sends it. Gives the email's id. */
export async function queueEmail(tx: EntityManager, { config, sealer }: Context, email: NewEmail): Promise<string> {
  const { secret, ...row } = email;
  const id = newId('eml');
  const messageId = `<${ulid().toLowerCase()}@${new URL(config.publicUrl).hostname}>`;
  await tx.insert(Email, { id, ...row, messageId, sealedSecret: secret === undefined ? null : sealer.seal(secret) });
  await oweJob(tx, { kind: 'send-email', subject: id });
  return id;
}

/** Gives up what waits to be sent for an invitation, and erases its token: the link in it is not good any more. */
export async function withdrawEmails(tx: EntityManager, invitationId: string): Promise<void> {
  const withdrawn = { status: 'failed' as const, lastError: 'withdrawn', sealedSecret: null };
  await tx.update(Email, { invitationId, status: 'queued' }, withdrawn);
}
