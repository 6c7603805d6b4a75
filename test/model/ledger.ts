import type Stripe from 'stripe';
import { idOf } from '../../dev/stripe/store/json';
import type { State } from '../../dev/stripe/store/state';
import { PLANS, planOfMapped } from './catalogue';
import type { MappedPrice } from './commands';
import {
  countsNow,
  type OracleItem,
  type OracleOverride,
  type OraclePlan,
  type OracleSubscription,
  type OracleTenant,
  planOfItems,
} from './oracle';

/** What operators decided in a history, and what each subscription was seen to hold: all that the oracle needs beside Stripe. */
export class Ledger {
  readonly base = new Map<string, string>();
  readonly overrides: (OracleOverride & { id: string; tenantId: string })[] = [];
  /** The tenant that a customer is to be linked to, once it is read. */
  readonly links = new Map<string, string | null>();
  /** Customers that were surely read since they were made: what they name is known even after they are deleted. */
  readonly read = new Set<string>();
  private readonly unmapped = new Set<MappedPrice>();
  /** Per subscription, what it may have earned last when all was quiet. */
  private readonly settled = new Map<string, Set<string | null>>();
  /** Items that subscriptions had, and catalogues that there were, since then. */
  private readonly itemsSince = new Map<string, Map<string, OracleItem[]>>();
  private cataloguesSince: OraclePlan[][];

  constructor(
    readonly tenantIds: readonly string[],
    private readonly graceDays: number,
  ) {
    for (const id of tenantIds) this.base.set(id, 'free');
    this.cataloguesSince = [this.plans()];
  }

  /** The catalogue as it is now. */
  plans(): OraclePlan[] {
    return PLANS.map((plan) => ({ ...plan, prices: plan.prices.filter((price) => !this.isUnmapped(price)) }));
  }

  private isUnmapped = (price: string): boolean => this.unmapped.has(price as MappedPrice);

  setMapped(price: MappedPrice, mapped: boolean): void {
    if (mapped) this.unmapped.delete(price);
    else this.unmapped.add(price);
    this.cataloguesSince.push(this.plans());
  }

  /** The prices that the plan of `price` has now. */
  pricesBeside(price: MappedPrice): readonly string[] {
    const { id } = planOfMapped(price);
    return this.plans().find((plan) => plan.id === id)!.prices;
  }

  /** Notes what Stripe holds now, so that it counts as held even if it is gone before anybody reads it. */
  watch(state: State): void {
    for (const one of state.subscriptions.all()) {
      const items = itemsOf(one);
      const seen = this.itemsSince.get(one.id) ?? new Map<string, OracleItem[]>();
      seen.set(items.map(({ price }) => price).join(), items);
      this.itemsSince.set(one.id, seen);
    }
  }

  /** All is quiet: whatever counts and has a price that we know was read as it is. */
  noteQuiet(state: State, now: number): void {
    for (const one of state.subscriptions.all()) {
      const facts = this.subscriptionFacts(state, one);
      const known = planOfItems(facts.items, this.plans());
      const sure = known && countsNow(facts, now, this.graceDays) && this.links.get(idOf(one.customer)) != null;
      this.settled.set(one.id, sure ? new Set([known.plan.id]) : new Set(facts.held));
    }
    for (const { id } of state.customers.all()) this.read.add(id);
    this.itemsSince.clear();
    this.cataloguesSince = [this.plans()];
    this.watch(state);
  }

  private heldBy(id: string): Set<string | null> {
    const held = new Set(this.settled.get(id) ?? [null]);
    for (const items of this.itemsSince.get(id)?.values() ?? [])
      for (const plans of this.cataloguesSince) {
        const known = planOfItems(items, plans);
        if (known) held.add(known.plan.id);
      }
    return held;
  }

  private subscriptionFacts(state: State, one: Stripe.Subscription): OracleSubscription {
    return {
      id: one.id,
      status: one.status,
      customerDeleted: state.deletedCustomers.has(idOf(one.customer)),
      items: itemsOf(one),
      cancelAtPeriodEnd: one.cancel_at_period_end,
      cancelAt: one.cancel_at === null ? null : one.cancel_at * 1000,
      owedSince: one.status === 'past_due' ? owedSince(state, one) : null,
      held: this.heldBy(one.id),
    };
  }

  /** What the oracle is told of a tenant. */
  factsOf(state: State, tenantId: string): OracleTenant {
    return {
      base: this.base.get(tenantId)!,
      overrides: this.overrides.filter((one) => one.tenantId === tenantId),
      subscriptions: state.subscriptions
        .all()
        .filter(({ customer }) => this.links.get(idOf(customer)) === tenantId)
        .map((one) => this.subscriptionFacts(state, one)),
    };
  }
}

const itemsOf = (subscription: Stripe.Subscription): OracleItem[] =>
  subscription.items.data.map((item) => ({
    price: item.price.id,
    lookupKey: item.price.lookup_key,
    quantity: item.quantity ?? 1,
    periodEnd: item.current_period_end * 1000,
  }));

/** The due or finalised time of a subscription's oldest open invoice. */
function owedSince(state: State, subscription: Stripe.Subscription): number | null {
  const open = state.invoices
    .inGroup(idOf(subscription.customer))
    .filter(({ status, parent }) => {
      const bills = idOf(parent?.subscription_details?.subscription);
      return status === 'open' && bills === subscription.id;
    })
    .map(({ due_date, status_transitions, created }) => due_date ?? status_transitions.finalized_at ?? created);
  return open.length > 0 ? Math.min(...open) * 1000 : null;
}
