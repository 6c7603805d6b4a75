import { In } from 'typeorm';
import { StripeCustomer } from '../billing/stripe-customer.entity';
import { type Listing, whereAnyOf } from '../http/simple-rest';
import { Tenant } from './tenant.entity';

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
    return rows.map(({ lastSyncedAt, nextDecisionAt: _next, ...tenant }) => ({
      ...tenant,
      lastVerifiedAt: lastSyncedAt,
      stripeCustomerIds: customers.filter(({ tenantId }) => tenantId === tenant.id).map(({ id }) => id),
    }));
  },
};
