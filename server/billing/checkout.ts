import type Stripe from 'stripe';
import type { Actor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { conflict } from '../errors';
import type { Plan } from '../plans/plan.entity';
import { PlanPrice } from '../plans/plan-price.entity';
import { ask } from '../stripe/ask';
import { idOf } from '../stripe/facts';
import { lockTenant } from '../tenants/change-tenant';
import type { Tenant } from '../tenants/tenant.entity';
import { User } from '../users/user.entity';
import { Checkout } from './checkout.entity';
import { withLease } from './lease';
import { linkMadeCustomer } from './link-customer';
import { customersOf, isLive } from './live-subscriptions';
import { StripeCustomer } from './stripe-customer.entity';
import { Subscription } from './subscription.entity';

/** The Stripe price that buys a plan: its first price id, else whatever its lookup key leads to. Throws 409. */
export async function priceOf({ db }: Context, stripe: Stripe, plan: Plan): Promise<string> {
  const known = await db.getRepository(PlanPrice).findOne({ where: { planId: plan.id }, order: { priceId: 'ASC' } });
  if (known) return known.priceId;
  if (plan.stripeLookupKey) {
    const listed = stripe.prices.list({ lookup_keys: [plan.stripeLookupKey], active: true, limit: 1 });
    const { data } = await ask(listed);
    if (data[0]) return data[0].id;
  }
  throw conflict('no_price', `${plan.name} has no price in Stripe yet, so it can't be bought. Tell support.`);
}

async function emailOf({ db }: Context, actor: Actor): Promise<string | undefined> {
  if (actor.type !== 'user' || !actor.id) return undefined;
  return (await db.getRepository(User).findOneBy({ id: actor.id }))?.email ?? undefined;
}

/** The tenant's Stripe customer, made once: the idempotency key makes two at once one and the same. */
async function ensureCustomer(context: Context, stripe: Stripe, actor: Actor, tenant: Tenant): Promise<string> {
  const [known] = await customersOf(context, tenant.id);
  if (known) return known.id;
  const former = await context.db.getRepository(StripeCustomer).countBy({ tenantId: tenant.id });
  const made = await ask(
    stripe.customers.create(
      { metadata: { tenantId: tenant.id } },
      { idempotencyKey: `customer/${tenant.id}/${former}/${context.config.stripe.livemode}` },
    ),
  );
  await linkMadeCustomer(context, actor, tenant.id, made.id);
  // Apart from the creation: these change, and one idempotency key takes only ever the same parameters.
  await ask(stripe.customers.update(made.id, { name: tenant.name, email: await emailOf(context, actor) }));
  return made.id;
}

/** Null where Stripe has no such session under our key: it is of the other mode, or of another account. */
const sessionOf = (stripe: Stripe, id: string): Promise<Stripe.Checkout.Session | null> =>
  ask(
    stripe.checkout.sessions.retrieve(id).catch((error: Stripe.errors.StripeError) => {
      if (error.code === 'resource_missing') return null;
      throw error;
    }),
  );

/** Ends the tenant's open sessions, so that nobody pays by them any more. Gives the live subscription of one just paid. */
export async function endOpenCheckouts({ db }: Context, stripe: Stripe, tenantId: string): Promise<string | null> {
  let paid: string | null = null;
  const checkouts = db.getRepository(Checkout);
  for (const { id } of await checkouts.findBy({ tenantId, status: 'open' })) {
    const session = await sessionOf(stripe, id);
    if (session?.status === 'open') await ask(stripe.checkout.sessions.expire(id));
    await checkouts.update({ id }, { status: session?.status === 'complete' ? 'complete' : 'expired' });
    const bought = session?.status === 'complete' && session.subscription ? idOf(session.subscription) : null;
    if (bought && isLive(await ask(stripe.subscriptions.retrieve(bought)))) paid = bought;
  }
  return paid;
}

export interface OpenCheckout {
  url: string;
  /** After that Stripe takes no payment by it. */
  expiresAt: Date;
}

/** Where an open session is paid, and until when. Throws where Stripe gives no address. */
export function whereToPay({ id, url, expires_at }: Stripe.Checkout.Session): OpenCheckout {
  if (!url) throw new Error(`Stripe gave checkout session ${id} no address.`);
  return { url, expiresAt: new Date(expires_at * 1000) };
}

/**
 * Opens a Stripe Checkout for a tenant's first paid plan; an older open one is expired first.
 * @throws ProblemError where Stripe is away, or an older session was paid meanwhile
 */
export async function openCheckout(
  context: Context,
  stripe: Stripe,
  actor: Actor,
  tenant: Tenant,
  plan: Plan,
): Promise<OpenCheckout> {
  const price = await priceOf(context, stripe, plan);
  const customer = await ensureCustomer(context, stripe, actor, tenant);
  const page = `${context.config.publicUrl}/t/${tenant.id}/plan`;
  const { db } = context;
  return withLease(
    db,
    customer,
    async () => {
      if (await endOpenCheckouts(context, stripe, tenant.id))
        throw conflict('already_paid', 'A checkout was just paid. The plan changes within seconds; reload the page.');
      const nth = await db.getRepository(Checkout).countBy({ tenantId: tenant.id });
      const paidBefore = await db.getRepository(Subscription).existsBy({ tenantId: tenant.id });
      const session = await ask(
        stripe.checkout.sessions.create(
          {
            mode: 'subscription',
            customer,
            client_reference_id: tenant.id,
            line_items: [{ price, quantity: plan.seatsFromQuantity ? Math.max(1, tenant.memberCount) : 1 }],
            metadata: { tenantId: tenant.id, planId: plan.id },
            subscription_data: {
              metadata: { tenantId: tenant.id },
              ...(plan.trialDays > 0 && !paidBefore ? { trial_period_days: plan.trialDays } : {}),
            },
            success_url: `${page}?checkout=done&session_id={CHECKOUT_SESSION_ID}`,
            cancel_url: `${page}?checkout=cancelled`,
          },
          { idempotencyKey: `checkout/${tenant.id}/${nth}/${plan.id}/${price}/${tenant.memberCount}` },
        ),
      );
      const opened = whereToPay(session);
      await inTransaction(db, async (tx) => {
        // Deleted meanwhile: nobody is told the address, so nobody pays by it.
        if ((await lockTenant(tx, tenant.id)).status === 'deleted')
          throw conflict('tenant_deleted', 'This tenant is deleted. Restore it first.');
        await tx.insert(Checkout, { id: session.id, tenantId: tenant.id, planId: plan.id });
        await recordAudit(tx, {
          actor,
          action: 'tenant.open-checkout',
          resource: 'tenants',
          resourceId: tenant.id,
          tenantId: tenant.id,
          changes: { checkout: { from: null, to: plan.id } },
        });
      });
      return opened;
    },
    5000,
  );
}
