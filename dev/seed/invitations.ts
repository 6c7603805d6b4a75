import { emailKey, type InvitationStatus } from '../../domain/invitation';
import type { TenantRole } from '../../domain/permissions';
import { type Actor, systemActor, workerActor } from '../../server/audit/actor';
import type { AuditInput } from '../../server/audit/record';
import { newId } from '../../server/db/id';
import { randomToken, sha256 } from '../../server/secrets';
import { domainOf, FIRST_NAMES, LAST_NAMES } from './names';
import type { Random } from './random';

const DAY = 86_400_000;

interface Telling {
  tenantId: string;
  tenantName: string;
  createdAt: Date;
  /** Which tenant this is, counted from 0: it tells which invitations there are. */
  n: number;
  now: Date;
  /** The newest member: who accepted, where an invitation was accepted. */
  newest: { id: string; email: string; role: TenantRole };
  random: Random;
  operator: Actor;
  hostname: string;
}

export interface ToldInvitation {
  invitation: object;
  token: object;
  email: object;
  entries: (AuditInput & { at: Date })[];
}

const STATES = ['pending', 'accepted', 'expired', 'revoked'] as const;
const ACTIONS = { accepted: 'accept', expired: 'expire', revoked: 'revoke' } as const;
const BOUNCE = '550 5.1.1 No such mailbox';

const wantedOf = (n: number): readonly InvitationStatus[] =>
  n % 3 === 0 ? [STATES[(n / 3) % 4]!] : n % 10 === 1 ? ['pending', 'pending'] : [];

/** The invitations of one tenant, in every state and some undelivered, each with its mail and its audit entries. */
export function invitationsOf(telling: Telling): ToldInvitation[] {
  return wantedOf(telling.n).flatMap((status, index) => {
    const { createdAt, now, random } = telling;
    const age = (status === 'pending' ? random.whole(1, 5) : random.whole(9, 120)) * DAY;
    const at = new Date(Math.max(+createdAt + 3_600_000, +now - age));
    const ripe = status === 'pending' || +at + 7 * DAY <= +now;
    return ripe ? [tell(telling, status, index, at)] : [];
  });
}

function tell(
  { tenantId, tenantName, n, now, newest, random, operator, hostname }: Telling,
  status: InvitationStatus,
  index: number,
  at: Date,
): ToldInvitation {
  const accepted = status === 'accepted';
  const made = `${random.pick(FIRST_NAMES)}.${random.pick(LAST_NAMES)}${index}@${domainOf(tenantName)}`.toLowerCase();
  const email = accepted ? newest.email : made;
  const role = accepted ? newest.role : 'member';
  const id = newId('inv');
  const emailId = newId('eml');
  const tokenHash = sha256(randomToken());
  const failed = status === 'pending' && n % 4 === 1;
  const sentAt = failed ? null : new Date(+at + 4000);
  const expiresAt = new Date(+at + 7 * DAY);
  const about = { resource: 'invitations', resourceId: id, tenantId };
  const created = {
    ...about,
    actor: operator,
    action: 'invitation.create',
    changes: { email: { from: null, to: email }, role: { from: null, to: role } },
    at,
  };
  const mailed = {
    resource: 'emails',
    resourceId: emailId,
    tenantId,
    actor: workerActor('mail'),
    action: failed ? 'email.fail' : 'email.send',
    changes: { status: { from: 'queued', to: failed ? 'failed' : 'sent' } },
    ...(failed ? { reason: BOUNCE } : {}),
    at: new Date(+at + 4000),
  };
  const ended = (action: string) => ({
    ...about,
    actor: status === 'revoked' ? operator : systemActor,
    action: `invitation.${action}`,
    changes: { status: { from: 'pending', to: status } },
    at: new Date(Math.min(+at + 7 * DAY, +now - 60_000)),
  });
  return {
    invitation: {
      id,
      tenantId,
      email,
      emailKey: emailKey(email),
      role,
      status,
      pending: status === 'pending' ? 1 : null,
      tokenHash,
      expiresAt,
      sentCount: failed ? 0 : 1,
      lastSentAt: sentAt,
      deliveryStatus: failed ? 'failed' : 'sent',
      invitedByType: operator.type,
      invitedById: operator.id,
      invitedByName: operator.name,
      acceptedAt: accepted ? new Date(+at + DAY) : null,
      acceptedByUserId: accepted ? newest.id : null,
      createdAt: at,
    },
    token: { tokenHash, invitationId: id, createdAt: at },
    email: {
      id: emailId,
      kind: 'invitation',
      to: email,
      status: failed ? 'failed' : 'sent',
      attempts: failed ? 3 : 1,
      lastError: failed ? BOUNCE : null,
      invitationId: id,
      tenantId,
      messageId: `<${sha256(id).slice(0, 26)}@${hostname}>`,
      data: { tenantName, inviterName: operator.name, role, expiresAt: expiresAt.toISOString() },
      smtpResponse: failed ? BOUNCE : '250 2.0.0 OK',
      createdAt: at,
      sentAt,
    },
    entries: [created, mailed, ...(status === 'pending' ? [] : [ended(ACTIONS[status])])],
  };
}
