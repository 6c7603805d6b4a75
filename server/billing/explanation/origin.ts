import type { Origin, Origins } from '../../../domain/explanation';
import type { Tenant } from '../../tenants/tenant.entity';
import type { Cause } from '../cause';
import type { Override } from '../override.entity';
import type { Surroundings } from '../plan-facts';

/** What brings a change about, to be kept with what it changes. */
export const originOf = ({ actor: { type, id, name }, eventId, runId }: Cause, at: Date): Origin => ({
  actor: { type, id, name },
  at: at.toISOString(),
  eventId: eventId ?? null,
  runId: runId ?? null,
  reason: null,
});

const granted = ({
  createdByType: type,
  createdById: id,
  createdByName: name,
  createdAt,
  reason,
}: Override): Origin => ({
  actor: { type, id, name },
  at: createdAt.toISOString(),
  eventId: null,
  runId: null,
  reason,
});

/** What brought each layer of a tenant's plan about, from the rows that its facts were made of. */
export function originsOf(
  { id, basePlanSetBy }: Pick<Tenant, 'id' | 'basePlanSetBy'>,
  { overrides, subscriptions }: Pick<Surroundings, 'overrides' | 'subscriptions'>,
): Origins {
  return new Map<string, Origin | null>([
    ['base', basePlanSetBy],
    ...(overrides.get(id) ?? []).map((one): [string, Origin] => [one.id, granted(one)]),
    ...(subscriptions.get(id) ?? []).map((one): [string, Origin | null] => [one.id, one.changedBy]),
  ]);
}
