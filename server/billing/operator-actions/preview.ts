import type Stripe from 'stripe';
import type { PlanDecision } from '../../../domain/decide-plan.types';
import { stripeUrl } from '../../../domain/stripe-url';
import type { Context } from '../../context';
import type { Tenant } from '../../tenants/tenant.entity';
import type { Previewed } from './bodies';
import { requireTenant } from './choose-subscription';
import { type Effect, foresee, type Warning } from './preview-effects';
import { decideAt, type PreviewFacts, previewFacts } from './preview-facts';

/** What holds whatever is done: who looks only at the action would be surprised. */
function standingWarnings(
  action: Previewed['action'],
  facts: PreviewFacts,
  effect: Effect,
  after: PlanDecision,
  now: Date,
): Warning[] {
  const { live, overrides, catalogue } = facts;
  const nameOf = (planId: string) => catalogue.find(({ id }) => id === planId)?.name ?? planId;
  const pinned = overrides.find(
    ({ pin, startsAt, endsAt, endedAt }) => pin && !endedAt && startsAt <= now && endsAt > now,
  );
  const { subscription: one } = effect;
  const told = action === 'resume-subscription' || effect.warnings.some(({ code }) => code === 'no-change');
  const ending = one && !told && (one.cancel_at_period_end || one.cancel_at);
  return [
    ...(live.length > 1
      ? [
          {
            code: 'several-subscriptions',
            text: `${live.length} subscriptions are live: ${live.map(({ id }) => id).join(', ')}.`,
          },
        ]
      : []),
    ...(pinned && !effect.overrides
      ? [
          {
            code: 'override-pinned',
            text: `An operator pinned ${nameOf(pinned.planId)}: it stays whatever is paid for.`,
          },
        ]
      : []),
    ...(after.source === 'override' && !pinned && !effect.overrides
      ? [{ code: 'override-floor', text: `An operator granted ${nameOf(after.planId)}, which holds meanwhile.` }]
      : []),
    ...(ending ? [{ code: 'ends-by-itself', text: 'This subscription is cancelled already and ends by itself.' }] : []),
  ];
}

/** Who would be over the seats that a decision leaves. */
export function seatsUnder(
  { seatLimit: limit }: Pick<PlanDecision, 'seatLimit'>,
  { tenant, pendingInvitations }: { tenant: Pick<Tenant, 'memberCount'>; pendingInvitations: number },
) {
  const { memberCount: members } = tenant;
  const over = limit === null ? 0 : Math.max(0, members + pendingInvitations - limit);
  return {
    limit,
    members,
    pendingInvitations,
    membersOver: limit === null ? 0 : Math.max(0, members - limit),
    invitationsOver: Math.min(pendingInvitations, over),
  };
}

export const decisionTold = ({ planId, source, reason, seatLimit }: PlanDecision) => ({
  planId,
  source,
  reason,
  seatLimit,
});

/**
 * The blast radius of an operator's action before it is done: the plan before and after (decided by the very rule that
 * decides in earnest), seats, money, mails, and what to beware of. Stripe is read, and nothing is changed anywhere.
 * @throws ProblemError as the action itself would: 400, 404, 409, 503
 */
export async function previewAction(context: Context, stripe: Stripe, tenantId: string, asked: Previewed) {
  const mayBeDeleted = ['cancel-subscription', 'end-override'].includes(asked.action);
  const evenDeleted = mayBeDeleted ? { evenDeleted: true as const } : {};
  const tenant = await requireTenant(context, tenantId, evenDeleted);
  const facts = await previewFacts(context, stripe, tenant);
  const now = context.now();
  const effect = await foresee(context, stripe, facts, asked);
  const before = decideAt(context, facts, facts.subscriptions, now);
  const then = { ...facts, overrides: effect.overrides ?? facts.overrides };
  const after = decideAt(context, then, effect.subscriptions, effect.at);
  const atEnd = effect.endsAt && decideAt(context, then, effect.subscriptions, effect.endsAt);
  const { subscription, proration, warnings } = effect;
  return {
    action: asked.action,
    subscriptionId: subscription?.id ?? null,
    stripeUrl: subscription && stripeUrl(subscription.id, subscription.livemode),
    before: decisionTold(before),
    after: { ...decisionTold(after), at: effect.at.toISOString() },
    seats: seatsUnder(after, facts),
    atEnd: atEnd ? { ...decisionTold(atEnd), at: effect.endsAt!.toISOString(), seats: seatsUnder(atEnd, facts) } : null,
    ends: (effect.ends ?? []).map((one) => ({ ...one, at: one.at.toISOString() })),
    proration,
    // None of these actions sends mail of ours; Stripe's receipts go by its own settings.
    mails: [],
    warnings: [...warnings, ...standingWarnings(asked.action, facts, effect, after, now)],
  };
}
