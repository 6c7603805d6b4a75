import { type EntityManager, In, MoreThan } from 'typeorm';
import { EMAIL_ADDRESS, emailKey, TERM_DAYS } from '../../../domain/invitation';
import { TENANT_ROLES, type TenantRole } from '../../../domain/permissions';
import { typoHint } from '../../../domain/typo-hint';
import { suppressedAmong } from '../../emails/suppressions';
import { Membership } from '../../memberships/membership.entity';
import type { Tenant } from '../../tenants/tenant.entity';
import { User } from '../../users/user.entity';
import { Invitation } from '../invitation.entity';
import type { CsvLine } from './parse-csv';

export type Verdict =
  | 'invite'
  | 'bad_address'
  | 'bad_role'
  | 'bad_days'
  | 'duplicate'
  | 'member'
  | 'pending'
  | 'address_bounced';

/** What is to become of one line. */
export interface Judged {
  line: number;
  email: string;
  role: TenantRole | null;
  days: number;
  verdict: Verdict;
  /** Why it is not invited; or a hint at what may be wrong, though it is. */
  note: string | null;
}

export interface Judgement {
  lines: Judged[];
  invited: number;
  /** Null: no limit. */
  seatsFree: number | null;
}

const ROLE_TEXT = `The role must be one of ${TENANT_ROLES.join(', ')}.`;
const DAYS_TEXT = `The days must be a whole number from ${TERM_DAYS.least} to ${TERM_DAYS.most}.`;

/** What the line alone says, before anything is looked up. */
function read({ line, email, role, days }: CsvLine, defaults: { days: number }): Judged {
  const term = days === '' ? defaults.days : Number(days);
  const known = role === '' ? 'member' : TENANT_ROLES.find((one) => one === role);
  const judged = { line, email, role: known ?? null, days: term, verdict: 'invite' as Verdict, note: null };
  const hint = typoHint(email);
  const meant = hint ? `Did you mean ${hint}?` : null;
  if (email.length > 254 || !EMAIL_ADDRESS.test(email))
    return { ...judged, verdict: 'bad_address', note: meant ?? 'This is no email address.' };
  if (!known) return { ...judged, verdict: 'bad_role', note: ROLE_TEXT };
  if (!Number.isInteger(term) || term < TERM_DAYS.least || term > TERM_DAYS.most)
    return { ...judged, verdict: 'bad_days', note: DAYS_TEXT };
  return { ...judged, note: meant };
}

/** Whom of these addresses the tenant has already, by their key. */
async function known(tx: EntityManager, { id: tenantId }: Tenant, keys: string[], now: Date) {
  const users = await tx.find(User, { where: { emailKey: In(keys) }, select: { id: true, emailKey: true } });
  const memberships =
    users.length > 0 ? await tx.findBy(Membership, { tenantId, userId: In(users.map(({ id }) => id)) }) : [];
  const inside = new Set(memberships.map(({ userId }) => userId));
  const pending = await tx.find(Invitation, {
    where: { tenantId, emailKey: In(keys), pending: 1, expiresAt: MoreThan(now) },
    select: { id: true, emailKey: true },
  });
  return {
    members: new Set(users.filter(({ id }) => inside.has(id)).map((user) => user.emailKey)),
    pending: new Set(pending.map((one) => one.emailKey)),
    suppressed: await suppressedAmong(tx, keys),
  };
}

async function seatsFree(tx: EntityManager, tenant: Tenant, now: Date): Promise<number | null> {
  if (tenant.seatLimit === null) return null;
  const where = { tenantId: tenant.id, status: 'pending' as const, expiresAt: MoreThan(now) };
  return Math.max(0, tenant.seatLimit - tenant.memberCount - (await tx.countBy(Invitation, where)));
}

/** Says of each line what is to become of it, and how many seats there are for all; writes nothing. */
export async function judgeLines(
  tx: EntityManager,
  tenant: Tenant,
  lines: readonly CsvLine[],
  { days, now }: { days: number; now: Date },
): Promise<Judgement> {
  const alone = lines.map((line) => read(line, { days }));
  const there = await known(tx, tenant, [...new Set(alone.map(({ email }) => emailKey(email)))], now);
  const first = new Map<string, number>();
  const judged = alone.map((one): Judged => {
    if (one.verdict !== 'invite') return one;
    const key = emailKey(one.email);
    const earlier = first.get(key);
    if (earlier !== undefined) return { ...one, verdict: 'duplicate', note: `It stands in line ${earlier} already.` };
    first.set(key, one.line);
    if (there.members.has(key))
      return { ...one, verdict: 'member', note: 'A member with this address is there already.' };
    if (there.pending.has(key))
      return { ...one, verdict: 'pending', note: 'An invitation to this address is pending; it is not sent again.' };
    if (there.suppressed.has(key))
      return { ...one, verdict: 'address_bounced', note: 'Mail to this address came back before. Clear it first.' };
    return one;
  });
  const invited = judged.filter(({ verdict }) => verdict === 'invite').length;
  return { lines: judged, invited, seatsFree: await seatsFree(tx, tenant, now) };
}
