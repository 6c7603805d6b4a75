import type { InvitationStatus } from './invitation';

export type NextAction = 'readdress' | 'clear-suppression' | 'resend' | 'link' | 'extend' | 'revoke';

/** What is known of an invitation, for support to go on from. */
export interface InvitationFacts {
  /** As of now. */
  status: InvitationStatus;
  deliveryStatus: 'queued' | 'sent' | 'failed' | 'bounced';
  lastSentAt: Date | null;
  expiresAt: Date;
  /** When a person opened it last since it was sent last; scanners don't count. */
  openedAt: Date | null;
  suppressed: 'bounced' | 'complained' | null;
  /** What the mail server said when it refused the newest mail for good. */
  refusal: string | null;
  /** The address that was likely meant. */
  typoHint: string | null;
}

export interface NextStep {
  action: NextAction;
  /** Why, in a sentence for support. */
  why: string;
}

const DAY_MS = 86_400_000;
const QUIET_DAYS = 2;

function undelivered({ typoHint, suppressed }: InvitationFacts): NextStep[] {
  const came =
    suppressed === 'complained'
      ? 'Whoever reads the address reported our mail as spam.'
      : 'Mail to the address came back.';
  return [
    { action: 'readdress', why: typoHint ? `${came} Did you mean ${typoHint}?` : `${came} Ask for the right one.` },
    ...(suppressed
      ? [{ action: 'clear-suppression' as const, why: 'If the address is right after all, let it be mailed again.' }]
      : []),
    { action: 'link', why: 'Hand the link over another way, such as a chat.' },
  ];
}

function waiting(
  { refusal, deliveryStatus, lastSentAt, openedAt, expiresAt, typoHint }: InvitationFacts,
  now: Date,
): NextStep[] {
  if (deliveryStatus === 'failed' && refusal)
    return [
      {
        action: 'readdress',
        why: `The mail server refused the address.${typoHint ? ` Did you mean ${typoHint}?` : ' Ask for the right one.'}`,
      },
      { action: 'link', why: 'Or hand the link over another way.' },
    ];
  if (deliveryStatus === 'failed')
    return [
      { action: 'resend', why: 'The mail did not go out.' },
      { action: 'link', why: 'Or hand the link over another way.' },
    ];
  if (deliveryStatus === 'queued') return [];
  if (openedAt)
    return +expiresAt - +now < DAY_MS
      ? [{ action: 'extend', why: 'It was opened, and ends within a day.' }]
      : [{ action: 'link', why: 'It was opened and not accepted. If they lost the page, hand over a fresh link.' }];
  const quiet = lastSentAt !== null && +now - +lastSentAt > QUIET_DAYS * DAY_MS;
  if (typoHint)
    return [
      { action: 'readdress', why: `It was not opened, and the address looks mistyped. Did you mean ${typoHint}?` },
    ];
  if (!quiet) return [];
  return [
    { action: 'resend', why: `It was sent more than ${QUIET_DAYS} days ago, and nobody opened it.` },
    { action: 'link', why: 'Or hand the link over another way.' },
  ];
}

/** What support can sensibly do about an invitation now, the best first; nothing where it is over. */
export function nextSteps(facts: InvitationFacts, now: Date): NextStep[] {
  const { status, deliveryStatus, suppressed } = facts;
  if (status === 'accepted' || status === 'revoked') return [];
  const end: NextStep = { action: 'revoke', why: 'If nobody should come in by it any more.' };
  if (suppressed || deliveryStatus === 'bounced') return [...undelivered(facts), end];
  if (status === 'expired')
    return [
      { action: 'resend', why: 'It has expired. A new mail starts its time anew.' },
      { action: 'extend', why: 'Or let the link of the last mail work again.' },
      end,
    ];
  return [...waiting(facts, now), end];
}
