import type Stripe from 'stripe';
import { In } from 'typeorm';
import type { Context } from '../../context';
import { ask } from '../../stripe/ask';
import { Tenant } from '../../tenants/tenant.entity';
import { Checkout } from '../checkout.entity';
import type { Finding } from '../finding.entity';

export interface TenantSuggestion {
  tenantId: string;
  tenantName: string;
  /** What in Stripe names the tenant. */
  from: 'customer-metadata' | 'subscription-metadata' | 'checkout';
}

type Hint = Pick<TenantSuggestion, 'from'> & { tenantId: string | undefined };

/** Anybody can put a `client_reference_id` into the address of a payment link: only sessions that we opened tell. */
async function checkoutHints({ db }: Context, stripe: Stripe, subscription: string): Promise<Hint[]> {
  const { data } = await ask(stripe.checkout.sessions.list({ subscription, limit: 10 }));
  if (data.length === 0) return [];
  const ours = await db.getRepository(Checkout).findBy({ id: In(data.map(({ id }) => id)) });
  return ours.map(({ tenantId }) => ({ from: 'checkout' as const, tenantId }));
}

async function hintsOf(
  context: Context,
  stripe: Stripe,
  { customerId, subscriptionId }: Pick<Finding, 'customerId' | 'subscriptionId'>,
): Promise<Hint[]> {
  const hints: Hint[] = [];
  if (customerId) {
    const customer = await ask(stripe.customers.retrieve(customerId));
    if (!customer.deleted) hints.push({ from: 'customer-metadata', tenantId: customer.metadata.tenantId });
  }
  if (subscriptionId) {
    const { metadata } = await ask(stripe.subscriptions.retrieve(subscriptionId));
    hints.push({ from: 'subscription-metadata', tenantId: metadata.tenantId });
    hints.push(...(await checkoutHints(context, stripe, subscriptionId)));
  }
  return hints;
}

/**
 * The tenant that an orphan customer seems to belong to, by what Stripe and our own checkouts say of it; never by an
 * email address, which anybody may have typed. Null where nothing names one tenant that exists, or several are named.
 * @throws ProblemError 503 where Stripe is away
 */
export async function suggestTenant(
  context: Context,
  stripe: Stripe,
  finding: Pick<Finding, 'customerId' | 'subscriptionId'>,
): Promise<TenantSuggestion | null> {
  const hints = await hintsOf(context, stripe, finding);
  const named = [...new Set(hints.flatMap(({ tenantId }) => tenantId || []))].filter((id) => /^[\x21-\x7e]+$/.test(id));
  if (named.length === 0) return null;
  const tenants = await context.db.getRepository(Tenant).findBy({ id: In(named), status: In(['active', 'suspended']) });
  const [tenant] = tenants;
  if (!tenant || tenants.length > 1) return null;
  const { from } = hints.find(({ tenantId }) => tenantId === tenant.id)!;
  return { tenantId: tenant.id, tenantName: tenant.name, from };
}
