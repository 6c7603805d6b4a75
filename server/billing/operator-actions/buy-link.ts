import type Stripe from 'stripe';
import { MoreThan } from 'typeorm';
import type { Actor } from '../../audit/actor';
import type { Context } from '../../context';
import { conflict } from '../../errors';
import { ask } from '../../stripe/ask';
import { type OpenCheckout, openCheckout, whereToPay } from '../checkout';
import { Checkout } from '../checkout.entity';
import { withLease } from '../lease';
import { liveSubscriptions } from '../live-subscriptions';
import { askToChange, refuseBusy } from './change-at-stripe';
import { requireSoldPlan } from './changes';
import { requireTenant } from './choose-subscription';

/** Who asks again so soon means the same link: a double click, or a second try after a lost answer. */
const SAME_LINK_MS = 60_000;

async function justOpened(
  { db }: Context,
  stripe: Stripe,
  tenantId: string,
  planId: string,
): Promise<OpenCheckout | null> {
  const createdAt = MoreThan(new Date(Date.now() - SAME_LINK_MS));
  const open = { tenantId, planId, status: 'open' as const, createdAt };
  const checkout = await db.getRepository(Checkout).findOne({ where: open, order: { createdAt: 'DESC' } });
  if (!checkout) return null;
  const session = await ask(stripe.checkout.sessions.retrieve(checkout.id));
  return session.status === 'open' ? whereToPay(session) : null;
}

/**
 * Opens a checkout for a tenant's first paid plan, to be sent to whoever pays; an older open one is expired first.
 * Asked again within a minute, it gives the same.
 * @throws ProblemError 409 `already_subscribed` where the tenant has a live subscription
 */
export async function openBuyLink(
  context: Context,
  stripe: Stripe,
  actor: Actor,
  tenantId: string,
  planId: string,
): Promise<{ checkoutUrl: string; expiresAt: string }> {
  const tenant = await requireTenant(context, tenantId);
  const plan = await requireSoldPlan(context, planId);
  const open = async () => {
    const live = await liveSubscriptions(context, stripe, tenantId);
    if (live[0])
      throw conflict(
        'already_subscribed',
        `This tenant has subscription ${live[0].id}: change its plan, so that nobody pays twice.`,
      );
    const known = await justOpened(context, stripe, tenantId, planId);
    return known ?? (await askToChange(openCheckout(context, stripe, actor, tenant, plan)));
  };
  const { url, expiresAt } = await withLease(context.db, `buy/${tenantId}`, open, 15_000).catch(refuseBusy);
  return { checkoutUrl: url, expiresAt: expiresAt.toISOString() };
}
