import type { EntityManager } from 'typeorm';
import { FINDING_VERBS, type FindingVerb } from '../../../domain/finding';
import { can } from '../../../domain/permissions';
import type { Actor } from '../../audit/actor';
import { changesBetween, recordAudit } from '../../audit/record';
import type { Context } from '../../context';
import { inTransaction } from '../../db/transaction';
import { conflict, invalid, notFound } from '../../errors';
import { Operator } from '../../operators/operator.entity';
import { Finding } from '../finding.entity';

type Change = Partial<Pick<Finding, 'ownerId' | 'status' | 'snoozedUntil' | 'dismissedReason'>>;

const DONE: Record<FindingVerb, string> = {
  assign: 'assigned',
  snooze: 'snoozed',
  dismiss: 'dismissed',
  reopen: 'opened again',
};
const LONGEST_SNOOZE_MS = 366 * 86_400_000;

/** Reads a finding and holds its row until the transaction ends. Throws 404. */
export async function lockFinding(tx: EntityManager, id: string): Promise<Finding> {
  const finding = await tx.findOne(Finding, { where: { id }, lock: { mode: 'pessimistic_write' } });
  if (!finding) throw notFound('finding', id);
  return finding;
}

function requireState({ status }: Finding, verb: FindingVerb): void {
  if (FINDING_VERBS[verb].includes(status)) return;
  throw status === 'resolved'
    ? conflict('finding_resolved', `The difference is gone, so it can't be ${DONE[verb]}. It opens if it comes back.`)
    : conflict(`finding_${status}`, `A ${status} finding can't be ${DONE[verb]}. Reopen it first.`);
}

interface Done {
  verb: FindingVerb;
  actor: Actor;
  change: Change;
  reason?: string;
}

/** Writes a change with its audit entry; one that changes nothing writes neither. */
async function write(tx: EntityManager, finding: Finding, { verb, actor, change, reason }: Done): Promise<void> {
  const fields = ['ownerId', 'status', 'snoozedUntil', 'dismissedReason'] as const;
  const changes = changesBetween<Finding>(finding, { ...finding, ...change }, fields);
  if (Object.keys(changes).length === 0) return;
  await tx.update(Finding, { id: finding.id }, change);
  await recordAudit(tx, {
    actor,
    action: `finding.${verb}`,
    resource: 'findings',
    resourceId: finding.id,
    tenantId: finding.tenantId,
    changes,
    reason,
  });
}

async function change(
  { db }: Context,
  id: string,
  { verb, ...rest }: Done,
  check?: (tx: EntityManager) => Promise<void>,
): Promise<void> {
  await inTransaction(db, async (tx) => {
    const finding = await lockFinding(tx, id);
    requireState(finding, verb);
    await check?.(tx);
    await write(tx, finding, { verb, ...rest });
  });
}

async function requireOwner(tx: EntityManager, ownerId: string): Promise<void> {
  const owner = await tx.findOneBy(Operator, { id: ownerId, status: 'active' });
  if (!owner || !can(owner.role, 'findings:assign'))
    throw invalid({ ownerId: 'must be an active operator who may work on findings.' });
}

/**
 * Gives a finding to an operator, or to nobody.
 * @throws ProblemError 404, 400 where no such operator may work on findings, 409 where it is resolved
 */
export const assignFinding = (context: Context, actor: Actor, id: string, ownerId: string | null): Promise<void> =>
  change(context, id, { verb: 'assign', actor, change: { ownerId } }, async (tx) => {
    if (ownerId !== null) await requireOwner(tx, ownerId);
  });

/**
 * Lets a finding sleep until a moment; then it opens by itself.
 * @throws ProblemError 404, 400 where the moment is not within the year to come, 409 where it is not open
 */
export async function snoozeFinding(context: Context, actor: Actor, id: string, until: Date): Promise<void> {
  const now = context.now();
  if (until <= now) throw invalid({ until: 'must be in the future.' });
  if (+until > +now + LONGEST_SNOOZE_MS) throw invalid({ until: 'must be within a year. Dismiss it instead.' });
  await change(context, id, { verb: 'snooze', actor, change: { status: 'snoozed', snoozedUntil: until } });
}

/**
 * Dismisses a finding for as long as the difference stays. When it has gone and comes back, it is open.
 * @throws ProblemError 404, 409 where it is resolved
 */
export const dismissFinding = (context: Context, actor: Actor, id: string, reason: string): Promise<void> =>
  change(context, id, {
    verb: 'dismiss',
    actor,
    change: { status: 'dismissed', snoozedUntil: null, dismissedReason: reason },
    reason,
  });

/** Opens a snoozed or dismissed finding. Throws ProblemError 404, 409 where it is resolved. */
export const reopenFinding = (context: Context, actor: Actor, id: string): Promise<void> =>
  change(context, id, {
    verb: 'reopen',
    actor,
    change: { status: 'open', snoozedUntil: null, dismissedReason: null },
  });
