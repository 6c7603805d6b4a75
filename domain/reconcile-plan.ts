import { DAY_MS } from './moment';

/** A plan that lowers more tenants than this is applied by two operators: one asks, another approves. */
export const APPROVAL_ABOVE = 20;

export const needsSecondOperator = (lowers: number): boolean => lowers > APPROVAL_ABOVE;

/** How long what a dry run planned can be applied, and a request to apply it be approved. */
export const PLAN_HOURS = 24;

/** Whether a plan that was made, or last worked on, at `finishedAt` is too old to be applied at `now`. */
export const isPlanTooOld = (finishedAt: Date, now: Date): boolean => +now - +finishedAt > (PLAN_HOURS / 24) * DAY_MS;

/** What an operator types to have plans lowered. */
export const confirmPhrase = (lowers: number): string => `lower ${lowers} ${lowers === 1 ? 'tenant' : 'tenants'}`;

/** How long the overrides last that undo a run: where nothing is said, and at most. */
export const UNDO_DAYS = { usual: 14, most: 90 } as const;

/** How a planned row brings its plan about, where Stripe alone does not: by granting an override, or ending one. */
export type PlanEffect = 'floor' | 'pin' | 'end';

/** The kind of override that brings an earlier plan back: a floor where it ranks higher, else it must be pinned. */
export const effectOfReturn = (ranks: { earlier: number; now: number }): PlanEffect =>
  ranks.earlier > ranks.now ? 'floor' : 'pin';
