import { In } from 'typeorm';
import type { Listing } from '../http/simple-rest';
import { machineName } from './actor';
import { AuditEntry, AuditPersonal } from './audit.entity';
import type { Changes } from './record';

/** Puts the personal values, where they still stand, back into the changes that name them. */
function withPersonal(changes: Changes, values: Map<string, string>): Changes {
  const told = (value: unknown) => {
    const name = (value as { personal?: string } | null)?.personal;
    return name === undefined ? value : (values.get(name) ?? '(erased)');
  };
  return Object.fromEntries(
    Object.entries(changes).map(([field, { from, to }]) => [field, { from: told(from), to: told(to) }]),
  );
}

export const auditListing: Listing<AuditEntry> & { name: 'audit-log' } = {
  name: 'audit-log',
  entity: AuditEntry,
  sorts: ['at'],
  defaultSort: ['at', 'DESC'],
  filters: {
    tenantId: 'word',
    resource: 'word',
    resourceId: 'word',
    action: 'word',
    actorId: 'word',
    actorType: 'word',
    requestId: 'word',
    at: 'moment',
  },
  async present(rows, db) {
    const personal =
      rows.length > 0 ? await db.getRepository(AuditPersonal).findBy({ entryId: In(rows.map(({ id }) => id)) }) : [];
    return rows.map((entry) => {
      const values = new Map(
        personal.filter(({ entryId }) => entryId === entry.id).map(({ field, value }) => [field, value]),
      );
      const { id, at, actorType, actorId, action, resource, resourceId, tenantId, changes, reason, requestId, hash } =
        entry;
      const actor = {
        type: actorType,
        id: actorId,
        name: values.get('actor.name') ?? machineName({ type: actorType, id: actorId }) ?? '(erased)',
      };
      return {
        id,
        at,
        actor,
        action,
        resource,
        resourceId,
        tenantId,
        changes: withPersonal(changes, values),
        reason,
        requestId,
        ip: values.get('actor.ip') ?? null,
        hash,
      };
    });
  },
};
