import { randomBytes } from 'node:crypto';
import { emailKey } from '../../domain/invitation';
import type { TenantRole } from '../../domain/permissions';
import { systemActor } from '../../server/audit/actor';
import { StripeCustomer } from '../../server/billing/stripe-customer.entity';
import { Subscription } from '../../server/billing/subscription.entity';
import type { Context } from '../../server/context';
import { newId } from '../../server/db/id';
import { inTransaction } from '../../server/db/transaction';
import { createInvitation, type NewInvitation } from '../../server/invitations/create-invitation';
import type { Invitation } from '../../server/invitations/invitation.entity';
import { addMember } from '../../server/memberships/members';
import type { Membership } from '../../server/memberships/membership.entity';
import { Plan } from '../../server/plans/plan.entity';
import { PlanPrice } from '../../server/plans/plan-price.entity';
import { lockTenant } from '../../server/tenants/change-tenant';
import { createTenant, type NewTenant } from '../../server/tenants/create-tenant';
import { Tenant } from '../../server/tenants/tenant.entity';
import { User } from '../../server/users/user.entity';

const unique = () => randomBytes(5).toString('hex');

/** A tenant, made by the verb; `seatLimit` is written beside it, as a plan with seats would. */
export async function aTenant(
  context: Context,
  { seatLimit, ...given }: Partial<NewTenant> & { seatLimit?: number } = {},
): Promise<Tenant> {
  const { id } = await inTransaction(context.db, (tx) =>
    createTenant(tx, context, systemActor, { name: `Tenant ${unique()}`, ...given }),
  );
  if (seatLimit !== undefined) await context.db.getRepository(Tenant).update({ id }, { seatLimit });
  return context.db.getRepository(Tenant).findOneByOrFail({ id });
}

export async function aUser(context: Context, given: Partial<Pick<User, 'email' | 'name' | 'status'>> = {}) {
  const id = newId('usr');
  const email = given.email === undefined ? `user-${unique()}@example.com` : given.email;
  await context.db.getRepository(User).insert({
    id,
    name: `User ${unique()}`,
    ...given,
    email,
    emailKey: email === null ? null : emailKey(email),
  });
  return context.db.getRepository(User).findOneByOrFail({ id });
}

export async function aMembership(
  context: Context,
  given: { tenantId?: string; userId?: string; role?: TenantRole } = {},
): Promise<Membership> {
  const tenantId = given.tenantId ?? (await aTenant(context)).id;
  const userId = given.userId ?? (await aUser(context)).id;
  return inTransaction(context.db, async (tx) => {
    await lockTenant(tx, tenantId);
    return addMember(tx, systemActor, tenantId, { userId, role: given.role ?? 'member' });
  });
}

/** A plan, `stripe` unless told; its prices are those named, else one of its own. */
export async function aPlan(
  context: Context,
  { stripePriceIds, ...given }: Partial<Plan> & { stripePriceIds?: string[] } = {},
): Promise<Plan & { stripePriceIds: string[] }> {
  const id = given.id ?? `plan-${unique()}`;
  const kind = given.kind ?? 'stripe';
  const prices = stripePriceIds ?? (kind === 'stripe' ? [`price_${unique()}`] : []);
  await context.db
    .getRepository(Plan)
    .insert({ name: `Plan ${id}`, rank: 10, features: [], ...given, id, kind } as object);
  if (prices.length > 0)
    await context.db.getRepository(PlanPrice).insert(prices.map((priceId) => ({ priceId, planId: id })));
  const plan = await context.db.getRepository(Plan).findOneByOrFail({ id });
  return { ...plan, stripePriceIds: prices };
}

export async function anInvitation(
  context: Context,
  { tenantId, ...given }: Partial<NewInvitation> & { tenantId?: string } = {},
): Promise<Invitation> {
  const id = tenantId ?? (await aTenant(context)).id;
  return inTransaction(context.db, async (tx) =>
    createInvitation(tx, context, systemActor, await lockTenant(tx, id), {
      email: `guest-${unique()}@example.com`,
      role: 'member',
      ...given,
    }),
  );
}

export async function aCustomer(context: Context, given: Partial<StripeCustomer> = {}): Promise<StripeCustomer> {
  const id = given.id ?? `cus_${unique()}`;
  const tenantId = given.tenantId === undefined ? (await aTenant(context)).id : given.tenantId;
  await context.db.getRepository(StripeCustomer).insert({ ...given, id, tenantId });
  return context.db.getRepository(StripeCustomer).findOneByOrFail({ id });
}

/** A mirrored subscription, active for a month more, of a customer and at a price; both are made where not named. */
export async function aSubscription(context: Context, given: Partial<Subscription> = {}): Promise<Subscription> {
  const { db, now } = context;
  const id = given.id ?? `sub_${unique()}`;
  const customer = given.customerId
    ? await db.getRepository(StripeCustomer).findOneByOrFail({ id: given.customerId })
    : await aCustomer(context, given.tenantId === undefined ? {} : { tenantId: given.tenantId });
  const priceId = given.priceId ?? (await aPlan(context)).stripePriceIds[0]!;
  const currentPeriodEnd = given.currentPeriodEnd ?? new Date(+now() + 30 * 86_400_000);
  await db.getRepository(Subscription).insert({
    status: 'active',
    quantity: 1,
    currentPeriodEnd,
    startedAt: now(),
    createdAt: now(),
    syncedAt: now(),
    items: [
      {
        id: `si_${unique()}`,
        priceId,
        lookupKey: null,
        quantity: given.quantity ?? 1,
        currentPeriodEnd: currentPeriodEnd.toISOString(),
      },
    ],
    ...given,
    id,
    customerId: customer.id,
    tenantId: customer.tenantId,
    priceId,
  });
  return db.getRepository(Subscription).findOneByOrFail({ id });
}
