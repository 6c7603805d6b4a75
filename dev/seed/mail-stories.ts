import { emailKey } from '../../domain/invitation';
import type { ContactRequest } from '../../server/customer-api/contact-request.entity';
import { newId } from '../../server/db/id';
import type { Email } from '../../server/emails/email.entity';
import type { EmailEvent } from '../../server/emails/email-event.entity';
import type { Suppression } from '../../server/emails/suppression.entity';
import type { Invitation } from '../../server/invitations/invitation.entity';
import type { InvitationOpening } from '../../server/invitations/invitation-opening.entity';

const HOUR = 3_600_000;
const BOUNCED = 4;
const GONE = '550 5.1.1 The mailbox does not exist';
const QUESTIONS = [
  'We are 120 people by now and need single sign-on. What would Custom cost us?',
  'Can we pay by invoice, once a year?',
  'Our security team would like to see your last penetration test before we go on.',
];

interface Told {
  emails: Email[];
  invitations: Invitation[];
  memberships: { userId: string; tenantId: string; role: string }[];
}

export interface MailStories {
  events: EmailEvent[];
  suppressions: Suppression[];
  openings: InvitationOpening[];
  contacts: ContactRequest[];
}

const eventOf = (email: Email, kind: EmailEvent['kind'], at: Date, detail: string | null): EmailEvent => {
  const id = newId('eev');
  return { id, emailId: email.id, provider: 'generic', providerEventId: id, kind, detail, at, receivedAt: at };
};

/** A few addresses that mail came back from. The rows of mail and invitation are changed in place. */
function bounce(email: Email, invitation: Invitation, stories: MailStories): void {
  const at = new Date(+email.sentAt! + 9000);
  Object.assign(email, { status: 'bounced', bouncedAt: at, lastError: GONE });
  invitation.deliveryStatus = 'bounced';
  stories.events.push(eventOf(email, 'bounced', at, GONE));
  stories.suppressions.push({
    id: newId('sup'),
    email: email.to,
    emailKey: emailKey(email.to),
    reason: 'bounced',
    detail: GONE,
    emailId: email.id,
    createdAt: at,
  });
}

/** What became of the demo's mails, as a provider's webhook would have told; who opened them; and a few words to sales. */
export function mailStories({ emails, invitations, memberships }: Told, now: Date): MailStories {
  const stories: MailStories = { events: [], suppressions: [], openings: [], contacts: [] };
  const byId = new Map(invitations.map((one) => [one.id, one]));
  for (const [n, email] of emails.filter(({ sentAt }) => sentAt).entries()) {
    const invitation = byId.get(email.invitationId ?? '');
    if (!invitation) continue;
    if (invitation.status === 'pending' && n % 5 === 0 && stories.suppressions.length < BOUNCED) {
      bounce(email, invitation, stories);
      continue;
    }
    email.deliveredAt = new Date(+email.sentAt! + 3000);
    stories.events.push(eventOf(email, 'delivered', email.deliveredAt, null));
    const opened = invitation.acceptedAt ? new Date(+invitation.acceptedAt - 60_000) : new Date(+email.sentAt! + HOUR);
    const kind = n % 7 === 3 ? ('scanned' as const) : ('opened' as const);
    const agent = kind === 'scanned' ? 'Barracuda' : ['Chrome', 'Safari', 'Firefox'][n % 3]!;
    if ((invitation.acceptedAt || n % 2 === 0) && opened < now)
      stories.openings.push({ id: newId('opn'), invitationId: invitation.id, kind, agent, at: opened });
  }
  const owners = memberships.filter(({ role }) => role === 'owner');
  stories.contacts = QUESTIONS.map((message, n) => ({
    id: newId('con'),
    userId: owners[n * 7]!.userId,
    tenantId: owners[n * 7]!.tenantId,
    message,
    createdAt: new Date(+now - (n + 1) * 31 * HOUR),
  }));
  return stories;
}
