import { noteDueAt, overrideStatus } from '../../domain/override';
import type { SubscriptionStory, TenantStory } from './stories';

/** A plan that an operator granted; `days` are counted from now. */
export interface OverrideStory {
  plan: string;
  pin: boolean;
  startsInDays?: number;
  endsInDays: number;
  /** Ended by an operator before its time, so many days ago. */
  endedDaysAgo?: number;
  reason: string;
}

const granted = (override: OverrideStory, ...subscriptions: SubscriptionStory[]): TenantStory => ({
  base: 'free',
  subscriptions,
  override,
});

/** Overrides as operators meet them: running, ending soon, upcoming and over, with and without money behind them. */
export const OVERRIDE_STORIES: TenantStory[] = [
  granted(
    { plan: 'business', pin: false, endsInDays: 2, reason: 'Try-out of Business before the renewal' },
    { plan: 'starter', status: 'active' },
  ),
  granted({ plan: 'business', pin: false, endsInDays: 6, reason: 'Pilot with the whole team' }),
  granted({
    plan: 'business',
    pin: false,
    startsInDays: 5,
    endsInDays: 35,
    reason: 'Starts with the new school year',
  }),
  granted({ plan: 'custom', pin: false, endsInDays: 45, reason: 'Contract is signed, paperwork is under way' }),
  granted({
    plan: 'business',
    pin: false,
    endsInDays: 30,
    endedDaysAgo: 4,
    reason: 'Meant for another tenant of the same name',
  }),
  granted(
    { plan: 'starter', pin: false, endsInDays: 80, reason: 'Goodwill after the slow import' },
    { plan: 'business', status: 'active' },
  ),
  granted(
    { plan: 'business', pin: false, endsInDays: -3, reason: 'Bridged until the invoice was paid' },
    { plan: 'business', status: 'active' },
  ),
  granted({ plan: 'starter', pin: true, startsInDays: 12, endsInDays: 26, reason: 'Held down while the audit runs' }),
];

const DAY = 86_400_000;

/** When a told override was granted, and its dates as our rows hold them. The seed owes nobody a mail about its end. */
export function datesOf(told: OverrideStory, createdAt: Date, now: Date) {
  const day = (days: number) => new Date(+now + days * DAY);
  const end = day(told.endsInDays);
  const grantedAt = new Date(Math.max(+createdAt, Math.min(+end - 40 * DAY, +now - 6 * DAY)));
  const startsAt = told.startsInDays === undefined ? grantedAt : day(told.startsInDays);
  const endsAt = end > startsAt ? end : new Date(+startsAt + DAY);
  const endedAt = told.endedDaysAgo === undefined ? null : day(-told.endedDaysAgo);
  const span = { startsAt, endsAt, endedAt };
  const due = noteDueAt(span);
  const open = overrideStatus(span, now) !== 'ended';
  const note = { noteDueAt: open && due > now ? due : null, notedAt: open && due <= now ? due : null };
  return { grantedAt, ...span, ...note };
}
