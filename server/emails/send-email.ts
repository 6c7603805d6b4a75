import { In } from 'typeorm';
import { noteStillHolds } from '../billing/overrides/note-endings';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import type { Invitation } from '../invitations/invitation.entity';
import { finishJobs, openJobs, RetrySoon } from '../jobs/settle';
import { sha256 } from '../secrets';
import { Email } from './email.entity';
import { renderEmail } from './render-email';
import { settleEmail } from './settle-emails';
import { whySuppressed } from './suppressions';
import type { MailTransport } from './transport';

const STALE_CLAIM_MS = 120_000;
const MAX_REFUSALS = 12;

/** The mail server can't be reached: nobody's mail can go out, so the queue should wait until it is back. */
export class MailServerAway extends RetrySoon {
  constructor(detail: string) {
    super(`The mail server can't be reached: ${detail}. Check SMTP_URL.`, 5000);
    this.name = 'MailServerAway';
  }
}

/** A claimed message, and the state of the invitation that it is about, if any. */
interface Claimed {
  email: Email;
  invitation: Pick<Invitation, 'status' | 'expiresAt' | 'tokenHash'> | null;
}

type ClaimedRow = Email & {
  invitationStatus: Invitation['status'] | null;
  invitationExpiresAt: Date;
  tokenHash: string;
};

async function read({ db }: Context, id: string): Promise<Claimed | null> {
  const [row]: ClaimedRow[] = await db.query(
    `SELECT e.*, i.status AS invitationStatus, i.expiresAt AS invitationExpiresAt, i.tokenHash
     FROM emails e LEFT JOIN invitations i ON i.id = e.invitationId WHERE e.id = ?`,
    [id],
  );
  if (!row) return null;
  const { invitationStatus: status, invitationExpiresAt: expiresAt, tokenHash, ...email } = row;
  // MariaDB keeps JSON as text, MySQL does not.
  const data = typeof email.data === 'string' ? (JSON.parse(email.data) as Email['data']) : email.data;
  return { email: { ...email, data }, invitation: status === null ? null : { status, expiresAt, tokenHash } };
}

/** Takes the message for sending: nobody else has it, or whoever had it is gone. Null where there is nothing to do. */
async function claim(context: Context, id: string): Promise<Claimed | null> {
  const claimedAt = new Date();
  const stale = new Date(claimedAt.getTime() - STALE_CLAIM_MS);
  const { affectedRows } = await context.db.query(
    `UPDATE emails SET status = 'sending', claimedAt = ?, attempts = attempts + 1
     WHERE id = ? AND (status = 'queued' OR (status = 'sending' AND claimedAt < ?))`,
    [claimedAt, id, stale],
  );
  const claimed = await read(context, id);
  if (affectedRows === 1) return claimed;
  if (claimed?.email.status === 'sending') throw new RetrySoon('Another worker is sending this message.', 30_000);
  return null;
}

/** Whether what the message tells still holds: of an invitation that it is pending, and that its token is the newest. */
async function isWithdrawn(context: Context, { email, invitation }: Claimed, secret: string | null): Promise<boolean> {
  if (email.kind === 'override-ending') return !(await noteStillHolds(context, email.data));
  if (!email.invitationId) return false;
  if (invitation?.status !== 'pending' || invitation.expiresAt <= context.now()) return true;
  return secret === null || invitation.tokenHash !== sha256(secret);
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
  const claimed = await claim(context, emailId);
  if (!claimed) {
    await inTransaction(context.db, async (tx) => finishJobs(tx, await openJobs(tx, 'send-email', emailId)));
    return;
  }
  const { email } = claimed;
  let secret: string | null;
  try {
    secret = email.sealedSecret === null ? null : context.sealer.open(email.sealedSecret);
  } catch {
    const lastError = 'The token was sealed under another APP_SECRET. Send it again from its own page.';
    return settleEmail(context, email, null, { status: 'failed', lastError });
  }
  if (await isWithdrawn(context, claimed, secret))
    return settleEmail(context, email, secret, { status: 'failed', lastError: 'withdrawn' });
  const suppressed = await whySuppressed(context, email);
  if (suppressed) return settleEmail(context, email, secret, { status: 'failed', lastError: suppressed });
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
  if (!fault) return settleEmail(context, email, secret, { status: 'sent', smtpResponse: response });
  const refused = fault.responseCode !== undefined && fault.code !== 'EAUTH';
  if (refused && (Number(fault.responseCode) >= 500 || email.attempts >= MAX_REFUSALS))
    return settleEmail(context, email, secret, { status: 'failed', lastError: fault.message });
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
  if (email) await settleEmail(context, email, null, { status: 'failed', lastError: reason });
}
