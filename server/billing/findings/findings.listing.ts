import { type DataSource, In } from 'typeorm';
import { repairOf } from '../../../domain/finding';
import { stripeUrl } from '../../../domain/stripe-url';
import type { Listing } from '../../http/simple-rest';
import { Operator } from '../../operators/operator.entity';
import { Finding } from '../finding.entity';
import { StripeCustomer } from '../stripe-customer.entity';
import { Subscription } from '../subscription.entity';

/** Where Stripe's dashboard shows each customer and subscription that we have seen, by its id. */
async function pagesOf(rows: readonly Finding[], db: DataSource): Promise<Map<string, string | null>> {
  const customers = rows.flatMap(({ customerId }) => customerId ?? []);
  const subscriptions = rows.flatMap(({ subscriptionId }) => subscriptionId ?? []);
  const select = { id: true, livemode: true } as const;
  const seen = await Promise.all([
    customers.length > 0 ? db.getRepository(StripeCustomer).find({ select, where: { id: In(customers) } }) : [],
    subscriptions.length > 0 ? db.getRepository(Subscription).find({ select, where: { id: In(subscriptions) } }) : [],
  ]);
  return new Map(seen.flat().map(({ id, livemode }) => [id, stripeUrl(id, livemode)]));
}

/** Findings, the most money at risk first. Amounts are compared as numbers, whatever their currency. */
export const findingsListing: Listing<Finding> & { name: 'findings' } = {
  name: 'findings',
  entity: Finding,
  sorts: ['atRiskAmount', 'lastSeenAt', 'firstSeenAt'],
  defaultSort: ['atRiskAmount', 'DESC'],
  filters: {
    tenantId: 'word',
    customerId: 'word',
    subscriptionId: 'word',
    kind: 'word',
    cause: 'word',
    severity: 'word',
    status: 'word',
    ownerId: 'word',
    runId: 'word',
    firstSeenAt: 'moment',
    lastSeenAt: 'moment',
    snoozedUntil: 'moment',
  },
  async present(rows, db) {
    const ids = [...new Set(rows.flatMap(({ ownerId }) => ownerId ?? []))];
    const owners =
      ids.length > 0
        ? await db.getRepository(Operator).find({ select: { id: true, name: true }, where: { id: In(ids) } })
        : [];
    const pages = await pagesOf(rows, db);
    return rows.map(({ fingerprint: _fingerprint, atRiskAmount, atRiskCurrency, ...finding }) => {
      const owner = owners.find(({ id }) => id === finding.ownerId);
      return {
        ...finding,
        owner: owner ? { id: owner.id, name: owner.name } : null,
        atRisk: atRiskAmount === null ? null : { amount: Number(atRiskAmount), currency: atRiskCurrency },
        stripeUrls: {
          customer: pages.get(finding.customerId ?? '') ?? null,
          subscription: pages.get(finding.subscriptionId ?? '') ?? null,
        },
        repair: finding.status === 'resolved' ? null : repairOf(finding.kind),
      };
    });
  },
};
