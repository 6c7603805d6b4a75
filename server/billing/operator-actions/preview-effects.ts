import type Stripe from 'stripe';
import type { OverrideFact, SubscriptionFact } from '../../../domain/decide-plan.types';
import { stripeUrl } from '../../../domain/stripe-url';
import type { Context } from '../../context';
import { conflict, notFound } from '../../errors';
import type { Plan } from '../../plans/plan.entity';
import { readCustomer } from '../../stripe/read-customer';
import { priceOf } from '../checkout';
import { StripeCustomer } from '../stripe-customer.entity';
import { quantityOf, swappedItems } from '../swap';
import type { Previewed } from './bodies';
import { askToChange } from './change-at-stripe';
import { cancellation, requireLive, requireSoldPlan, resumption, trialExtension } from './changes';
import { chooseSubscription } from './choose-subscription';
import type { PreviewFacts } from './preview-facts';
import { foreseeEnding, foreseeExtension, foreseeGrant } from './preview-overrides';
import { nextCharge, onlyLater, type Proration, swapProration } from './preview-proration';

export interface Warning {
  code: string;
  text: string;
}

/** What an action would lead to. */
export interface Effect {
  subscriptions: SubscriptionFact[];
  /** The overrides as they would be, where the action changes one. */
  overrides?: OverrideFact[];
  /** From when on. */
  at: Date;
  /** When it ends by itself, where that is known beforehand. */
  endsAt?: Date;
  proration: Proration | null;
  warnings: Warning[];
  subscription: Stripe.Subscription | null;
  /** The subscriptions that end with it, and when. */
  ends?: { subscriptionId: string; stripeUrl: string | null; at: Date }[];
}

type Asked = Previewed;
type Of<Action extends Asked['action']> = Extract<Asked, { action: Action }>;
type Foresee<Action extends Asked['action']> = (
  context: Context,
  stripe: Stripe,
  facts: PreviewFacts,
  asked: Of<Action>,
) => Promise<Effect>;

const periodEnd = (one: Stripe.Subscription): number =>
  Math.min(...one.items.data.map(({ current_period_end }) => current_period_end));
const dateOf = (seconds: number): Date => new Date(seconds * 1000);
const day = (date: Date): string => date.toISOString().slice(0, 10);

const replaced = ({ subscriptions }: PreviewFacts, id: string, change: Partial<SubscriptionFact>) =>
  subscriptions.map((one) => (one.id === id ? { ...one, ...change } : one));

/** It is as wanted by now: nothing would be asked of Stripe. */
const nothingTo = ({ now }: Context, { subscriptions }: PreviewFacts, subscription: Stripe.Subscription): Effect => ({
  subscriptions,
  at: now(),
  proration: null,
  warnings: [{ code: 'no-change', text: `Nothing is left to do: subscription ${subscription.id} is so already.` }],
  subscription,
});

const buyLink: Foresee<'buy-link'> = async (context, stripe, facts, { planId }) => {
  const plan = await requireSoldPlan(context, planId);
  if (facts.live[0]) throw conflict('already_subscribed', 'This tenant has a live subscription: change its plan.');
  const price = await askToChange(stripe.prices.retrieve(await priceOf(context, stripe, plan)));
  const quantity = await quantityOf(context, plan, facts.tenant);
  const amount = (price.unit_amount ?? 0) * quantity;
  const trial = plan.trialDays > 0 && facts.subscriptions.length === 0;
  const at = context.now();
  const trialEnd = new Date(+at + plan.trialDays * 86_400_000).toISOString();
  const bought: SubscriptionFact = {
    id: 'sub_new',
    customerId: 'cus_new',
    customerDeleted: false,
    status: 'active',
    items: [{ priceId: price.id, lookupKey: price.lookup_key, quantity }],
    currentPeriodEnd: null,
    cancelAtPeriodEnd: false,
    cancelAt: null,
    pauseCollection: false,
    livemode: context.config.stripe.livemode,
    pastDueSince: null,
    lastEarnedPlanId: plan.id,
    lastCounted: null,
  };
  const proration = trial
    ? onlyLater(price.currency, { amount, at: trialEnd })
    : { ...onlyLater(price.currency, null), dueNow: amount };
  const warnings = [{ code: 'when-paid', text: 'Nothing changes until somebody pays by the link. Taxes come on top.' }];
  return { subscriptions: [...facts.subscriptions, bought], at, proration, warnings, subscription: null };
};

const changePlan: Foresee<'change-plan'> = async (context, stripe, facts, { planId, subscriptionId }) => {
  const plan: Plan = await requireSoldPlan(context, planId);
  const subscription = await chooseSubscription(context, stripe, facts.tenant, subscriptionId);
  requireLive(subscription);
  const price = await priceOf(context, stripe, plan);
  const { item, items } = await swappedItems(context, subscription, plan, price, facts.tenant);
  const swapped = subscription.items.data.map((one) =>
    one.id === item.id
      ? { priceId: price, lookupKey: plan.stripeLookupKey, quantity: items[0]!.quantity }
      : { priceId: one.price.id, lookupKey: one.price.lookup_key, quantity: one.quantity ?? 1 },
  );
  const same = item.price.id === price;
  return {
    subscriptions: replaced(facts, subscription.id, { items: swapped }),
    at: context.now(),
    proration: same ? null : await swapProration(stripe, subscription, items, new Date()),
    warnings: same ? [{ code: 'no-change', text: `This subscription pays for ${plan.name} already.` }] : [],
    subscription,
  };
};

const cancel: Foresee<'cancel-subscription'> = async (context, stripe, facts, { at, subscriptionId }) => {
  const subscription = await chooseSubscription(context, stripe, facts.tenant, subscriptionId);
  const end = dateOf(periodEnd(subscription));
  if (cancellation(at, null).isMade(subscription)) return nothingTo(context, facts, subscription);
  const unused = {
    code: 'no-refund',
    text: `Nothing is paid back for the time that is paid for until ${day(end)}.`,
  };
  return {
    subscriptions: replaced(
      facts,
      subscription.id,
      at === 'now' ? { status: 'canceled' } : { cancelAtPeriodEnd: true },
    ),
    at: at === 'now' ? context.now() : end,
    proration: onlyLater(subscription.currency, null),
    warnings: at === 'now' && end > context.now() ? [unused] : [],
    subscription,
  };
};

const resume: Foresee<'resume-subscription'> = async (context, stripe, facts, { subscriptionId }) => {
  const subscription = await chooseSubscription(context, stripe, facts.tenant, subscriptionId);
  if (resumption(null).isMade(subscription)) return nothingTo(context, facts, subscription);
  await resumption(null).order(subscription);
  const next = await nextCharge(stripe, subscription);
  return {
    subscriptions: replaced(facts, subscription.id, { cancelAtPeriodEnd: false, cancelAt: null }),
    // The plan would have ended with the period: what comes of it shows from then on.
    at: dateOf(periodEnd(subscription)),
    proration: onlyLater(subscription.currency, next && { amount: next.amount, at: next.at }),
    warnings: [],
    subscription,
  };
};

const extendTrial: Foresee<'extend-trial'> = async (context, stripe, facts, { until, subscriptionId }) => {
  const subscription = await chooseSubscription(context, stripe, facts.tenant, subscriptionId);
  await trialExtension(context, { until, reason: '', startTrial: true }).order(subscription);
  const next = await nextCharge(stripe, subscription);
  const paid = {
    code: 'becomes-trial',
    text: 'This subscription is paid for: it becomes a trial again, and its billing day moves to the end of the trial.',
  };
  return {
    subscriptions: replaced(facts, subscription.id, { status: 'trialing', currentPeriodEnd: until }),
    at: context.now(),
    proration: onlyLater(subscription.currency, next && { amount: next.amount, at: until.toISOString() }),
    warnings: subscription.status === 'trialing' ? [] : [paid],
    subscription,
  };
};

const link: Foresee<'link-customer'> = async ({ db, now }, stripe, facts, { stripeCustomerId: customerId }) => {
  const known = await db.getRepository(StripeCustomer).findOneBy({ id: customerId });
  const { customer, subscriptions } = await askToChange(readCustomer(stripe, customerId)).catch((error: Error) => {
    throw error.name === 'GiveUp' ? notFound('stripe-customer', customerId) : error;
  });
  const linked = known?.tenantId && known.tenantId !== facts.tenant.id;
  const added = subscriptions.map((one) => ({
    ...one,
    customerDeleted: customer.deleted,
    pastDueSince: one.overdueSince,
    lastEarnedPlanId: null,
    lastCounted: null,
  }));
  const others = facts.subscriptions.filter((one) => one.customerId !== customerId);
  const warnings = linked
    ? [{ code: 'linked-elsewhere', text: `This customer belongs to tenant ${known.tenantId}: unlink it there first.` }]
    : [];
  return { subscriptions: [...others, ...added], at: now(), proration: null, warnings, subscription: null };
};

const unlink: Foresee<'unlink-customer'> = async ({ now }, _stripe, facts, { stripeCustomerId: customerId }) => {
  const charging = facts.live.some(({ customer }) => customer === customerId);
  const text = 'Stripe goes on charging this customer, for nothing: cancel its subscription, too.';
  return {
    subscriptions: facts.subscriptions.filter((one) => one.customerId !== customerId),
    at: now(),
    proration: null,
    warnings: charging ? [{ code: 'still-charging', text }] : [],
    subscription: null,
  };
};

const remove: Foresee<'delete'> = async ({ now }, _stripe, facts, { cancel: when }) => {
  const ids = new Set(facts.live.map(({ id }) => id));
  const change = when === 'now' ? { status: 'canceled' } : { cancelAtPeriodEnd: true };
  const ends = facts.live.map(periodEnd);
  const text = 'Restoring lets the members in again, but brings back no subscription.';
  return {
    subscriptions: facts.subscriptions.map((one) => (ids.has(one.id) ? { ...one, ...change } : one)),
    at: when === 'now' || ends.length === 0 ? now() : dateOf(Math.max(...ends)),
    proration: facts.live[0] ? onlyLater(facts.live[0].currency, null) : null,
    warnings: [{ code: 'not-restored', text }],
    subscription: null,
    ends: facts.live.map((one) => ({
      subscriptionId: one.id,
      stripeUrl: stripeUrl(one.id, one.livemode),
      at: when === 'now' ? now() : dateOf(Math.min(periodEnd(one), one.cancel_at ?? Number.POSITIVE_INFINITY)),
    })),
  };
};

const FORESEE: { [Action in Asked['action']]: Foresee<Action> } = {
  'buy-link': buyLink,
  'change-plan': changePlan,
  'cancel-subscription': cancel,
  'resume-subscription': resume,
  'extend-trial': extendTrial,
  'link-customer': link,
  'unlink-customer': unlink,
  delete: remove,
  'grant-override': (context, _stripe, facts, asked) => foreseeGrant(context, facts, asked),
  'extend-override': (context, _stripe, facts, asked) => foreseeExtension(context, facts, asked),
  'end-override': (context, _stripe, facts, asked) => foreseeEnding(context, facts, asked),
};

/** What would come of an action; nothing is changed. Throws what the action itself would. */
export const foresee = (context: Context, stripe: Stripe, facts: PreviewFacts, asked: Asked): Promise<Effect> =>
  (FORESEE[asked.action] as Foresee<Asked['action']>)(context, stripe, facts, asked as never);
