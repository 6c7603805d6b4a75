import type { EntityManager } from 'typeorm';
import { workerActor } from '../audit/actor';
import { type AuditInput, recordAudits } from '../audit/record';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { sha256 } from '../secrets';
import type { Email, EmailStatus } from './email.entity';

/** How one message ended. */
export interface Outcome {
  status: Extract<EmailStatus, 'sent' | 'failed'>;
  lastError?: string;
  smtpResponse?: string;
}

interface Ended {
  email: Email;
  /** The token in it, by which the newest message of an invitation is told. */
  secret: string | null;
  outcome: Outcome;
}

const actor = workerActor('mail');
/** Messages that end together: more than so many would hold locks for long. */
const MOST = 100;

/** What the server calls the message, where its answer tells: `250 2.0.0 Ok: queued as 4F2B1C0`, `250 OK id=1tXyz-0001`. */
export function providerIdIn(response: string | undefined): string | null {
  const found = /\b(?:queued as|id=|message[ -]?id:?)\s*<?([\w.@+=-]{4,200})>?/i.exec(response ?? '');
  return found?.[1] ?? null;
}

/** Tells invitations how their newest message fared; a message of an older token says nothing about it. */
async function tellInvitations(tx: EntityManager, ended: readonly Ended[], status: Outcome['status'], now: Date) {
  const of = ended.filter(({ email, outcome }) => email.invitationId && outcome.lastError !== 'withdrawn');
  if (of.length === 0) return;
  const ids = of.map(({ email }) => email.invitationId);
  if (status === 'sent')
    await tx.query('UPDATE invitations SET sentCount = sentCount + 1, lastSentAt = ? WHERE id IN (?)', [now, ids]);
  const hashes = of.flatMap(({ secret }) => (secret === null ? [] : [sha256(secret)]));
  const unknown = of.filter(({ secret }) => secret === null).map(({ email }) => email.invitationId);
  if (hashes.length > 0)
    await tx.query('UPDATE invitations SET deliveryStatus = ? WHERE tokenHash IN (?)', [status, hashes]);
  if (unknown.length > 0)
    await tx.query('UPDATE invitations SET deliveryStatus = ? WHERE id IN (?)', [status, unknown]);
}

/** Ends messages of one status: themselves, their invitations and their jobs. */
async function end(tx: EntityManager, ended: readonly Ended[], status: Outcome['status'], now: Date): Promise<void> {
  if (ended.length === 0) return;
  await tellInvitations(tx, ended, status, now);
  const ids = ended.map(({ email }) => email.id);
  const each = (value: (one: Ended) => string | null) => ({
    sql: `ELT(FIELD(id, ?), ${ended.map(() => '?').join(', ')})`,
    given: [ids, ...ended.map(value)],
  });
  const error = each(({ outcome }) => outcome.lastError?.slice(0, 500) ?? null);
  const response = each(({ outcome }) => outcome.smtpResponse?.slice(0, 255) ?? null);
  const provider = each(({ outcome }) => providerIdIn(outcome.smtpResponse));
  await tx.query(
    `UPDATE emails SET lastError = ${error.sql}, smtpResponse = ${response.sql}, providerMessageId = ${provider.sql},
       status = ?, sealedSecret = NULL, claimedAt = NULL, sentAt = ?
     WHERE id IN (?) AND status IN ('queued', 'sending')`,
    [...error.given, ...response.given, ...provider.given, status, status === 'sent' ? now : null, ids],
  );
  await tx.query(
    `UPDATE outbox SET status = 'done', doneAt = ?, lastError = NULL
     WHERE kind = 'send-email' AND subject IN (?) AND status = 'open'`,
    [new Date(), ids],
  );
}

const auditOf = ({ email, outcome: { status, lastError } }: Ended): AuditInput => ({
  actor,
  action: status === 'sent' ? 'email.send' : 'email.fail',
  resource: 'emails',
  resourceId: email.id,
  tenantId: email.tenantId,
  changes: { status: { from: 'queued', to: status } },
  reason: lastError?.slice(0, 500) ?? null,
});

async function settleAll(context: Context, ended: readonly Ended[]): Promise<void> {
  await inTransaction(context.db, async (tx) => {
    const now = context.now();
    for (const status of ['sent', 'failed'] as const)
      await end(
        tx,
        ended.filter(({ outcome }) => outcome.status === status),
        status,
        now,
      );
    await recordAudits(tx, ended.map(auditOf));
  });
}

interface Waiting extends Ended {
  done: () => void;
  failed: (error: unknown) => void;
}

/** What ends while others are being written is written together after them: they share a commit, and their chains. */
class Settling {
  private waiting: Waiting[] = [];
  private busy = false;

  constructor(private readonly context: Context) {}

  add(ended: Ended): Promise<void> {
    return new Promise((done, failed) => {
      this.waiting.push({ ...ended, done, failed });
      if (!this.busy) void this.work();
    });
  }

  private async work(): Promise<void> {
    this.busy = true;
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, MOST);
      try {
        await settleAll(this.context, batch);
        for (const { done } of batch) done();
      } catch (error) {
        if (batch.length === 1) batch[0]!.failed(error);
        // One of them must not keep the others from ending.
        else for (const one of batch) await settleAll(this.context, [one]).then(one.done, one.failed);
      }
    }
    this.busy = false;
  }
}

const settlings = new WeakMap<Context['db'], Settling>();

/** Ends a message for good, with everything that follows from it, in one transaction; its token is erased. */
export function settleEmail(context: Context, email: Email, secret: string | null, outcome: Outcome): Promise<void> {
  let settling = settlings.get(context.db);
  if (!settling) {
    settling = new Settling(context);
    settlings.set(context.db, settling);
  }
  return settling.add({ email, secret, outcome });
}
