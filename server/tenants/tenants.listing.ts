import { In } from 'typeorm';
import { stripeUrl } from '../../domain/stripe-url';
import { verificationOf } from '../../domain/verification';
import { StripeCustomer } from '../billing/stripe-customer.entity';
import { horizonOf, lastSweep, whereProven } from '../convergence/proof';
import { type Listing, readFlag, whereAnyOf } from '../http/simple-rest';
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

const toldOf = ({ id, name, deleted, livemode }: StripeCustomer) => ({
  id,
  name,
  deleted,
  stripeUrl: stripeUrl(id, livemode),
});

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
    /** Proven equal to Stripe within 24 hours, or not; deleted tenants are neither. */
    async verified(query, value, { db, now }) {
      const { sql, parameters } = whereProven(readFlag('verified', value), horizonOf(await lastSweep(db), now()));
      query.andWhere(sql, parameters);
    },
  },
  search: ['name'],
  async present(rows, db, now) {
    const ids = rows.map(({ id }) => id);
    const customers = ids.length > 0 ? await db.getRepository(StripeCustomer).findBy({ tenantId: In(ids) }) : [];
    const sweptAt = await lastSweep(db);
    return rows.map((tenant) => {
      const { lastSyncedAt: _synced, nextDecisionAt: _next, decisionHash: _hash, basePlanSetBy: _by, ...told } = tenant;
      const own = customers.filter(({ tenantId }) => tenantId === tenant.id);
      const lastVerifiedAt = verifiedAt(tenant, own, sweptAt);
      const verification = verificationOf({ lastVerifiedAt, differsSince: tenant.differsSince }, now);
      return {
        ...told,
        lastVerifiedAt,
        verification,
        stripeCustomerIds: own.map(({ id }) => id),
        stripeCustomers: own.map(toldOf),
      };
    });
  },
};
