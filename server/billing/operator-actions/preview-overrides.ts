import type { OverrideFact, SubscriptionFact } from '../../../domain/decide-plan.types';
import { day } from '../../../domain/moment';
import { monthlyWorth } from '../../../domain/money-at-risk';
import type { CataloguePlan } from '../../../domain/plan';
import { moneyText } from '../../../domain/price-text';
import { strongestOverride, weighOverride } from '../../../domain/weigh-override';
import { weighSubscription } from '../../../domain/weigh-subscription';
import type { Context } from '../../context';
import { conflict, notFound } from '../../errors';
import { requireLater } from '../overrides/change-override';
import { requireGrantable, requireSpan } from '../overrides/grant-override';
import type { Previewed } from './bodies';
import type { Effect, Warning } from './preview-effects';
import { decideAt, type PreviewFacts } from './preview-facts';

type Of<Action extends Previewed['action']> = Extract<Previewed, { action: Action }>;

const nameOf = ({ catalogue }: PreviewFacts, planId: string): string =>
  catalogue.find(({ id }) => id === planId)?.name ?? planId;

/** Whether Stripe takes money for it, now or when its trial is over, until somebody cancels it. */
const isCharged = ({ status, pauseCollection, cancelAt, cancelAtPeriodEnd }: SubscriptionFact): boolean =>
  ['active', 'past_due', 'trialing'].includes(status) && !pauseCollection && !cancelAt && !cancelAtPeriodEnd;

/** The customer pays for what is given anyway, or for more than a pin lets them have. */
function chargeWarnings(
  { config, now }: Context,
  facts: PreviewFacts,
  plan: Pick<CataloguePlan, 'name' | 'rank'>,
  { pin, endsAt }: Pick<OverrideFact, 'pin' | 'endsAt'>,
): Warning[] {
  const live = new Set(facts.live.map(({ id }) => id));
  const around = { now: now(), graceDays: config.pastDueGraceDays, livemode: config.stripe.livemode };
  return facts.subscriptions
    .filter((one) => live.has(one.id) && isCharged(one))
    .flatMap((one) => {
      const paid = weighSubscription(one, facts.catalogue, around).plan;
      const higher = (paid?.rank ?? 0) > plan.rank;
      if (higher && !pin) return [];
      const worth = monthlyWorth(one.items);
      const price = worth ? `${moneyText(worth, 'en')} a month` : 'an amount that we do not know';
      const what = `${price} for ${paid?.name ?? 'a price that no plan knows'}`;
      const { currentPeriodEnd: trialEnd } = one;
      if (one.status === 'trialing') {
        if (!trialEnd || trialEnd >= endsAt) return [];
        return [
          { code: 'still-charging', text: `Stripe will charge ${what} once the trial ends on ${day(trialEnd)}.` },
        ];
      }
      const gets = higher ? ` and gets ${plan.name} meanwhile` : ' meanwhile';
      return [{ code: 'still-charging', text: `Stripe goes on charging: the customer pays ${what}${gets}.` }];
    });
}

/** What else was granted for the same time, and which of the two wins. */
function overlapWarnings(facts: PreviewFacts, granted: OverrideFact, now: Date): Warning[] {
  return facts.overrides
    .filter(({ id, endedAt, endsAt }) => id !== granted.id && !endedAt && endsAt > now)
    .flatMap((other) => {
      const both = new Date(Math.max(+granted.startsAt, +other.startsAt, +now));
      if (both >= granted.endsAt || both >= other.endsAt) return [];
      const weighed = [granted, other].map((one) => weighOverride(one, facts.catalogue, both));
      const wins = strongestOverride(weighed)?.override ?? other;
      const kind = other.pin ? 'pinned' : 'a floor';
      const text = `Another override (${nameOf(facts, other.planId)}, ${kind}) runs until ${day(other.endsAt)}: while both run, ${wins.id === other.id ? 'that one' : 'this one'} wins.`;
      return [{ code: 'overlaps', text }];
    });
}

/** A floor under what the tenant has anyway. */
function idleWarnings(context: Context, facts: PreviewFacts, granted: OverrideFact, at: Date): Warning[] {
  const { planId, overrideId, source } = decideAt(context, facts, facts.subscriptions, at);
  if (overrideId === granted.id || source === 'override') return [];
  const text = `${nameOf(facts, planId)} holds then anyway: this override changes nothing while it does.`;
  return [{ code: 'changes-nothing', text }];
}

/** What a span of an override leads to: its start (or the end it had), and what follows when it is over. */
function spanEffect(context: Context, facts: PreviewFacts, granted: OverrideFact, at: Date): Effect {
  const overrides = [...facts.overrides.filter(({ id }) => id !== granted.id), granted];
  const plan = facts.catalogue.find(({ id }) => id === granted.planId);
  return {
    subscriptions: facts.subscriptions,
    overrides,
    at,
    endsAt: granted.endsAt,
    proration: null,
    warnings: [
      ...(plan ? chargeWarnings(context, facts, plan, granted) : []),
      ...overlapWarnings(facts, granted, context.now()),
      ...idleWarnings(context, { ...facts, overrides }, granted, at),
    ],
    subscription: null,
  };
}

export async function foreseeGrant(
  context: Context,
  facts: PreviewFacts,
  { planId, pin, startsAt: asked, endsAt }: Of<'grant-override'>,
): Promise<Effect> {
  const startsAt = requireSpan({ startsAt: asked, endsAt }, context.now());
  await requireGrantable(context.db.manager, planId);
  return spanEffect(context, facts, { id: 'ovr_new', planId, pin, startsAt, endsAt, endedAt: null }, startsAt);
}

/** One of the tenant's overrides that is not over. Throws 404, 409. */
function openOne(facts: PreviewFacts, overrideId: string, now: Date): OverrideFact {
  const override = facts.overrides.find(({ id }) => id === overrideId);
  if (!override) throw notFound('override', overrideId);
  if (override.endedAt || override.endsAt <= now) throw conflict('override_ended', 'This override has ended already.');
  return override;
}

export async function foreseeExtension(
  context: Context,
  facts: PreviewFacts,
  { overrideId, endsAt }: Of<'extend-override'>,
): Promise<Effect> {
  const override = openOne(facts, overrideId, context.now());
  requireLater(override, endsAt);
  return spanEffect(context, facts, { ...override, endsAt }, override.endsAt);
}

export async function foreseeEnding(
  { now }: Context,
  facts: PreviewFacts,
  { overrideId }: Of<'end-override'>,
): Promise<Effect> {
  const at = now();
  const ended = { ...openOne(facts, overrideId, at), endedAt: at };
  return {
    subscriptions: facts.subscriptions,
    overrides: facts.overrides.map((one) => (one.id === overrideId ? ended : one)),
    at,
    proration: null,
    warnings: [],
    subscription: null,
  };
}
