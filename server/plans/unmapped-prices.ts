import type { DataSource } from 'typeorm';
import { type Money, monthlyWorth } from '../../domain/money-at-risk';
import { Finding } from '../billing/finding.entity';
import { Subscription } from '../billing/subscription.entity';
import { selectMany } from '../db/bulk';
import { loadCatalogue } from './catalogue';

/** So many findings are looked through; of more it is only said that there are more. */
const MOST = 2000;

export interface UnmappedPrice {
  priceId: string;
  lookupKey: string | null;
  subscriptions: number;
  tenants: number;
  /** Paid for it a month, by currency. */
  worth: Money[];
  /** The plans that its subscriptions go on earning since they last did; null stands for none. */
  keptPlanIds: (string | null)[];
}

/**
 * Prices that tenants pay and no plan knows. By the open findings of that kind, which every decision keeps: the mirror
 * itself need not be looked through. A price of one that pays for a known plan besides is not among them, since it
 * decides nothing.
 */
export async function unmappedPrices(db: DataSource): Promise<{ results: UnmappedPrice[]; exact: boolean }> {
  const where = `FORCE INDEX (findings_kind)
    WHERE kind = 'unknown-price' AND status IN ('open', 'snoozed', 'dismissed') LIMIT ${MOST + 1}`;
  const findings = await selectMany(db.manager, Finding, where, []);
  const ids = findings.slice(0, MOST).flatMap(({ subscriptionId }) => subscriptionId ?? []);
  const subscriptions = ids.length > 0 ? await selectMany(db.manager, Subscription, 'WHERE id IN (?)', [ids]) : [];
  const catalogue = await loadCatalogue(db);
  const known = (priceId: string, lookupKey: string | null) =>
    catalogue.some(
      (plan) =>
        plan.stripePriceIds.includes(priceId) || (plan.stripeLookupKey !== null && plan.stripeLookupKey === lookupKey),
    );
  const prices = new Map<string, Tally>();
  for (const { items, tenantId, planId } of subscriptions) {
    // Mapped meanwhile, and not yet decided anew.
    if (items.some((item) => known(item.priceId, item.lookupKey))) continue;
    for (const item of items) {
      const tally = prices.get(item.priceId) ?? newTally(item.lookupKey);
      prices.set(item.priceId, tally);
      tally.subscriptions += 1;
      if (tenantId) tally.tenants.add(tenantId);
      tally.kept.add(planId);
      const worth = monthlyWorth([item]);
      if (worth) tally.worth.set(worth.currency, (tally.worth.get(worth.currency) ?? 0) + worth.amount);
    }
  }
  const results = [...prices].map(([priceId, { lookupKey, subscriptions: count, tenants, worth, kept }]) => ({
    priceId,
    lookupKey,
    subscriptions: count,
    tenants: tenants.size,
    worth: [...worth].map(([currency, amount]) => ({ amount, currency })),
    keptPlanIds: [...kept],
  }));
  return { results: results.sort((a, b) => b.subscriptions - a.subscriptions), exact: findings.length <= MOST };
}

interface Tally {
  lookupKey: string | null;
  subscriptions: number;
  tenants: Set<string>;
  worth: Map<string, number>;
  kept: Set<string | null>;
}

const newTally = (lookupKey: string | null): Tally => ({
  lookupKey,
  subscriptions: 0,
  tenants: new Set(),
  worth: new Map(),
  kept: new Set(),
});
