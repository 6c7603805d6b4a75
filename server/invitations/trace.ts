import { In } from 'typeorm';
import { emailKey, statusAt } from '../../domain/invitation';
import { type NextStep, nextSteps } from '../../domain/invitation-next';
import { typoHint } from '../../domain/typo-hint';
import { AuditEntry } from '../audit/audit.entity';
import { auditListing } from '../audit/audit.listing';
import type { Context } from '../context';
import { Email } from '../emails/email.entity';
import { EmailEvent } from '../emails/email-event.entity';
import { Suppression } from '../emails/suppression.entity';
import { notFound } from '../errors';
import { Invitation } from './invitation.entity';
import { InvitationOpening } from './invitation-opening.entity';

/** One thing that happened to an invitation. */
export interface TraceStep {
  /** `created`, `queued`, `sent`, `failed`, what a provider told, `opened`, `scanned`, or what somebody did. */
  kind: string;
  at: Date;
  /** Whom it concerns, or what a server said. */
  detail: string | null;
}

export interface Trace {
  /** The oldest first. */
  steps: TraceStep[];
  next: NextStep[];
  suppressionId: string | null;
  typoHint: string | null;
}

const MOST = 200;
/** Verbs of an invitation whose trace is told by its mails. */
const BY_MAIL = ['invitation.create'];

interface Shown {
  action: string;
  at: Date;
  actor: { name: string };
  reason: string | null;
  resource: string;
}

/** What people and clocks did, by the audit trail; and when mails failed, which no other row says. */
async function deeds({ db, now }: Context, { id, tenantId }: Invitation, mails: Email[]): Promise<TraceStep[]> {
  const rows = await db.getRepository(AuditEntry).find({
    where: { chain: tenantId, resourceId: In([id, ...mails.map((mail) => mail.id)]) },
    order: { seq: 'ASC' },
    take: MOST,
  });
  const shown = (await auditListing.present(rows, db, now())) as Shown[];
  return shown.flatMap(({ action, at, actor, reason, resource }) => {
    if (resource === 'emails')
      return action === 'email.fail' && reason !== 'withdrawn' ? [{ kind: 'failed', at, detail: reason }] : [];
    const kind = action.split('.')[1]!;
    return BY_MAIL.includes(action) ? [] : [{ kind, at, detail: reason ?? actor.name }];
  });
}

function mailSteps(mails: readonly Email[]): TraceStep[] {
  return mails.flatMap(({ to, createdAt, sentAt, smtpResponse }) => [
    { kind: 'queued', at: createdAt, detail: to },
    ...(sentAt ? [{ kind: 'sent', at: sentAt, detail: smtpResponse }] : []),
  ]);
}

/** A 5xx of the mail server: it will not take this message for this address (RFC 5321, section 4.2.1). */
const refusalOf = (mail: Email | undefined): string | null =>
  mail?.status === 'failed' && /\b5\d\d\b/.test(mail.lastError ?? '') ? mail.lastError : null;

/** Everything that happened to an invitation, and what support can do next. Throws 404. */
export async function traceInvitation(context: Context, id: string): Promise<Trace> {
  const { db, now } = context;
  const invitation = await db.getRepository(Invitation).findOneBy({ id });
  if (!invitation) throw notFound('invitation', id);
  const mails = await db.getRepository(Email).find({ where: { invitationId: id }, order: { id: 'ASC' }, take: MOST });
  const emailId = In(mails.map((mail) => mail.id));
  const [events, openings, suppression, done] = await Promise.all([
    mails.length > 0 ? db.getRepository(EmailEvent).findBy({ emailId }) : [],
    db.getRepository(InvitationOpening).findBy({ invitationId: id }),
    db.getRepository(Suppression).findOneBy({ emailKey: emailKey(invitation.email) }),
    deeds(context, invitation, mails),
  ]);
  const status = statusAt(invitation, now());
  const told = done.some(({ kind }) => kind === 'expire');
  const steps: TraceStep[] = [
    { kind: 'created', at: invitation.createdAt, detail: invitation.invitedByName },
    ...mailSteps(mails),
    ...events.map(({ kind, at, detail }) => ({ kind, at, detail })),
    ...openings.map(({ kind, at, agent }) => ({ kind, at, detail: agent })),
    ...done,
    ...(status === 'expired' && !told ? [{ kind: 'expire', at: invitation.expiresAt, detail: null }] : []),
  ];
  const hint = typoHint(invitation.email);
  const { deliveryStatus, lastSentAt, expiresAt } = invitation;
  const opened = openings.filter(({ kind, at }) => kind === 'opened' && +at >= +(lastSentAt ?? 0)).map(({ at }) => +at);
  const next = nextSteps(
    {
      status,
      deliveryStatus,
      lastSentAt,
      expiresAt,
      openedAt: opened.length > 0 ? new Date(Math.max(...opened)) : null,
      suppressed: suppression?.reason ?? null,
      refusal: refusalOf(mails.at(-1)),
      typoHint: hint,
    },
    now(),
  );
  return {
    steps: steps.sort((a, b) => +a.at - +b.at),
    next,
    suppressionId: suppression?.id ?? null,
    typoHint: hint,
  };
}
