import type Stripe from 'stripe';
import type { Context } from '../context';
import { conflict } from '../errors';
import { Plan } from '../plans/plan.entity';
import { PlanPrice } from '../plans/plan-price.entity';
import type { Tenant } from '../tenants/tenant.entity';

/** The item that earns the plan: the one whose price a plan knows, else the first. */
async function planItem({ db }: Context, subscription: Stripe.Subscription): Promise<Stripe.SubscriptionItem> {
  const known = new Set((await db.getRepository(PlanPrice).find()).map(({ priceId }) => priceId));
  const items = subscription.items.data;
  const item = items.find(({ price }) => known.has(price.id)) ?? items[0];
  if (!item) throw conflict('no_item', 'The subscription has no item to change. Contact support.');
  return item;
}

/** How many to charge for: a seat each where the plan sells seats, and one of what does not. */
export async function quantityOf(
  { db }: Context,
  plan: Plan,
  { memberCount }: Pick<Tenant, 'memberCount'>,
  item?: Stripe.SubscriptionItem,
): Promise<number> {
  if (!plan.seatsFromQuantity) return 1;
  const before = item && (await db.getRepository(PlanPrice).findOneBy({ priceId: item.price.id }));
  const former = before && (await db.getRepository(Plan).findOneBy({ id: before.planId }));
  return former?.seatsFromQuantity ? (item?.quantity ?? 1) : Math.max(1, memberCount);
}

/** The items that lead from a subscription's present plan to another: one price swapped for the other. */
export async function swappedItems(
  context: Context,
  subscription: Stripe.Subscription,
  plan: Plan,
  price: string,
  tenant: Pick<Tenant, 'memberCount'>,
) {
  const item = await planItem(context, subscription);
  return { item, items: [{ id: item.id, price, quantity: await quantityOf(context, plan, tenant, item) }] };
}

export const endsByItself = (one: Stripe.Subscription): boolean => one.cancel_at_period_end || one.cancel_at !== null;

/** What takes a cancellation back. */
export const resumed = (one: Stripe.Subscription): Stripe.SubscriptionUpdateParams =>
  one.cancel_at_period_end ? { cancel_at_period_end: false } : one.cancel_at !== null ? { cancel_at: '' } : {};
