import { type EntityManager, In } from 'typeorm';
import { emailKey } from '../../domain/invitation';
import type { Actor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import { newId } from '../db/id';
import { inTransaction, isDuplicate, LostRace } from '../db/transaction';
import { ProblemError } from '../errors';
import { Invitation } from '../invitations/invitation.entity';
import { Email } from './email.entity';
import { EmailEvent, type EmailEventKind } from './email-event.entity';
import { Suppression } from './suppression.entity';

/** What a provider told of one message. */
export interface ToldEvent {
  /** The provider's own id of the event: it may come twice. */
  id: string;
  kind: EmailEventKind;
  /** Our Message-ID, with or without its brackets, or what the provider calls the message. */
  messageId: string;
  at: Date;
  detail: string | null;
}

const MOST_DETAIL = 500;

/** The message that is told of: by our own Message-ID first, then by the provider's. Held until the transaction ends. */
async function messageOf(tx: EntityManager, told: string): Promise<Email | null> {
  const bare = told.replace(/^<|>$/g, '');
  const lock = { mode: 'pessimistic_write' as const };
  const ours = await tx.findOne(Email, { where: { messageId: `<${bare}>` }, lock });
  return ours ?? tx.findOne(Email, { where: { providerMessageId: In([bare, told]) }, lock });
}

async function suppress(tx: EntityManager, email: Email, reason: Suppression['reason'], detail: string | null) {
  const key = emailKey(email.to);
  if (await tx.existsBy(Suppression, { emailKey: key })) return;
  const row = { id: newId('sup'), email: email.to, emailKey: key, reason, detail, emailId: email.id };
  await tx.insert(Suppression, row).catch((error: unknown) => {
    if (!isDuplicate(error)) throw error;
  });
}

/** A message that came back: its invitation is told where no newer mail of it has gone out. */
async function bounce(tx: EntityManager, actor: Actor, email: Email, { at, detail }: ToldEvent): Promise<void> {
  if (email.status === 'bounced') return;
  await tx.update(Email, { id: email.id }, { status: 'bounced', bouncedAt: at, lastError: detail });
  await suppress(tx, email, 'bounced', detail);
  const { id, invitationId, tenantId } = email;
  if (invitationId) {
    const [newest] = await tx.find(Email, { where: { invitationId }, order: { id: 'DESC' }, take: 1 });
    if (newest?.id === id) await tx.update(Invitation, { id: invitationId }, { deliveryStatus: 'bounced' });
  }
  const changes = { status: { from: email.status, to: 'bounced' } };
  await recordAudit(tx, {
    actor,
    action: 'email.bounce',
    resource: 'emails',
    resourceId: id,
    tenantId,
    changes,
    reason: detail,
  });
}

async function apply(tx: EntityManager, provider: string, event: ToldEvent): Promise<void> {
  const { id: providerEventId, kind, at } = event;
  if (await tx.existsBy(EmailEvent, { provider, providerEventId })) return;
  const email = await messageOf(tx, event.messageId);
  if (email?.status === 'sending')
    throw new ProblemError({
      status: 503,
      code: 'too_early',
      title: 'Too early',
      detail: 'This message is being sent just now. Send the event again in a moment.',
      retryAfterSeconds: 5,
    });
  const detail = event.detail?.slice(0, MOST_DETAIL) ?? null;
  const told = { id: newId('eev'), emailId: email?.id ?? null, provider, providerEventId, kind, detail, at };
  await tx.insert(EmailEvent, told).catch((error: unknown) => {
    throw isDuplicate(error) ? new LostRace('The same event was told twice at once.') : error;
  });
  if (!email || (email.status !== 'sent' && email.status !== 'bounced')) return;
  const actor: Actor = { type: 'system', id: `${provider} webhook`, name: `${provider} webhook` };
  if (kind === 'delivered' && !email.deliveredAt) await tx.update(Email, { id: email.id }, { deliveredAt: at });
  if (kind === 'bounced') await bounce(tx, actor, email, { ...event, detail });
  if (kind === 'complained') await suppress(tx, email, 'complained', detail);
}

/**
 * Takes what a provider told of messages, each event once, all or nothing. Unknown messages are kept without one. A
 * delivery told after a bounce does not undo it. Throws 503 while a message is still being sent.
 */
export async function applyEmailEvents({ db }: Context, provider: string, events: readonly ToldEvent[]): Promise<void> {
  if (events.length === 0) return;
  await inTransaction(db, async (tx) => {
    for (const event of events) await apply(tx, provider, event);
  });
}
