import type { NextStep } from '../../../domain/invitation-next';

/** What the server tells of an invitation's way; see server/invitations/trace.ts. Moments are ISO 8601 strings. */
export interface Trace {
  steps: { kind: string; at: string; detail: string | null }[];
  next: NextStep[];
  suppressionId: string | null;
  typoHint: string | null;
}

type Tone = 'success' | 'error' | 'warning' | 'primary' | 'default';

interface Words {
  /** What happened, with its detail where that belongs into the sentence. */
  say: (detail: string | null) => string;
  /** The detail is told by the sentence already. */
  told?: boolean;
  tone: Tone;
}

const by = (what: string) => (who: string | null) => (who ? `${what} by ${who}` : what);

/** Each kind of step in plain words. */
export const STEPS: Record<string, Words> = {
  created: { say: by('Invited'), told: true, tone: 'default' },
  queued: { say: (to) => `Mail to ${to} written`, told: true, tone: 'default' },
  sent: { say: () => 'Mail handed to the mail server', tone: 'primary' },
  delivered: { say: () => 'Mail delivered', tone: 'success' },
  deferred: { say: () => 'Delivery put off; the provider goes on trying', tone: 'warning' },
  bounced: { say: () => 'Mail came back', tone: 'error' },
  complained: { say: () => 'Reported as spam', tone: 'error' },
  failed: { say: () => 'Mail did not go out', tone: 'error' },
  opened: { say: (agent) => `Page opened${agent ? ` in ${agent}` : ''}`, told: true, tone: 'primary' },
  scanned: { say: (agent) => `Link looked at by a scanner${agent ? ` (${agent})` : ''}`, told: true, tone: 'default' },
  accept: { say: by('Accepted'), told: true, tone: 'success' },
  resend: { say: by('Sent again'), told: true, tone: 'default' },
  link: { say: by('Fresh link made'), told: true, tone: 'default' },
  readdress: { say: by('Address corrected'), told: true, tone: 'default' },
  extend: { say: by('Extended'), told: true, tone: 'default' },
  revoke: { say: () => 'Withdrawn', tone: 'error' },
  expire: { say: () => 'Expired', told: true, tone: 'warning' },
  'hand-over': { say: () => 'Handed over to an owner, since the inviter left', told: true, tone: 'default' },
};
