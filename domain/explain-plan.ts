import type { ReasonCode } from './decide-plan.types';
import type { ExplainedLayer, Explanation } from './explanation';
import { layerPriceText } from './layer-price';
import { longDay } from './moment';
import type { TenantStatus } from './tenant';

/** What sentences are made of. */
export interface Told {
  tenantName: string;
  /** The moment that is told of; null for now. */
  at: Date | null;
  /** Since when the plan holds, or held then. */
  since: Date | null;
  planName: (planId: string) => string;
  /** What was decided; of an old time maybe no more than the plan and a sentence. */
  decided: Explanation | { planId: string; reason: string };
  /** As the tenant stands now; told of now alone. */
  status: TenantStatus;
}

type PlanName = Told['planName'];
type Tell = (layer: ExplainedLayer, planName: PlanName) => string;

/** What a status of Stripe means to somebody who does not know its words. */
const STATUS_TEXT: Record<string, string> = {
  active: 'is active',
  trialing: 'is on trial',
  canceled: 'was cancelled',
  unpaid: 'is unpaid, and Stripe no longer tries to collect',
  paused: 'is paused, since its trial ended without a way to pay',
  incomplete_expired: 'was never paid for and has lapsed',
};

const plan = ({ planId }: ExplainedLayer, planName: PlanName): string =>
  planId === null ? 'no plan' : planName(planId);

const running: Tell = ({ status, end, periodEnd }) => {
  const is = STATUS_TEXT[status ?? ''] ?? `is ${status}`;
  if (end) return `${is} and ends on ${longDay(end)}`;
  return periodEnd ? `${is} until ${longDay(periodEnd)}, and then renews` : is;
};

/** What each layer says of itself, as the rest of a sentence that begins with its name. */
const SAYS: Record<ReasonCode, Tell> = {
  base: () => 'is what it has when nothing better is paid for or granted',
  'base-stand-in': () => 'stands in, since the base plan that was chosen is no longer offered',
  'override-floor': ({ end }) => `runs until ${longDay(end)}`,
  'override-pinned': (layer, planName) => `holds it to exactly ${plan(layer, planName)} until ${longDay(layer.end)}`,
  'override-scheduled': ({ startsAt }) => `starts on ${longDay(startsAt)}`,
  'override-ended': ({ end }) => `ended on ${longDay(end)}`,
  'override-unknown-dates': () => 'has no dates that are known',
  'override-unknown-plan': () => 'names a plan that does not exist',
  'subscription-active': running,
  'in-grace': ({ end }) => `has a payment overdue and still counts until ${longDay(end)}`,
  'grace-ended': () => 'has a payment overdue, and the time allowed for it is over',
  cancelled: ({ periodEnd }) =>
    periodEnd ? `was cancelled, and was paid until ${longDay(periodEnd)}` : 'was cancelled',
  ended: ({ status }) => STATUS_TEXT[status ?? ''] ?? `has ended (${status})`,
  incomplete: () => 'still waits for its first payment',
  'customer-deleted': () => 'counts no more, since its customer was deleted at Stripe',
  'wrong-mode': ({ livemode, counts }) =>
    `is a ${livemode ? 'live' : 'test'} one, unlike the rest, so it ${counts ? 'goes on as' : 'stays without effect, as'} it last was`,
  missing: ({ counts }) =>
    `is no longer listed by Stripe, so it ${counts ? 'goes on as' : 'stays without effect, as'} it last was`,
  'unknown-status': ({ status, counts }) =>
    `has the status “${status}”, which is not known here, so it ${counts ? 'goes on as' : 'stays without effect, as'} it last was`,
  'unknown-price': (layer, planName) =>
    layer.planId === null
      ? 'has a price that belongs to no plan'
      : `has a price that belongs to no plan, so it keeps ${plan(layer, planName)}, which it last earned`,
};

/** Why a layer lost that counts. */
const LOST: Record<NonNullable<ExplainedLayer['lostBy']>, (winner: string) => string> = {
  pin: (winner) => `loses, because ${winner} is pinned`,
  rank: (winner) => `loses, because ${winner} ranks at least as high`,
  'no-plan': () => 'gives nothing, because no plan is known for it',
};

function nameOf(layer: ExplainedLayer, planName: PlanName): string {
  if (layer.layer === 'base') return `the base plan ${plan(layer, planName)}`;
  if (layer.layer === 'override') return `the granted plan ${plan(layer, planName)}`;
  const about = [
    ...(layer.planId === null ? [] : [planName(layer.planId)]),
    ...(layer.price ? [layerPriceText(layer.price, 'en')] : []),
  ];
  return `subscription ${layer.id}${about.length > 0 ? ` (${about.join(', ')})` : ''}`;
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** What a layer that did not win says, and why that was not enough. */
function loser(layer: ExplainedLayer, winner: string, planName: PlanName): string {
  const name = capital(nameOf(layer, planName));
  const says = SAYS[layer.reasonCode](layer, planName);
  if (!layer.counts || layer.lostBy === null) return `${name} does not count: it ${says}.`;
  // That a base plan is one says nothing; of all others it matters what they are.
  if (layer.reasonCode === 'base') return `${name} ${LOST[layer.lostBy](winner)}.`;
  return `${name} ${says}, but ${LOST[layer.lostBy](winner)}.`;
}

function headline({ tenantName, at, since, planName, decided }: Told): string {
  const name = planName(decided.planId);
  const start = `${at ? `As of ${longDay(at)}, ` : ''}${tenantName} is on ${name}${since ? ` since ${longDay(since)}` : ''}`;
  if (!('layers' in decided)) return `${start}. What was noted then: ${decided.reason}`;
  const winner = decided.layers.find(({ won }) => won);
  if (!winner) return `${start}.`;
  if (winner.layer === 'base' && winner.reasonCode === 'base') return `${start}, because that is its base plan.`;
  return `${start}, because ${nameOf(winner, planName)} ${SAYS[winner.reasonCode](winner, planName)}.`;
}

const STANDING: Record<TenantStatus, ((name: string) => string) | null> = {
  active: null,
  suspended: (name) => `${name} is suspended at the moment: its members can read, but change nothing.`,
  deleted: (name) => `${name} is deleted: its members can't enter it.`,
};

/** The second to last sentences: what holds beside the plan. */
function besides({ at, tenantName, status }: Told, { seatLimit, nextChangeAt }: Explanation): string[] {
  const seats =
    seatLimit === null
      ? 'There is no limit to its seats.'
      : `It has ${seatLimit} ${seatLimit === 1 ? 'seat' : 'seats'}.`;
  const next = nextChangeAt ? [`The next change by time alone is due on ${longDay(nextChangeAt)}.`] : [];
  const standing = at ? null : STANDING[status];
  return [seats, ...next, ...(standing ? [standing(tenantName)] : [])];
}

/**
 * Tells a decision in plain sentences, fit for a mail to the customer: they hold no operator's name or reason, and
 * nothing that only we need to look at. A past date is told as it stood then. Days are UTC.
 */
export function explainPlan(told: Told): string[] {
  const { decided, planName } = told;
  if (!('layers' in decided))
    return [headline(told), 'What else was looked at then, and how many seats it has, was not kept for that time.'];
  const winner = planName(decided.planId);
  const losers = decided.layers.filter(({ won }) => !won).map((layer) => loser(layer, winner, planName));
  return [headline(told), ...losers, ...besides(told, decided)];
}
