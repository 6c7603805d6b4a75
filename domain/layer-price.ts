import type { ItemFact } from './decide-plan.types';
import type { Money } from './money-at-risk';
import { moneyText } from './price-text';

/** What is paid each period. */
export interface LayerPrice extends Money {
  interval: 'day' | 'week' | 'month' | 'year';
  intervalCount: number;
}

/**
 * What items cost together each period. Null where a price is tiered or metered, where a quantity is none, or where
 * currencies or periods are mixed: there is no one figure then.
 */
export function priceOf(items: readonly ItemFact[]): LayerPrice | null {
  const [first] = items;
  if (!first?.currency || !first.interval) return null;
  const { currency, interval } = first;
  const intervalCount = first.intervalCount ?? 1;
  let amount = 0;
  for (const item of items) {
    const same =
      item.currency === currency && item.interval === interval && (item.intervalCount ?? 1) === intervalCount;
    if (!same || typeof item.unitAmount !== 'number' || !(item.quantity >= 0)) return null;
    amount += item.unitAmount * item.quantity;
  }
  return Number.isFinite(amount) ? { amount, currency, interval, intervalCount } : null;
}

/** `€49.00 a month`, `€120.00 every 3 months`. */
export const layerPriceText = ({ interval, intervalCount, ...money }: LayerPrice, locale?: string): string =>
  `${moneyText(money, locale)} ${intervalCount === 1 ? `a ${interval}` : `every ${intervalCount} ${interval}s`}`;
