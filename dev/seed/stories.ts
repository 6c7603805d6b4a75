import { FINDING_STORIES } from './finding-stories';
import { OVERRIDE_STORIES, type OverrideStory } from './override-stories';
import type { Random } from './random';

/** One subscription of a story, as Stripe has it; `days` are counted from now. */
export interface SubscriptionStory {
  plan: 'starter' | 'business' | null;
  status: string;
  cancelAtPeriodEnd?: boolean;
  pauseCollection?: boolean;
  pastDueDays?: number;
  /** What our mirror still believes, where a webhook was lost on purpose. */
  mirrorStatus?: string;
  /** No plan maps its price; the plan that it last earned is kept. */
  unknownPrice?: boolean;
  customerDeleted?: boolean;
  /** Its customer was made by hand in Stripe: only the subscription's metadata name the tenant. */
  orphan?: boolean;
}

export interface TenantStory {
  base: 'free' | 'custom';
  status?: 'active' | 'suspended' | 'deleted';
  subscriptions: SubscriptionStory[];
  /** Paid for this tenant by a customer that is linked to none. */
  orphan?: SubscriptionStory;
  override?: OverrideStory;
}

const paid = (plan: 'starter' | 'business', status: string, more: Partial<SubscriptionStory> = {}): TenantStory => ({
  base: 'free',
  subscriptions: [{ plan, status, ...more }],
});

/** The tenants that each show one thing: every status of a subscription, and what is wrong on purpose. */
const TOLD: TenantStory[] = [
  paid('business', 'trialing'),
  paid('starter', 'past_due', { pastDueDays: 3 }),
  paid('business', 'past_due', { pastDueDays: 24 }),
  paid('starter', 'incomplete'),
  paid('starter', 'incomplete_expired'),
  paid('business', 'canceled'),
  paid('starter', 'unpaid'),
  paid('starter', 'paused'),
  paid('business', 'active', { cancelAtPeriodEnd: true }),
  paid('business', 'active', { pauseCollection: true }),
  paid('business', 'active', { unknownPrice: true }),
  paid('starter', 'active', { mirrorStatus: 'canceled' }),
  paid('starter', 'active', { customerDeleted: true }),
  {
    base: 'free',
    subscriptions: [
      { plan: 'starter', status: 'active' },
      { plan: 'business', status: 'active' },
    ],
  },
  {
    base: 'free',
    subscriptions: [
      { plan: 'starter', status: 'canceled' },
      { plan: 'business', status: 'active' },
    ],
  },
  {
    base: 'free',
    subscriptions: [],
    override: { plan: 'business', pin: false, endsInDays: 21, reason: 'Extended trial agreed with sales' },
  },
  {
    base: 'free',
    subscriptions: [{ plan: 'business', status: 'active' }],
    override: { plan: 'starter', pin: true, endsInDays: 9, reason: 'Held to Starter while the dispute is open' },
  },
  {
    base: 'free',
    subscriptions: [],
    override: { plan: 'starter', pin: false, endsInDays: -12, reason: 'Apology for the outage' },
  },
  { base: 'free', status: 'suspended', subscriptions: [{ plan: 'starter', status: 'active' }] },
  { base: 'free', status: 'suspended', subscriptions: [] },
  { base: 'free', status: 'deleted', subscriptions: [{ plan: 'starter', status: 'canceled' }] },
  { base: 'free', status: 'deleted', subscriptions: [] },
];

/** The story of the n-th tenant: the told ones spread among ordinary ones. */
export function storyOf(n: number, random: Random): TenantStory {
  const turn = Math.floor(n / 11);
  const told =
    n % 11 === 4
      ? TOLD[turn]
      : n % 11 === 9
        ? OVERRIDE_STORIES[turn - 6]
        : n % 11 === 1
          ? FINDING_STORIES[turn - 2]
          : undefined;
  if (told) return told;
  const dice = random.next();
  if (dice < 0.52) return { base: 'free', subscriptions: [] };
  if (dice < 0.78) return paid('starter', 'active');
  if (dice < 0.92) return paid('business', 'active');
  if (dice < 0.96) return paid('starter', 'canceled');
  return { base: 'custom', subscriptions: [] };
}
