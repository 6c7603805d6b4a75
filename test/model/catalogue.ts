import type { MappedPrice } from './commands';
import type { OraclePlan } from './oracle';

type Kind = 'free' | 'stripe' | 'custom';

/** The catalogue as every history finds it. */
export const PLANS: readonly (OraclePlan & { kind: Kind })[] = [
  plan('free', 'free', 0, []),
  plan('partner', 'custom', 5, [], { seats: 3 }),
  plan('starter', 'stripe', 10, ['price_starter'], { seats: 5 }),
  plan('team', 'stripe', 15, [], { lookupKey: 'team_monthly', seatsFromQuantity: true }),
  plan('business', 'stripe', 20, ['price_business', 'price_business_year']),
  plan('contract', 'custom', 30, [], { seats: 100 }),
];

function plan(
  id: string,
  kind: Kind,
  rank: number,
  prices: string[],
  more: Partial<Pick<OraclePlan, 'seats' | 'seatsFromQuantity' | 'lookupKey'>> = {},
) {
  return { id, kind, rank, prices, lookupKey: null, seats: null, seatsFromQuantity: false, ...more };
}

/** The plan whose price an operator takes away and gives back. */
export const planOfMapped = (price: MappedPrice) => PLANS.find(({ prices }) => prices.includes(price))!;
