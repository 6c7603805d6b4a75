import { type EntityManager, In, LessThanOrEqual } from 'typeorm';
import { emailKey } from '../../../domain/invitation';
import type { Actor } from '../../audit/actor';
import { type AuditInput, recordAudits } from '../../audit/record';
import type { Context } from '../../context';
import { insertMany } from '../../db/bulk';
import { newId } from '../../db/id';
import { inTransaction, isDuplicate } from '../../db/transaction';
import { Email } from '../../emails/email.entity';
import { draftEmail } from '../../emails/queue-email';
import { conflict, invalid } from '../../errors';
import { OutboxRow } from '../../jobs/outbox.entity';
import { randomToken, sha256 } from '../../secrets';
import { lockTenant } from '../../tenants/change-tenant';
import { Tenant } from '../../tenants/tenant.entity';
import { draftMail, inDays, requireOpenTenant } from '../create-invitation';
import { Invitation } from '../invitation.entity';
import { InvitationImport } from '../invitation-import.entity';
import { InvitationToken } from '../invitation-token.entity';
import { type Judged, type Judgement, judgeLines } from './judge-lines';
import { parseCsv } from './parse-csv';

export interface ImportResult {
  importId: string;
  invited: number;
  skipped: number;
  lines: (Judged & { invitationId: string | null })[];
}

const idUsed = () => conflict('import_id_used', 'This importId was used for another list. Choose a new one.');
const noTenant = (tenantId: string) => invalid({ tenantId: `There is no tenant "${tenantId}".` });

/** What an import would do; nothing is written. Throws 400 and, for a tenant that takes nobody, 403 or 409. */
export async function previewImport(context: Context, tenantId: string, csv: string): Promise<Judgement> {
  const { db, config, now } = context;
  const lines = parseCsv(csv);
  const tenant = await db.getRepository(Tenant).findOneBy({ id: tenantId });
  if (!tenant) throw noTenant(tenantId);
  requireOpenTenant(tenant);
  return judgeLines(db.manager, tenant, lines, { days: config.invitationTtlDays, now: now() });
}

/** Pending ones whose time is over make room for new ones of their address. */
async function endExpired(tx: EntityManager, tenantId: string, keys: string[], now: Date): Promise<void> {
  const due = { tenantId, emailKey: In(keys), status: 'pending' as const, expiresAt: LessThanOrEqual(now) };
  await tx.update(Invitation, due, { status: 'expired', pending: null });
}

/** Writes invitations, tokens, mails, jobs and audit entries by the hundred; gives the ids by line. */
async function writeAll(
  tx: EntityManager,
  context: Context,
  actor: Actor,
  tenant: Tenant,
  lines: readonly Judged[],
): Promise<Map<number, string>> {
  const now = context.now();
  const made = lines.map(({ line, email, role, days: termDays }) => {
    const token = randomToken();
    const id = newId('inv');
    const invitation = {
      id,
      tenantId: tenant.id,
      email: email.trim(),
      emailKey: emailKey(email),
      role: role!,
      tokenHash: sha256(token),
      termDays,
      expiresAt: inDays(context, termDays),
      invitedByType: actor.type,
      invitedById: actor.id,
      invitedByName: actor.name,
    };
    const { email: mail, job } = draftEmail(context, draftMail(tenant, invitation, token));
    const changes = { email: { from: null, to: invitation.email }, role: { from: null, to: role } };
    const about = { resource: 'invitations', resourceId: id, tenantId: tenant.id };
    const audit: AuditInput = { actor, action: 'invitation.create', ...about, changes };
    const kept = { tokenHash: invitation.tokenHash, invitationId: id, createdAt: now };
    return { line, id, invitation, kept, mail, job, audit };
  });
  await insertMany<Invitation>(
    tx,
    Invitation,
    made.map(({ invitation }) => invitation),
  );
  await insertMany<InvitationToken>(
    tx,
    InvitationToken,
    made.map(({ kept }) => kept),
  );
  await insertMany<Email>(
    tx,
    Email,
    made.map(({ mail }) => mail),
  );
  await insertMany<OutboxRow>(
    tx,
    OutboxRow,
    made.map(({ job }) => job),
  );
  await recordAudits(
    tx,
    made.map(({ audit }) => audit),
  );
  return new Map(made.map(({ line, id }) => [line, id]));
}

function requireSeats({ invited, seatsFree }: Judgement): void {
  if (seatsFree === null || invited <= seatsFree) return;
  const seats = seatsFree === 1 ? '1 seat is' : `${seatsFree} seats are`;
  const message = `${invited} would be invited, and ${seats} free. Shorten the list, or move the tenant to a plan with more.`;
  throw conflict('seats_full', message, { csv: message });
}

/**
 * Invites everybody on a list at once, or nobody: whoever can be invited is, in one transaction, and each of the other
 * lines says why not. The same `importId` again gives the first result, and sends nothing.
 * @throws ProblemError 400, 403 and 409 as a single invitation; 409 `seats_full` where the seats don't suffice for all,
 * and `import_id_used` where it was another list's
 */
export async function importInvitations(
  context: Context,
  actor: Actor,
  { tenantId, importId, csv }: { tenantId: string; importId: string; csv: string },
): Promise<ImportResult> {
  const { config, now } = context;
  const lines = parseCsv(csv);
  const fingerprint = sha256(`${tenantId}\n${csv}`);
  return inTransaction(context.db, async (tx) => {
    const tenant = await lockTenant(tx, tenantId).catch(() => {
      throw noTenant(tenantId);
    });
    const before = await tx.findOneBy(InvitationImport, { id: importId });
    if (before && before.fingerprint !== fingerprint) throw idUsed();
    if (before) return before.result as ImportResult;
    requireOpenTenant(tenant);
    const judgement = await judgeLines(tx, tenant, lines, { days: config.invitationTtlDays, now: now() });
    requireSeats(judgement);
    const inviting = judgement.lines.filter(({ verdict }) => verdict === 'invite');
    const keys = inviting.map(({ email }) => emailKey(email));
    if (keys.length > 0) await endExpired(tx, tenantId, keys, now());
    const ids = await writeAll(tx, context, actor, tenant, inviting);
    const result: ImportResult = {
      importId,
      invited: inviting.length,
      skipped: judgement.lines.length - inviting.length,
      lines: judgement.lines.map((one) => ({ ...one, invitationId: ids.get(one.line) ?? null })),
    };
    await tx.insert(InvitationImport, { id: importId, tenantId, fingerprint, result }).catch((error: unknown) => {
      throw isDuplicate(error) ? idUsed() : error;
    });
    return result;
  });
}
