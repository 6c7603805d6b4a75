export const INVITATION_STATUSES = ['pending', 'accepted', 'revoked', 'expired'] as const;
export type InvitationStatus = (typeof INVITATION_STATUSES)[number];
/** `link` gives a fresh link by hand, `extend` a new end, `readdress` another address; see server/invitations. */
export type InvitationAction = 'accept' | 'resend' | 'link' | 'readdress' | 'extend' | 'revoke' | 'expire';

/** How many days an invitation can be good, from each sending on. */
export const TERM_DAYS = { least: 1, most: 30 } as const;

export interface InvitationState {
  status: InvitationStatus;
  expiresAt: Date;
}

/** The status as of `now`: a pending invitation past its end is expired, whether or not a row says so yet. */
export const statusAt = ({ status, expiresAt }: InvitationState, now: Date): InvitationStatus =>
  status === 'pending' && expiresAt <= now ? 'expired' : status;

/** One life of an invitation: from each status, what each action leads to. What is not here is refused. */
const MOVES: Record<InvitationStatus, Partial<Record<InvitationAction, InvitationStatus>>> = {
  pending: {
    accept: 'accepted',
    resend: 'pending',
    link: 'pending',
    readdress: 'pending',
    extend: 'pending',
    revoke: 'revoked',
    expire: 'expired',
  },
  expired: { resend: 'pending', link: 'pending', readdress: 'pending', extend: 'pending', revoke: 'revoked' },
  accepted: {},
  revoked: {},
};

const REFUSALS: Record<InvitationStatus, { code: string; message: string }> = {
  pending: { code: 'invitation_pending', message: 'The invitation is still open.' },
  accepted: { code: 'invitation_used', message: 'This invitation was accepted already.' },
  revoked: { code: 'invitation_revoked', message: 'This invitation was withdrawn. Ask for a new one.' },
  expired: { code: 'invitation_expired', message: 'This invitation has expired. Ask for it to be sent again.' },
};

export type InvitationMove = { ok: true; next: InvitationStatus } | { ok: false; code: string; message: string };

/** What `action` leads to as of `now`, or why it can't be. */
export function moveInvitation(action: InvitationAction, state: InvitationState, now: Date): InvitationMove {
  if (action === 'expire' && state.status === 'pending' && state.expiresAt > now)
    return { ok: false, ...REFUSALS.pending };
  const status = action === 'expire' ? state.status : statusAt(state, now);
  const next = MOVES[status][action];
  return next ? { ok: true, next } : { ok: false, ...REFUSALS[status] };
}

/**
 * What we take for an address: one @, a domain with a dot, any letters (RFC 6531 allows all of Unicode on both sides),
 * nothing that a mail header would read as more than one address.
 */
export const EMAIL_ADDRESS =
  /^[^\s@"(),:;<>[\\\]\p{Cc}]{1,64}@[^\s@"(),:;<>[\\\].\p{Cc}]+(\.[^\s@"(),:;<>[\\\].\p{Cc}]+)*\.[^\s@"(),:;<>[\\\].\p{Cc}]{2,63}$/u;

/**
 * The key by which addresses are compared: trimmed, NFC-normalised, lower-cased. Local parts are case-sensitive by
 * RFC 5321, section 2.4, but no provider of note tells mailboxes apart by case.
 */
export const emailKey = (address: string): string => address.normalize('NFC').toLowerCase().normalize('NFC').trim();
