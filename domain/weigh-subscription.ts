import type { Catalogue, FindingKind, PlanFinding, SubscriptionFact } from './decide-plan.types';
import type { CataloguePlan } from './plan';
import { standingOf } from './subscription-status';

const DAY_MS = 86_400_000;

export interface Weighed {
  subscription: SubscriptionFact;
  plan: CataloguePlan | null;
  quantity: number;
  counts: boolean;
  why: string;
  findings: PlanFinding[];
  /** When time alone ends or changes its standing. */
  until: Date | null;
}

/** Ranks plans: the better first, ties by id so that the order is total. */
export const byRank = (a: CataloguePlan, b: CataloguePlan): number => b.rank - a.rank || (a.id < b.id ? -1 : 1);

const earns = (plan: CataloguePlan, priceId: string, lookupKey: string | null) =>
  plan.stripePriceIds.includes(priceId) || (lookupKey !== null && plan.stripeLookupKey === lookupKey);

/** The best known plan among the items; none known: the plan that the subscription last earned, with `known: false`. */
function planOf(subscription: SubscriptionFact, catalogue: Catalogue) {
  const found = subscription.items
    .flatMap((item) =>
      catalogue
        .filter((plan) => earns(plan, item.priceId, item.lookupKey))
        .map((plan) => ({ plan, quantity: item.quantity })),
    )
    .sort((a, b) => byRank(a.plan, b.plan) || b.quantity - a.quantity)[0];
  if (found) return { ...found, known: true };
  const kept = catalogue.find(({ id }) => id === subscription.lastEarnedPlanId) ?? null;
  return { plan: kept, quantity: subscription.items[0]?.quantity ?? 1, known: false };
}

type Verdict = Pick<Weighed, 'counts' | 'why' | 'until'> & { finding?: [FindingKind, PlanFinding['severity'], string] };

const lastCounted = (subscription: SubscriptionFact) => subscription.lastCounted ?? false;

function graceVerdict(subscription: SubscriptionFact, now: Date, graceDays: number): Verdict {
  const until = new Date((subscription.pastDueSince ?? now).getTime() + graceDays * DAY_MS);
  const day = until.toISOString().slice(0, 10);
  const open = now < until;
  return {
    counts: open,
    until: open ? until : null,
    why: open ? `payment is overdue; in grace until ${day}` : `payment is overdue and grace ended on ${day}`,
    finding: [
      'past-due',
      open ? 'warning' : 'critical',
      open
        ? `A payment is overdue; the plan is kept until ${day}.`
        : `A payment is overdue and its grace ended on ${day}.`,
    ],
  };
}

/** Ordered: the first that applies decides whether a subscription counts. */
function judge(subscription: SubscriptionFact, now: Date, graceDays: number, livemode: boolean): Verdict {
  const { status, cancelAt } = subscription;
  if (subscription.customerDeleted)
    return {
      counts: false,
      until: null,
      why: 'its customer was deleted in Stripe',
      finding: ['deleted-customer', 'warning', 'The Stripe customer of this subscription was deleted.'],
    };
  if (subscription.livemode !== livemode)
    return {
      counts: lastCounted(subscription),
      until: null,
      why: 'it is of the other mode (live or test), so it stays as it last counted',
      finding: ['wrong-mode', 'critical', 'The subscription is of the other Stripe mode than our key.'],
    };
  const standing = standingOf(status);
  if (standing === undefined)
    return {
      counts: lastCounted(subscription),
      until: null,
      why: `its status "${status}" is unknown, so it stays as it last counted`,
      finding: ['unknown-status', 'critical', `Stripe reports the unknown status "${status}".`],
    };
  if (standing === 'absent') return { counts: false, until: null, why: 'its first payment never came (incomplete)' };
  if (standing === 'ended') return { counts: false, until: null, why: `it is ${status}` };
  if (cancelAt && cancelAt <= now)
    return { counts: false, until: null, why: `it was cancelled as of ${cancelAt.toISOString().slice(0, 10)}` };
  const verdict: Verdict =
    standing === 'grace'
      ? graceVerdict(subscription, now, graceDays)
      : { counts: true, until: null, why: `it is ${status}` };
  const until = verdict.counts && cancelAt && (!verdict.until || cancelAt < verdict.until) ? cancelAt : verdict.until;
  if (subscription.pauseCollection && verdict.counts && !verdict.finding)
    return {
      ...verdict,
      until,
      why: `${verdict.why}, though its collection is paused`,
      finding: ['collection-paused', 'warning', 'Collection is paused: the plan is given, nothing is charged.'],
    };
  return { ...verdict, until };
}

/** What one subscription says: which plan, whether it counts now, until when, and what a person should look at. */
export function weighSubscription(
  subscription: SubscriptionFact,
  catalogue: Catalogue,
  now: Date,
  graceDays: number,
  livemode: boolean,
): Weighed {
  const verdict = judge(subscription, now, graceDays, livemode);
  const { plan, quantity, known } = planOf(subscription, catalogue);
  const about = { subscriptionId: subscription.id, customerId: subscription.customerId };
  const findings: PlanFinding[] = [];
  if (verdict.finding) {
    const [kind, severity, summary] = verdict.finding;
    findings.push({ kind, severity, ...about, summary, expected: null, actual: subscription.status });
  }
  if (!known && verdict.counts)
    findings.push({
      kind: 'unknown-price',
      severity: 'critical',
      ...about,
      summary: 'No plan knows the price of this subscription: it goes on earning the plan that it last earned.',
      expected: 'a price that a plan maps',
      actual: subscription.items.map(({ priceId }) => priceId).join(', ') || 'no items',
    });
  const why = known ? verdict.why : `${verdict.why}; no plan knows its price, so it keeps what it last earned`;
  return { subscription, plan, quantity, counts: verdict.counts, why, findings, until: verdict.until };
}
