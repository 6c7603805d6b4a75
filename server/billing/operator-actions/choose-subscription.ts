import type Stripe from 'stripe';
import type { Context } from '../../context';
import { conflict, notFound } from '../../errors';
import { ask } from '../../stripe/ask';
import { idOf } from '../../stripe/facts';
import { Tenant } from '../../tenants/tenant.entity';
import { customersOf, liveSubscriptions } from '../live-subscriptions';

/** Reads a tenant. Throws 404, and 409 `tenant_deleted` unless `evenDeleted`. */
export async function requireTenant({ db }: Context, id: string, options: { evenDeleted?: true } = {}) {
  const tenant = await db.getRepository(Tenant).findOneBy({ id });
  if (!tenant) throw notFound('tenant', id);
  if (tenant.status === 'deleted' && !options.evenDeleted)
    throw conflict('tenant_deleted', 'This tenant is deleted. Restore it first.');
  return tenant;
}

async function ownSubscription(context: Context, stripe: Stripe, tenantId: string, id: string) {
  const found = await ask(stripe.subscriptions.retrieve(id)).catch((error: unknown) => {
    if ((error as Stripe.errors.StripeError).code === 'resource_missing') return null;
    throw error;
  });
  const customers = await customersOf(context, tenantId);
  if (!found || !customers.some((customer) => customer.id === idOf(found.customer))) throw notFound('subscription', id);
  return found;
}

/**
 * The subscription of a tenant that is meant, as Stripe has it now: the named one, else the one that decides its plan,
 * else its only live one. Throws 404, 409 `no_subscription` and `several_subscriptions`.
 */
export async function chooseSubscription(
  context: Context,
  stripe: Stripe,
  { id: tenantId, subscriptionId: deciding }: Pick<Tenant, 'id' | 'subscriptionId'>,
  named?: string | null,
): Promise<Stripe.Subscription> {
  if (named) return ownSubscription(context, stripe, tenantId, named);
  const live = await liveSubscriptions(context, stripe, tenantId);
  const chosen = live.find(({ id }) => id === deciding) ?? live[0];
  if (!chosen) throw conflict('no_subscription', 'This tenant has no live subscription. Send it a link to buy one.');
  if (live.length > 1 && chosen.id !== deciding)
    throw conflict(
      'several_subscriptions',
      `This tenant has several live subscriptions, and none decides: name one of ${live.map(({ id }) => id).join(', ')}.`,
      { subscriptionId: 'Choose one.' },
    );
  return chosen;
}
