import { type EntityManager, In } from 'typeorm';
import { workerActor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import { noteStillHolds } from '../billing/overrides/note-endings';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { Invitation } from '../invitations/invitation.entity';
import { finishJobs, openJobs, RetrySoon } from '../jobs/settle';
import { sha256 } from '../secrets';
import { Email, type EmailStatus } from './email.entity';
import { renderEmail } from './render-email';
import { whySuppressed } from './suppressions';
import type { MailTransport } from './transport';

const STALE_CLAIM_MS = 120_000;
const MAX_REFUSALS = 12;
const actor = workerActor('mail');

/** The mail server can't be reached: nobody's mail can go out, so the queue should wait until it is back. */
export class MailServerAway extends RetrySoon {
  constructor(detail: string) {
    super(`The mail server can't be reached: ${detail}. Check SMTP_URL.`, 5000);
    this.name = 'MailServerAway';
  }
}

/** Takes the message for sending: nobody else has it, or whoever had it is gone. Null where there is nothing to do. */
async function claim({ db }: Context, id: string): Promise<Email | null> {
  const claimedAt = new Date();
  const stale = new Date(claimedAt.getTime() - STALE_CLAIM_MS);
  const { affected } = await db
    .createQueryBuilder()
    .update(Email)
    .set({ status: 'sending', claimedAt, attempts: () => 'attempts + 1' })
    .where("id = :id AND (status = 'queued' OR (status = 'sending' AND claimedAt < :stale))", { id, stale })
    .execute();
  const email = await db.getRepository(Email).findOneBy({ id });
  if (affected === 1) return email;
  if (email?.status === 'sending') throw new RetrySoon('Another worker is sending this message.', 30_000);
  return null;
}

/** Whether what the message tells still holds: of an invitation that it is pending, and that its token is the newest. */
async function isWithdrawn(context: Context, email: Email, secret: string | null): Promise<boolean> {
  const { db, now } = context;
  if (email.kind === 'override-ending') return !(await noteStillHolds(context, email.data));
  if (!email.invitationId) return false;
  const invitation = await db.getRepository(Invitation).findOneBy({ id: email.invitationId });
  if (invitation?.status !== 'pending' || invitation.expiresAt <= now()) return true;
  return secret === null || invitation.tokenHash !== sha256(secret);
}

interface Outcome {
  status: Extract<EmailStatus, 'sent' | 'failed'>;
  lastError?: string;
  smtpResponse?: string;
}

/** Tells the invitation how its newest message fared; a message of an older token says nothing about it. */
async function tellInvitation(tx: EntityManager, email: Email, secret: string | null, now: Date, sent: boolean) {
  const id = email.invitationId;
  if (!id) return;
  if (sent) await tx.update(Invitation, { id }, { sentCount: () => 'sentCount + 1', lastSentAt: now });
  const newest = secret === null ? { id } : { id, tokenHash: sha256(secret) };
  await tx.update(Invitation, newest, { deliveryStatus: sent ? 'sent' : 'failed' });
}

/** Ends the message for good, with everything that follows from it, in one transaction. */
async function settle(context: Context, email: Email, secret: string | null, outcome: Outcome): Promise<void> {
  const sent = outcome.status === 'sent';
  await inTransaction(context.db, async (tx) => {
    const now = context.now();
    if (outcome.lastError !== 'withdrawn') await tellInvitation(tx, email, secret, now, sent);
    await tx.update(
      Email,
      { id: email.id, status: In(['queued', 'sending']) },
      {
        status: outcome.status,
        sealedSecret: null,
        claimedAt: null,
        sentAt: sent ? now : null,
        lastError: outcome.lastError?.slice(0, 500) ?? null,
        smtpResponse: outcome.smtpResponse?.slice(0, 255) ?? null,
        providerMessageId: providerIdIn(outcome.smtpResponse),
      },
    );
    await finishJobs(tx, await openJobs(tx, 'send-email', email.id));
    await recordAudit(tx, {
      actor,
      action: sent ? 'email.send' : 'email.fail',
      resource: 'emails',
      resourceId: email.id,
      tenantId: email.tenantId,
      changes: { status: { from: 'queued', to: outcome.status } },
      reason: outcome.lastError?.slice(0, 500),
    });
  });
}

/** What the server calls the message, where its answer tells: `250 2.0.0 Ok: queued as 4F2B1C0`, `250 OK id=1tXyz-0001`. */
export function providerIdIn(response: string | undefined): string | null {
  const found = /\b(?:queued as|id=|message[ -]?id:?)\s*<?([\w.@+=-]{4,200})>?/i.exec(response ?? '');
  return found?.[1] ?? null;
}

interface SmtpFault extends Error {
  responseCode?: number;
  code?: string;
}

/** Back into the queue, claim released: the same row, token and Message-ID go out at the next try. */
async function requeue({ db }: Context, email: Email, lastError: string): Promise<void> {
  await db
    .getRepository(Email)
    .update(
      { id: email.id, status: 'sending' },
      { status: 'queued', claimedAt: null, lastError: lastError.slice(0, 500) },
    );
}

/**
 * Sends one message. It is claimed first, so that of many workers one sends it, and a retry carries the same
 * Message-ID. Ends in `sent` or `failed` in the transaction that marks the job as done; a message of an invitation
 * that is no longer open is not sent.
 *
 * @throws MailServerAway where SMTP can't be reached; RetrySoon where another worker has the message; the SMTP error
 * where the server refuses for now (4xx)
 */
export async function sendEmail(context: Context, transport: MailTransport, emailId: string): Promise<void> {
  const email = await claim(context, emailId);
  if (!email) {
    await inTransaction(context.db, async (tx) => finishJobs(tx, await openJobs(tx, 'send-email', emailId)));
    return;
  }
  let secret: string | null;
  try {
    secret = email.sealedSecret === null ? null : context.sealer.open(email.sealedSecret);
  } catch {
    const lastError = 'The token was sealed under another APP_SECRET. Send it again from its own page.';
    return settle(context, email, null, { status: 'failed', lastError });
  }
  if (await isWithdrawn(context, email, secret))
    return settle(context, email, secret, { status: 'failed', lastError: 'withdrawn' });
  const suppressed = await whySuppressed(context, email);
  if (suppressed) return settle(context, email, secret, { status: 'failed', lastError: suppressed });
  const { mailFrom, publicUrl, productName } = context.config;
  const rendered = renderEmail(email.kind, { publicUrl, productName, data: email.data, secret });
  const message = {
    ...rendered,
    from: mailFrom,
    to: { name: '', address: email.to },
    messageId: email.messageId,
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
  const { response, fault } = await transport.sendMail(message).then(
    (info) => ({ response: String(info.response ?? ''), fault: undefined }),
    (error: SmtpFault) => ({ response: undefined, fault: error }),
  );
  if (!fault) return settle(context, email, secret, { status: 'sent', smtpResponse: response });
  const refused = fault.responseCode !== undefined && fault.code !== 'EAUTH';
  if (refused && (Number(fault.responseCode) >= 500 || email.attempts >= MAX_REFUSALS))
    return settle(context, email, secret, { status: 'failed', lastError: fault.message });
  await requeue(context, email, fault.message);
  throw !refused && isTransportFault(fault.code) ? new MailServerAway(fault.message) : fault;
}

/** nodemailer's codes for trouble with the server rather than with one message. */
const isTransportFault = (code: string | undefined): boolean =>
  code !== undefined &&
  /^(ECONNECTION|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ESOCKET|EDNS|ENOTFOUND|EAUTH|ETLS|EPROTOCOL|EHOSTUNREACH)$/.test(
    code,
  );

/** Gives a message up after its job failed for good, and erases its token. */
export async function failEmail(context: Context, emailId: string, reason: string): Promise<void> {
  const email = await context.db.getRepository(Email).findOneBy({ id: emailId, status: In(['queued', 'sending']) });
  if (email) await settle(context, email, null, { status: 'failed', lastError: reason });
}
