import type { ItemFact } from './decide-plan.types';

/** An amount in the currency's minor unit. */
export interface Money {
  amount: number;
  currency: string;
}

/** How many of an interval make a year: whole numbers, so that nothing is lost before the last step. */
const PER_YEAR = { day: 365, week: 52, month: 12, year: 1 } as const;

/**
 * What items are worth a month. Null where a price is unknown, tiered or metered, where a quantity is none, or where
 * currencies are mixed: a sum of which a part is not known would be read as the whole.
 */
export function monthlyWorth(items: readonly ItemFact[]): Money | null {
  const [first] = items;
  const currency = first?.currency;
  if (!currency) return null;
  const yearly: number[] = [];
  for (const { unitAmount, interval, intervalCount, quantity, currency: own } of items) {
    if (own !== currency || typeof unitAmount !== 'number' || !interval || !(quantity >= 0)) return null;
    yearly.push((unitAmount * quantity * PER_YEAR[interval]) / Math.max(1, intervalCount ?? 1));
  }
  // Sorted, since fractions added in another order may round to another amount.
  const amount = yearly.sort((a, b) => a - b).reduce((sum, one) => sum + one, 0) / 12;
  return Number.isFinite(amount) ? { amount: Math.round(amount), currency } : null;
}

/** The sum of several, where all are known and of one currency. */
export function sumOf(amounts: readonly (Money | null)[]): Money | null {
  const [first] = amounts;
  if (!first || amounts.some((one) => one?.currency !== first.currency)) return null;
  return { amount: amounts.reduce((sum, one) => sum + (one?.amount ?? 0), 0), currency: first.currency };
}
