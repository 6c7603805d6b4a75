import { In } from 'typeorm';
import { StripeCustomer } from '../billing/stripe-customer.entity';
import { readState } from '../billing/stripe-state';
import { type Listing, whereAnyOf } from '../http/simple-rest';
import { Tenant } from './tenant.entity';

/** When a tenant was last proven equal to Stripe: by its own syncs, or by the last whole sweep that found it equal. */
function verifiedAt(
  { lastSyncedAt, differsSince, createdAt }: Tenant,
  customers: readonly StripeCustomer[],
  sweptAt: Date | null,
): Date | null {
  const synced = [lastSyncedAt, ...customers.map(({ syncedAt }) => syncedAt)];
  // Of several customers the one that was read longest ago: all of them make the plan.
  const own = synced.reduce((oldest, at) => (oldest && at ? (at < oldest ? at : oldest) : null));
  const swept = sweptAt && !differsSince && createdAt <= sweptAt ? sweptAt : null;
  return own && swept ? (own > swept ? own : swept) : (own ?? swept);
}

export const tenantsListing: Listing<Tenant> & { name: 'tenants' } = {
  name: 'tenants',
  entity: Tenant,
  sorts: ['name', 'createdAt', 'memberCount'],
  defaultSort: ['name', 'ASC'],
  filters: {
    status: 'word',
    planId: 'word',
    planSource: 'word',
    basePlanId: 'word',
    subscriptionStatus: 'word',
    createdAt: 'moment',
    stripeCustomerIds: (query, value) =>
      whereAnyOf(
        query,
        'r.id IN (SELECT tenantId FROM stripe_customers WHERE id IN (:...stripeCustomerIds))',
        'stripeCustomerIds',
        value,
      ),
  },
  search: ['name'],
  async present(rows, db) {
    const ids = rows.map(({ id }) => id);
    const customers = ids.length > 0 ? await db.getRepository(StripeCustomer).findBy({ tenantId: In(ids) }) : [];
    const sweep = await readState(db, 'whole-sweep');
    return rows.map((tenant) => {
      const { lastSyncedAt: _synced, nextDecisionAt: _next, differsSince: _differs, ...told } = tenant;
      const own = customers.filter(({ tenantId }) => tenantId === tenant.id);
      const sweptAt = sweep ? new Date(sweep.verifiedAt) : null;
      return { ...told, lastVerifiedAt: verifiedAt(tenant, own, sweptAt), stripeCustomerIds: own.map(({ id }) => id) };
    });
  },
};
