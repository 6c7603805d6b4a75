export const PLAN_KINDS = ['free', 'stripe', 'custom'] as const;
/** `free` costs nothing, `stripe` is paid by a Stripe subscription, `custom` is by contract. */
export type PlanKind = (typeof PLAN_KINDS)[number];

/** What a decision needs to know of a plan. */
export interface CataloguePlan {
  id: string;
  name: string;
  kind: PlanKind;
  /** Higher is better. */
  rank: number;
  isDefault: boolean;
  stripePriceIds: readonly string[];
  stripeLookupKey: string | null;
  /** The quantity of the subscription's item is the seat limit. */
  seatsFromQuantity: boolean;
  /** Seats included; null means unlimited. */
  seatLimit: number | null;
}
