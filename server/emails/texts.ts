import type { EmailKind } from './email.entity';

/** What a message says; how it looks is the template's. */
export interface MailText {
  subject: string;
  /** What a mail program shows beside the subject. */
  preview: string;
  heading: string;
  paragraphs: string[];
  action?: { label: string; url: string };
  /** Set large, to be typed. */
  code?: string;
  facts?: { label: string; value: string }[];
  footnote: string;
  /** The product's name, above everything. */
  product: string;
  /** Where an answer should go. */
  replyTo?: string;
}

type Content = Omit<MailText, 'product'>;

export interface MailInput {
  publicUrl: string;
  productName: string;
  data: Record<string, string>;
  secret: string | null;
}

const ROLES: Record<string, string> = { owner: 'an owner', admin: 'an admin', member: 'a member' };
const LABELS: Record<string, string> = {
  name: 'Name',
  email: 'Address',
  tenantName: 'Team',
  planName: 'Plan',
  planId: 'Plan',
  subject: 'Subject',
};

/** Names come from people: one line each, so that they can't break out of a subject or of the plain text. */
const oneLine = (value = '') => value.replace(/\s+/g, ' ').trim();
const day = (iso = '') =>
  new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(new Date(iso));

/** `7 days`, or `1 day`: from when the mail was written, as its reader understands it. */
function term(data: Record<string, string>): string {
  const days = Number(data.termDays);
  return Number.isInteger(days) && days > 0 ? `for ${days === 1 ? '1 day' : `${days} days`}, ` : '';
}

function invitation({ publicUrl, productName, data, secret }: MailInput): Content {
  const tenant = oneLine(data.tenantName);
  const inviter = oneLine(data.inviterName);
  return {
    subject: `${inviter} invites you to ${tenant} on ${oneLine(productName)}`,
    preview: `Join ${tenant} as ${ROLES[data.role ?? ''] ?? 'a member'}.`,
    heading: `Join ${tenant}`,
    paragraphs: [
      `${inviter} invites you to join ${tenant} on ${oneLine(productName)} as ${ROLES[data.role ?? ''] ?? 'a member'}.`,
      'Open the invitation, sign in or sign up, and accept it there. Nothing happens until you do.',
    ],
    action: { label: 'See the invitation', url: `${publicUrl}/join#token=${secret ?? ''}` },
    footnote: `The link is good ${term(data)}until ${day(data.expiresAt)} UTC, for you alone: do not pass it on. If you did not expect it, you need not do anything: nothing happens unless you accept it.`,
  };
}

function signInCode({ secret }: MailInput): Content {
  return {
    subject: `${secret} is your sign-in code`,
    preview: 'Type it where you asked for it.',
    heading: 'Your sign-in code',
    paragraphs: ['Type this code on the page where you asked for it:'],
    code: secret ?? '',
    footnote:
      'The code is good for ten minutes and for one sign-in. We never ask for it by phone or mail. If you did not ask for it, you need not do anything.',
  };
}

function contact({ data }: MailInput): Content {
  const { message = '', ...rest } = data;
  const from = oneLine(data.name || data.email || data.tenantName || 'a customer');
  return {
    subject: `Contact request from ${from}`,
    preview: oneLine(message).slice(0, 120),
    heading: 'Somebody would like to hear from you',
    paragraphs: message.split(/\n{2,}/).filter((paragraph) => paragraph.trim() !== ''),
    facts: Object.entries(rest).flatMap(([key, value]) =>
      LABELS[key] && value ? [{ label: LABELS[key], value: oneLine(value) }] : [],
    ),
    footnote: 'It stands in the list of contact requests as well. An answer to this mail goes to the person who wrote.',
    replyTo: data.email,
  };
}

/** To the operator who granted it, before it ends. */
function overrideEnding({ publicUrl, data }: MailInput): Content {
  const tenant = oneLine(data.tenantName);
  const plan = oneLine(data.planName);
  const then = oneLine(data.thenPlanName);
  const stays = then === plan;
  return {
    subject: `${plan} for ${tenant} ends on ${day(data.endsAt)} UTC`,
    preview: stays ? `${tenant} keeps ${plan}.` : `${tenant} is on ${then} from then on.`,
    heading: `${plan} for ${tenant} ends soon`,
    paragraphs: [
      `The override that you or a colleague granted ${tenant} ends on ${day(data.endsAt)} UTC.`,
      stays
        ? `As things stand, ${tenant} keeps ${plan} after it.`
        : `As things stand, ${tenant} falls back to ${then} at that moment, by itself.`,
      'To let it end you need not do anything. An admin can extend it until then.',
    ],
    facts: [
      { label: 'Granted because', value: oneLine(data.reason) },
      { label: 'Granted by', value: oneLine(data.grantedBy) },
    ],
    action: { label: 'See the override', url: `${publicUrl}/admin/overrides/${data.overrideId}/show` },
    footnote: 'You are told once before an override ends, and again only where it was extended.',
  };
}

const KINDS: Record<EmailKind, (input: MailInput) => Content> = {
  invitation,
  'sign-in-code': signInCode,
  contact,
  'override-ending': overrideEnding,
};

/** What a message of `kind` says, in English. Another language is another file of this form. */
export const textOf = (kind: EmailKind, input: MailInput): MailText => ({
  ...KINDS[kind](input),
  product: oneLine(input.productName),
});
