/**
 * A second opinion on a tenant's plan, written from the table of the design alone and sharing nothing with the rules
 * that it checks. Times are in milliseconds since 1970. It knows what Stripe holds and what operators decided; it never
 * looks at the mirror.
 */

export interface OracleItem {
  price: string;
  lookupKey: string | null;
  quantity: number;
  periodEnd: number;
}

export interface OracleSubscription {
  id: string;
  status: string;
  customerDeleted: boolean;
  items: OracleItem[];
  cancelAtPeriodEnd: boolean;
  cancelAt: number | null;
  /** While `past_due`: since when its oldest open invoice is owed. */
  owedSince: number | null;
  /** Plans that it may have earned last; null: none yet. They matter only while no plan knows its prices. */
  held: ReadonlySet<string | null>;
}

export interface OracleOverride {
  plan: string;
  pin: boolean;
  from: number;
  until: number;
}

export interface OraclePlan {
  id: string;
  rank: number;
  prices: readonly string[];
  lookupKey: string | null;
  /** What the plan itself allows; null: any number. */
  seats: number | null;
  seatsFromQuantity: boolean;
}

export interface OracleTenant {
  base: string;
  overrides: OracleOverride[];
  subscriptions: OracleSubscription[];
}

/** One right answer. `seats` is left out where the rules do not say which of several equals gives them. */
export interface Answer {
  plan: string;
  seats?: number | null;
}

const DAY = 86_400_000;

/** Whether a subscription counts at `now`. */
export function countsNow(subscription: OracleSubscription, now: number, graceDays: number): boolean {
  if (subscription.customerDeleted) return false;
  if (subscription.cancelAt !== null && subscription.cancelAt <= now) return false;
  if (subscription.cancelAtPeriodEnd && periodEndOf(subscription) <= now) return false;
  if (subscription.status === 'active' || subscription.status === 'trialing') return true;
  if (subscription.status !== 'past_due') return false;
  return now < (subscription.owedSince ?? now) + graceDays * DAY;
}

export const periodEndOf = ({ items }: Pick<OracleSubscription, 'items'>): number =>
  Math.min(...items.map(({ periodEnd }) => periodEnd));

const planOfItem = ({ price, lookupKey }: OracleItem, plans: readonly OraclePlan[]): OraclePlan | undefined =>
  plans.find(({ prices }) => prices.includes(price)) ??
  plans.find((plan) => plan.lookupKey !== null && plan.lookupKey === lookupKey);

/** The best plan that knows one of the prices, and the quantity of the item that bears it. */
export function planOfItems(
  items: readonly OracleItem[],
  plans: readonly OraclePlan[],
): { plan: OraclePlan; quantity: number } | null {
  let best: { plan: OraclePlan; quantity: number } | null = null;
  for (const item of items) {
    const plan = planOfItem(item, plans);
    if (plan && (best === null || plan.rank > best.plan.rank)) best = { plan, quantity: item.quantity };
  }
  return best;
}

/** What one layer may give; several where more than one answer is right. */
interface Offer {
  rank: number;
  plan: string;
  seats: number | null;
  /** Orders subscriptions that offer the same plan; undefined for other layers. */
  subscription?: { id: string; periodEnd: number };
}

const rankOf = (id: string, plans: readonly OraclePlan[]): OraclePlan => {
  const plan = plans.find((one) => one.id === id);
  if (!plan) throw new Error(`The oracle knows no plan "${id}".`);
  return plan;
};

const plainOffer = (id: string, plans: readonly OraclePlan[]): Offer => {
  const plan = rankOf(id, plans);
  return { rank: plan.rank, plan: plan.id, seats: plan.seats };
};

/** Every offer that a counting subscription may rightly make; null: none. */
function offersOf(subscription: OracleSubscription, plans: readonly OraclePlan[]): (Offer | null)[] {
  const named = { id: subscription.id, periodEnd: periodEndOf(subscription) };
  const known = planOfItems(subscription.items, plans);
  if (known) {
    const { id, rank, seats, seatsFromQuantity } = known.plan;
    return [{ rank, plan: id, seats: seatsFromQuantity ? known.quantity : seats, subscription: named }];
  }
  return [...subscription.held].map((id) => (id === null ? null : { ...plainOffer(id, plans), subscription: named }));
}

/** The better of two subscriptions' offers: rank, then the later end of the period, then the id. */
const better = (a: Offer, b: Offer): number =>
  b.rank - a.rank ||
  b.subscription!.periodEnd - a.subscription!.periodEnd ||
  (a.subscription!.id < b.subscription!.id ? -1 : 1);

/** Every way to pick one offer of each subscription. */
const combinations = (choices: (Offer | null)[][]): (Offer | null)[][] =>
  choices.reduce<(Offer | null)[][]>(
    (picked, next) => picked.flatMap((before) => next.map((offer) => [...before, offer])),
    [[]],
  );

/** The right answers for a tenant at `now`: one, but where missing knowledge leaves several. */
export function rightAnswers(
  tenant: OracleTenant,
  plans: readonly OraclePlan[],
  now: number,
  graceDays: number,
): Answer[] {
  const running = tenant.overrides.filter(({ from, until }) => from <= now && now < until);
  const pinned = running.filter(({ pin }) => pin).map(({ plan }) => plainOffer(plan, plans));
  if (pinned.length > 0) {
    const top = Math.max(...pinned.map(({ rank }) => rank));
    return pinned.filter(({ rank }) => rank === top).map(({ plan, seats }) => ({ plan, seats }));
  }
  const counting = tenant.subscriptions.filter((one) => countsNow(one, now, graceDays));
  const blind = counting.some(({ items }) => planOfItems(items, plans) === null);
  const granted = [plainOffer(tenant.base, plans), ...running.map(({ plan }) => plainOffer(plan, plans))];
  return combinations(counting.map((one) => offersOf(one, plans))).map((picked) => {
    const [paid] = picked.filter((offer): offer is Offer => offer !== null).sort(better);
    const offers = paid ? [...granted, paid] : granted;
    const top = Math.max(...offers.map(({ rank }) => rank));
    const best = offers.filter(({ rank }) => rank === top);
    const sure = !blind && new Set(best.map(({ seats }) => seats)).size === 1;
    return { plan: best[0]!.plan, ...(sure ? { seats: best[0]!.seats } : {}) };
  });
}
