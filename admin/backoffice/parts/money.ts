import type { Money } from '../../../domain/money-at-risk';
import { moneyText } from '../../../domain/price-text';

export type { Money };

/** An amount as the reader writes money; a dash where there is none. */
export const money = (value?: Money | null): string => (value ? moneyText(value) : '—');
