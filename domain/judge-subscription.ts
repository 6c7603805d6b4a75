import type { FindingKind, PlanFinding, SubscriptionCode, SubscriptionFact } from './decide-plan.types';
import { DAY_MS, day, earliest, known } from './moment';
import { standingOf } from './subscription-status';

export interface Circumstances {
  now: Date;
  graceDays: number;
  /** The mode of our own Stripe key. */
  livemode: boolean;
}

export interface Verdict {
  counts: boolean;
  code: SubscriptionCode;
  why: string;
  /** When time alone turns `counts` into false. */
  until: Date | null;
  findings: { kind: FindingKind; severity: PlanFinding['severity']; summary: string }[];
  /** The answer is about another world: neither its prices nor its status may change what we keep. */
  frozen?: true;
}

type Rule = (subscription: SubscriptionFact, circumstances: Circumstances) => Verdict | null;

const no = (code: SubscriptionCode, why: string, findings: Verdict['findings'] = []): Verdict => ({
  counts: false,
  code,
  why,
  until: null,
  findings,
});

/** Stripe ends it here by itself: `cancel_at`, or the period's end under `cancel_at_period_end`, whichever is first. */
const scheduledEnd = ({ cancelAt, cancelAtPeriodEnd, currentPeriodEnd }: SubscriptionFact): Date | null =>
  earliest([cancelAt, cancelAtPeriodEnd ? currentPeriodEnd : null]);

const isOver = (status: string): boolean => {
  const standing = standingOf(status);
  return standing === 'ended' || standing === 'absent';
};

/** Retrieving a deleted customer answers 200 `{deleted: true}`; deleting it cancels its subscriptions at once. */
const deletedCustomer: Rule = ({ customerDeleted, status }) => {
  if (!customerDeleted) return null;
  const summary = 'The Stripe customer of this subscription was deleted, so it counts no more.';
  return no(
    'customer-deleted',
    'its customer was deleted in Stripe',
    isOver(status) ? [] : [{ kind: 'deleted-customer', severity: 'warning', summary }],
  );
};

/** Test and live objects share nothing but the shape: an answer of the other mode is no answer. */
const wrongMode: Rule = ({ livemode, lastCounted }, ours) => {
  if (livemode === ours.livemode) return null;
  const counts = lastCounted ?? false;
  const mode = livemode ? 'live' : 'test';
  const summary = `The subscription is of ${mode} mode and our Stripe key is not: it stays as it last counted.`;
  return {
    counts,
    code: 'wrong-mode',
    why: `it is of ${mode} mode and our key is not, so it stays as it last counted`,
    until: null,
    findings: [{ kind: 'wrong-mode', severity: counts ? 'critical' : 'warning', summary }],
    frozen: true,
  };
};

const over: Rule = ({ status }) => {
  const standing = standingOf(status);
  if (standing === 'absent')
    return no('incomplete', 'its first payment has not come (incomplete): as if it were not there');
  return standing === 'ended' ? no('ended', `it is ${status}`) : null;
};

const unknownStatus: Rule = ({ status, lastCounted }) => {
  if (standingOf(status) !== undefined) return null;
  const summary = `Stripe reports the status "${status}", which Tenantry does not know: it stays as it last counted.`;
  return {
    counts: lastCounted ?? false,
    code: 'unknown-status',
    why: `its status "${status}" is not known, so it stays as it last counted`,
    until: null,
    findings: [{ kind: 'unknown-status', severity: 'critical', summary }],
  };
};

const cancelled: Rule = (subscription, { now }) => {
  const end = scheduledEnd(subscription);
  return end && end <= now ? no('cancelled', `it was cancelled as of ${day(end)}`) : null;
};

/** Stripe lists ended subscriptions too, so one that is gone from its list is a fault, not a cancellation. */
const missing: Rule = (subscription) => {
  const since = known(subscription.missingSince);
  if (!since || subscription.lastCounted === null) return null;
  return {
    counts: subscription.lastCounted,
    code: 'missing',
    why: `Stripe has not listed it since ${day(since)}, so it stays as it last counted`,
    until: subscription.lastCounted ? scheduledEnd(subscription) : null,
    findings: [
      {
        kind: 'missing-subscription',
        severity: subscription.lastCounted ? 'critical' : 'warning',
        summary: `Stripe has not listed this subscription since ${day(since)}: it stays as it last counted.`,
      },
    ],
  };
};

/** Stripe has no date for it: grace runs from `pastDueSince`, which the sync keeps; unset, it begins now. */
const pastDue: Rule = (subscription, { now, graceDays }) => {
  if (standingOf(subscription.status) !== 'grace') return null;
  const graceEnd = new Date(+(known(subscription.pastDueSince) ?? now) + graceDays * DAY_MS);
  if (graceEnd <= now) {
    const summary = `A payment is overdue and its grace ended on ${day(graceEnd)}: the subscription counts no more.`;
    return no('grace-ended', `a payment is overdue and its grace ended on ${day(graceEnd)}`, [
      { kind: 'past-due', severity: 'critical', summary },
    ]);
  }
  const summary = `A payment is overdue: the subscription counts until ${day(graceEnd)}.`;
  return {
    counts: true,
    code: 'in-grace',
    why: `a payment is overdue; in grace until ${day(graceEnd)}`,
    until: earliest([graceEnd, scheduledEnd(subscription)]),
    findings: [{ kind: 'past-due', severity: 'warning', summary }],
  };
};

const paid = (subscription: SubscriptionFact): Verdict => {
  const until = scheduledEnd(subscription);
  const why = `it is ${subscription.status}${until ? ` and ends on ${day(until)}` : ''}`;
  return { counts: true, code: 'subscription-active', why, until, findings: [] };
};

/** Ordered: the first rule that speaks decides; where none does, it is paid. */
const RULES: readonly Rule[] = [deletedCustomer, wrongMode, over, unknownStatus, cancelled, missing, pastDue];

/** Whether a subscription counts as of `now`, until when, and what a person should look at. Total. */
export function judgeSubscription(subscription: SubscriptionFact, circumstances: Circumstances): Verdict {
  const spoken = RULES.reduce<Verdict | null>((said, rule) => said ?? rule(subscription, circumstances), null);
  const verdict = spoken ?? paid(subscription);
  if (!verdict.counts || verdict.frozen || !subscription.pauseCollection) return verdict;
  const summary = 'Collection is paused (pause_collection): the plan is given, and nothing is charged.';
  return {
    ...verdict,
    why: `${verdict.why}, though its collection is paused`,
    findings: [...verdict.findings, { kind: 'collection-paused', severity: 'warning', summary }],
  };
}
