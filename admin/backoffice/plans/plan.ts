import type { RaRecord } from 'react-admin';
import { PLAN_KINDS, type PlanKind } from '../../../domain/plan';
import { counted } from '../parts/counted';
import { type Money, money } from '../parts/money';

export interface PlanRecord extends RaRecord {
  name: string;
  description: string;
  kind: PlanKind;
  active: boolean;
  isDefault: boolean;
  rank: number;
  features: string[];
  priceText: string;
  stripePriceIds: string[];
  stripeLookupKey: string | null;
  limits: { seats?: number };
  seatsFromQuantity: boolean;
  trialDays: number;
  tenantCount: number;
  /** Of a retired plan: where those go whose base plan it is. */
  successorId: string | null;
  version: number;
}

/** A price of the Stripe account. */
export interface StripePrice {
  id: string;
  productName: string | null;
  nickname: string | null;
  amount: Money | null;
  interval: { unit: string; count: number } | null;
  lookupKey: string | null;
  active: boolean;
  livemode: boolean;
  /** The plan that it earns by now. */
  planId: string | null;
  stripeUrl: string | null;
}

/** A price that tenants pay and no plan knows. */
export interface UnmappedPrice {
  priceId: string;
  lookupKey: string | null;
  subscriptions: number;
  tenants: number;
  worth: Money[];
  keptPlanIds: (string | null)[];
}

export interface ForeseenTenant {
  tenantId: string;
  tenantName: string;
  fromPlanId: string;
  toPlanId: string;
  lowers: boolean;
  reason: string;
  seats: { from: number | null; to: number | null; members: number; over: number };
  worth: Money | null;
}

/** What a change of a plan would make of tenants. */
export interface Foreseen {
  considered: number;
  exact: boolean;
  changed: number;
  lowered: number;
  raised: number;
  seatsChanged: number;
  overSeats: number;
  loweredWorth: Money[];
  rows: ForeseenTenant[];
  /** What must be typed and sent, where tenants are lowered. */
  confirm: string | null;
}

export interface ForeseenRetirement extends Foreseen {
  leaving: number;
  subscriptions: number;
  overrides: number;
}

export const KINDS: Record<PlanKind, string> = { free: 'Free', stripe: 'Paid through Stripe', custom: 'By contract' };
export const kindChoices = PLAN_KINDS.map((id) => ({ id, name: KINDS[id] }));

/** Whether anything would become of anybody. */
export const touchesTenants = ({ changed, seatsChanged, exact }: Foreseen): boolean =>
  changed > 0 || seatsChanged > 0 || !exact;

/** What a price costs, in words: `€29.00 a month`. */
export function costOf({ amount, interval }: Pick<StripePrice, 'amount' | 'interval'>): string {
  if (!amount) return 'priced by tiers';
  if (!interval) return `${money(amount)} once`;
  return `${money(amount)} ${interval.count === 1 ? `a ${interval.unit}` : `every ${counted(interval.count, interval.unit)}`}`;
}
