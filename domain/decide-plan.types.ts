import type { Money } from './money-at-risk';
import type { CataloguePlan } from './plan';

export interface OverrideFact {
  id: string;
  planId: string;
  /** Holds the tenant to exactly this plan, downward too. */
  pin: boolean;
  startsAt: Date;
  endsAt: Date;
  /** When an operator ended it early. */
  endedAt: Date | null;
}

export interface ItemFact {
  priceId: string;
  lookupKey: string | null;
  quantity: number;
  /** Per unit and period, in the currency's minor unit; null where the price is tiered or metered. */
  unitAmount?: number | null;
  currency?: string | null;
  interval?: 'day' | 'week' | 'month' | 'year' | null;
  intervalCount?: number | null;
}

export interface SubscriptionFact {
  id: string;
  customerId: string;
  customerDeleted: boolean;
  status: string;
  items: readonly ItemFact[];
  currentPeriodEnd: Date | null;
  cancelAtPeriodEnd: boolean;
  cancelAt: Date | null;
  pauseCollection: boolean;
  livemode: boolean;
  /** Start of grace while `past_due`. */
  pastDueSince: Date | null;
  /** The plan that this subscription last earned, kept with its mirror. */
  lastEarnedPlanId: string | null;
  /** Whether it counted when it was last understood; null when never. */
  lastCounted: boolean | null;
  /** Since when Stripe does not list it any more. */
  missingSince?: Date | null;
  /** The next phase of its schedule, known before it begins; it decides nothing until then. */
  scheduledChange?: { at: string; items: { priceId: string; quantity: number }[] } | null;
}

export interface PlanFacts {
  basePlanId: string;
  overrides: readonly OverrideFact[];
  subscriptions: readonly SubscriptionFact[];
  graceDays: number;
  /** The mode of our own Stripe key. */
  livemode: boolean;
  /** Of the tenant, to see whether they fit into the decided seat limit. */
  memberCount?: number;
}

export type Catalogue = readonly CataloguePlan[];

export type FindingKind =
  | 'several-subscriptions'
  | 'superseded-subscription'
  | 'missing-subscription'
  | 'unknown-price'
  | 'unknown-status'
  | 'unknown-plan'
  | 'wrong-mode'
  | 'deleted-customer'
  | 'collection-paused'
  | 'past-due'
  | 'seat-overrun'
  | 'orphan-subscription'
  | 'handler-failed'
  | 'missed-webhook'
  | 'abandoned-checkout';

/** What brought a finding about: by it operators know what to do. */
export type CauseClass = Exclude<FindingKind, 'past-due'> | 'payment-overdue';

/** The cause of each kind of finding. */
export const CAUSE_OF = {
  'several-subscriptions': 'several-subscriptions',
  'superseded-subscription': 'superseded-subscription',
  'missing-subscription': 'missing-subscription',
  'unknown-price': 'unknown-price',
  'unknown-status': 'unknown-status',
  'unknown-plan': 'unknown-plan',
  'wrong-mode': 'wrong-mode',
  'deleted-customer': 'deleted-customer',
  'collection-paused': 'collection-paused',
  'past-due': 'payment-overdue',
  'seat-overrun': 'seat-overrun',
  'orphan-subscription': 'orphan-subscription',
  'handler-failed': 'handler-failed',
  'missed-webhook': 'missed-webhook',
  'abandoned-checkout': 'abandoned-checkout',
} as const satisfies Record<FindingKind, CauseClass>;

export interface PlanFinding {
  kind: FindingKind;
  cause: CauseClass;
  severity: 'info' | 'warning' | 'critical';
  subscriptionId: string | null;
  customerId: string | null;
  summary: string;
  expected: string | null;
  actual: string | null;
  /** What is at risk a month; null where that is not known. */
  atRisk: Money | null;
}

export type BaseCode =
  | 'base'
  /** The catalogue does not hold the base plan, so another stands in. */
  | 'base-stand-in';

export type OverrideCode =
  | 'override-floor'
  | 'override-pinned'
  | 'override-scheduled'
  | 'override-ended'
  | 'override-unknown-dates'
  | 'override-unknown-plan';

export type SubscriptionCode =
  | 'subscription-active'
  | 'in-grace'
  | 'grace-ended'
  /** Its scheduled end has come. */
  | 'cancelled'
  /** Its status is final. */
  | 'ended'
  | 'incomplete'
  | 'customer-deleted'
  | 'wrong-mode'
  | 'missing'
  | 'unknown-status'
  /** It counts, and no plan knows its price. */
  | 'unknown-price';

/** What a layer said, for machines; the sentence beside it says the same to people. */
export type ReasonCode = BaseCode | OverrideCode | SubscriptionCode;

/** What one layer said, and why it won or lost. */
export interface PlanLayer {
  layer: 'override' | 'subscription' | 'base';
  id: string | null;
  planId: string | null;
  counts: boolean;
  won: boolean;
  reasonCode: ReasonCode;
  /** Why it lost though it counts: another is pinned, ranks at least as high, or it names no plan that we know. */
  lostBy: 'pin' | 'rank' | 'no-plan' | null;
  why: string;
  /** When time alone ends it: an override's end; of a subscription that counts, the end of grace or a cancellation. */
  end: Date | null;
}

export interface PlanDecision {
  planId: string;
  source: 'override' | 'subscription' | 'base';
  /** A plain sentence for support. */
  reason: string;
  /** What the layer that won said. */
  reasonCode: ReasonCode;
  /** The subscription that decided, where one did. */
  subscriptionId: string | null;
  /** The override that decided, where one did. */
  overrideId: string | null;
  /** Null means unlimited. */
  seatLimit: number | null;
  findings: PlanFinding[];
  layers: PlanLayer[];
  /**
   * By subscription: what to keep with its mirror and hand back as `lastEarnedPlanId` and `lastCounted`. `planId` is
   * what it earned when it last counted with a price that a plan knows, so a price unknown later never lifts.
   */
  earned: Record<string, { planId: string | null; counts: boolean }>;
  /** The next moment at which time alone may change the answer. */
  nextChangeAt: Date | null;
}
