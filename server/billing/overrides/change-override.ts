import type { EntityManager } from 'typeorm';
import { day } from '../../../domain/moment';
import { noteDueAt } from '../../../domain/override';
import type { Actor } from '../../audit/actor';
import { changesBetween, recordAudit } from '../../audit/record';
import type { Context } from '../../context';
import { conflict, invalid, notFound } from '../../errors';
import { requireVersion } from '../../http/operator-api';
import { decideTenant, lockTenants } from '../decide-tenant';
import { Override } from '../override.entity';
import { overridesListing } from './overrides.listing';

/**
 * Reads an override that is not over yet and holds its row, and its tenant's before it.
 * @throws ProblemError 404; 409 where it is over, or of another version than the one that was read
 */
async function lockOpen(
  tx: EntityManager,
  context: Context,
  id: string,
  version: number | undefined,
): Promise<Override> {
  const found = await tx.findOneBy(Override, { id });
  if (!found) throw notFound('override', id);
  await lockTenants(tx, [found.tenantId]);
  const override = await tx.findOneOrFail(Override, { where: { id }, lock: { mode: 'pessimistic_write' } });
  if (override.endedAt || override.endsAt <= context.now())
    throw conflict('override_ended', 'This override has ended already.');
  await requireVersion(context, overridesListing, override, version);
  return override;
}

interface Change {
  actor: Actor;
  action: string;
  reason: string | null;
}

/** Writes a change with its audit entry, and decides the tenant's plan anew. */
async function change(
  tx: EntityManager,
  context: Context,
  override: Override,
  { actor, action, reason }: Change,
  next: Partial<Pick<Override, 'endsAt' | 'endedAt' | 'noteDueAt' | 'notedAt'>>,
): Promise<void> {
  const { id, tenantId } = override;
  await tx.update(Override, { id }, next);
  const changes = changesBetween<Override>(override, { ...override, ...next }, ['endsAt', 'endedAt']);
  await recordAudit(tx, { actor, action, resource: 'overrides', resourceId: id, tenantId, changes, reason });
  await decideTenant(tx, context, tenantId, { actor });
}

export interface Ending {
  reason?: string | null;
  version?: number;
}

/** Ends an override now, before its time; one that has not begun never will. Throws 404, 409. */
export async function endOverride(
  tx: EntityManager,
  context: Context,
  actor: Actor,
  id: string,
  { reason, version }: Ending,
): Promise<void> {
  const override = await lockOpen(tx, context, id, version);
  const ended = { endedAt: context.now(), noteDueAt: null };
  await change(tx, context, override, { actor, action: 'override.end', reason: reason ?? null }, ended);
}

export interface Extension {
  endsAt: Date;
  reason: string;
  version?: number;
}

/** Gives an override a later end; the note before its end is owed anew. Throws 400, 404, 409. */
export async function extendOverride(
  tx: EntityManager,
  context: Context,
  actor: Actor,
  id: string,
  { endsAt, reason, version }: Extension,
): Promise<void> {
  const override = await lockOpen(tx, context, id, version);
  requireLater(override, endsAt);
  const extended = { endsAt, noteDueAt: noteDueAt({ startsAt: override.startsAt, endsAt }), notedAt: null };
  await change(tx, context, override, { actor, action: 'override.extend', reason }, extended);
}

/** Throws 400 where `endsAt` is not later than the end that an override has. */
export function requireLater(override: Pick<Override, 'endsAt'>, endsAt: Date): void {
  if (endsAt <= override.endsAt)
    throw invalid({
      endsAt: `must be later than its present end, ${day(override.endsAt)}. To stop it sooner, end it.`,
    });
}
