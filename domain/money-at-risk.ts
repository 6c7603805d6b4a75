import type { ItemFact } from './decide-plan.types';

/** An amount in the currency's minor unit. */
export interface Money {
  amount: number;
  currency: string;
}

/** How many of an interval make a month, on average. */
const PER_MONTH = { day: 365 / 12, week: 52 / 12, month: 1, year: 1 / 12 } as const;

/**
 * What items are worth a month. Null where a price is unknown, tiered or metered, where a quantity is none, or where
 * currencies are mixed: a sum of which a part is not known would be read as the whole.
 */
export function monthlyWorth(items: readonly ItemFact[]): Money | null {
  const [first] = items;
  const currency = first?.currency;
  if (!currency) return null;
  let amount = 0;
  for (const { unitAmount, interval, intervalCount, quantity, currency: own } of items) {
    if (own !== currency || typeof unitAmount !== 'number' || !interval || !(quantity >= 0)) return null;
    amount += (unitAmount * quantity * PER_MONTH[interval]) / Math.max(1, intervalCount ?? 1);
  }
  return Number.isFinite(amount) ? { amount: Math.round(amount), currency } : null;
}

/** The sum of several, where all are known and of one currency. */
export function sumOf(amounts: readonly (Money | null)[]): Money | null {
  const [first] = amounts;
  if (!first || amounts.some((one) => one?.currency !== first.currency)) return null;
  return { amount: amounts.reduce((sum, one) => sum + (one?.amount ?? 0), 0), currency: first.currency };
}
