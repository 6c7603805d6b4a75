import type { AuditInput } from '../audit/record';
import type { Cause } from './cause';

/** A customer that was just tied to a tenant. */
export interface Link {
  tenantId: string;
  customerId: string;
}

/**
 * Adds what the audit log is owed for new links to what it is owed for decisions. Where a tenant is decided anew
 * because it was linked to its one customer, a single entry tells of both.
 */
export function withLinks(decided: readonly AuditInput[], links: readonly Link[], cause: Cause): AuditInput[] {
  if (links.length === 0) return [...decided];
  const customers = new Map<string, string[]>();
  for (const { tenantId, customerId } of links)
    customers.set(tenantId, [...(customers.get(tenantId) ?? []), customerId]);
  const told = decided.map((audit) => {
    const linked = customers.get(audit.resourceId) ?? [];
    if (linked.length !== 1) return audit;
    customers.delete(audit.resourceId);
    return { ...audit, changes: { stripeCustomerId: { from: null, to: linked[0] }, ...audit.changes } };
  });
  const alone = [...customers].flatMap(([tenantId, ids]) =>
    ids.map((customerId) => ({
      actor: cause.actor,
      action: 'tenant.link-customer',
      resource: 'tenants',
      resourceId: tenantId,
      tenantId,
      changes: { stripeCustomerId: { from: null, to: customerId } },
    })),
  );
  return [...alone, ...told];
}
