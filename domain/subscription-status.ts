/**
 * What each status of a Stripe subscription is worth. Source: Stripe's "How subscriptions work", statuses.
 * `unpaid` and `paused` mean that Stripe no longer tries to collect; `incomplete` that the first payment never came.
 */
export type Standing = 'counts' | 'grace' | 'absent' | 'ended';

export const STANDING_BY_STATUS = {
  trialing: 'counts',
  active: 'counts',
  past_due: 'grace',
  incomplete: 'absent',
  incomplete_expired: 'ended',
  canceled: 'ended',
  unpaid: 'ended',
  paused: 'ended',
} as const satisfies Record<string, Standing>;

export type SubscriptionStatus = keyof typeof STANDING_BY_STATUS;

export const SUBSCRIPTION_STATUSES = Object.keys(STANDING_BY_STATUS) as SubscriptionStatus[];

/** The standing of a status, or undefined for one that Stripe added after this was written. */
export const standingOf = (status: string): Standing | undefined =>
  Object.hasOwn(STANDING_BY_STATUS, status) ? STANDING_BY_STATUS[status as SubscriptionStatus] : undefined;

/** Statuses in which a subscription is over, or never began: a new one may be bought beside it. */
const NOT_LIVE: readonly string[] = ['canceled', 'incomplete_expired', 'incomplete'] satisfies SubscriptionStatus[];

/** Whether Stripe goes on with a subscription of this status, or may do so again. */
export const isLiveStatus = (status: string): boolean => !NOT_LIVE.includes(status);
