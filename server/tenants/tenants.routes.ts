import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import type { Permission } from '../../domain/permissions';
import type { Actor } from '../audit/actor';
import { linkCustomer, unlinkCustomer } from '../billing/link-customer';
import { reconcileTenant } from '../billing/replay-event';
import type { Context } from '../context';
import { endSubscriptions } from '../customer-api/end-subscriptions';
import { inTransaction } from '../db/transaction';
import {
  type OperatorRoute,
  operatorRoute,
  presentOne,
  readRoutes,
  requireVersion,
  versionField,
} from '../http/operator-api';
import { stripeOf } from '../stripe/client';
import {
  deleteTenant,
  lockTenant,
  reactivateTenant,
  restoreTenant,
  suspendTenant,
  updateTenant,
} from './change-tenant';
import { createTenant } from './create-tenant';
import type { Tenant } from './tenant.entity';
import { tenantsListing } from './tenants.listing';

export const tenantName = z
  .string()
  .trim()
  .min(1, 'Give the tenant a name.')
  .max(120, 'must have at most 120 characters.');
const reason = z.string().trim().min(3, 'Say why, in a few words: it goes into the audit trail.').max(500);
const fields = { name: tenantName, basePlanId: z.string().optional() };
const NewTenantBody = z.object(fields);
const TenantBody = z.object({ ...fields, ...versionField }).partial();
const ReasonBody = z.object({ reason });
const CustomerBody = z.object({
  stripeCustomerId: z
    .string()
    .regex(/^cus_[A-Za-z0-9_]{1,60}$/, 'must be the id of a Stripe customer, such as cus_NffrFeUfNV2Hib.'),
});
const DeleteBody = z.object({
  cancel: z.enum(['now', 'period-end'], 'must be now or period-end.').default('period-end'),
});
const OptionalReasonBody = z.object({ reason: reason.nullish() });

export function tenantRoutes(context: Context): OperatorRoute[] {
  const change = async (id: string, work: (tx: EntityManager, tenant: Tenant) => Promise<void>) => {
    await inTransaction(context.db, async (tx) => work(tx, await lockTenant(tx, id)));
    return presentOne(context, tenantsListing, id);
  };
  const verb = <Body>(
    name: 'suspend' | 'reactivate' | 'restore',
    body: z.ZodType<Body>,
    run: (tx: EntityManager, actor: Actor, tenant: Tenant, body: Body) => Promise<void>,
  ) =>
    operatorRoute({
      method: 'post',
      path: `/tenants/:id/${name}`,
      access: `tenants:${name}` as Permission,
      summary: `${name[0]!.toUpperCase()}${name.slice(1)} a tenant`,
      body,
      handle: ({ params, body, caller }) => change(params.id!, (tx, tenant) => run(tx, caller.actor, tenant, body)),
    });
  return [
    ...readRoutes(context, tenantsListing),
    operatorRoute({
      method: 'post',
      path: '/tenants',
      access: 'tenants:create',
      summary: 'Create a tenant',
      status: 201,
      body: NewTenantBody,
      async handle({ body, caller }) {
        const tenant = await inTransaction(context.db, (tx) => createTenant(tx, context, caller.actor, body));
        return presentOne(context, tenantsListing, tenant.id);
      },
    }),
    operatorRoute({
      method: 'put',
      path: '/tenants/:id',
      access: 'tenants:update',
      summary: 'Change a tenant',
      body: TenantBody,
      handle: ({ params, body: { version, ...given }, caller }) =>
        change(params.id!, async (tx, tenant) => {
          await requireVersion(context, tenantsListing, tenant, version);
          await updateTenant(tx, context, caller.actor, tenant, given);
        }),
    }),
    operatorRoute({
      method: 'delete',
      path: '/tenants/:id',
      access: 'tenants:delete',
      summary:
        'Delete a tenant; it can be restored for a while. Its subscriptions end with their period, or now with {"cancel": "now"}',
      body: DeleteBody,
      async handle({ params, body, caller }) {
        const when = body.cancel === 'now' ? 'now' : 'period_end';
        await endSubscriptions(context, caller.actor, params.id!, when);
        return change(params.id!, (tx, tenant) => deleteTenant(tx, context, caller.actor, tenant));
      },
    }),
    verb('suspend', ReasonBody, (tx, actor, tenant, body) => suspendTenant(tx, actor, tenant, body.reason)),
    verb('reactivate', OptionalReasonBody, (tx, actor, tenant, body) =>
      reactivateTenant(tx, actor, tenant, body.reason ?? null),
    ),
    verb('restore', z.object({}), (tx, actor, tenant) => restoreTenant(tx, context, actor, tenant)),
    operatorRoute({
      method: 'post',
      path: '/tenants/:id/reconcile',
      access: 'tenants:reconcile',
      summary: "Read all of the tenant's Stripe customers again and decide its plan anew",
      async handle({ params, caller }) {
        await reconcileTenant(context, caller.actor, params.id!);
        return presentOne(context, tenantsListing, params.id!);
      },
    }),
    ...Object.entries({ 'link-customer': linkCustomer, 'unlink-customer': unlinkCustomer }).map(([name, change]) =>
      operatorRoute({
        method: 'post',
        path: `/tenants/:id/${name}`,
        access: 'tenants:link-customer',
        summary: name === 'link-customer' ? 'Tie a Stripe customer to the tenant' : 'Untie a Stripe customer',
        body: CustomerBody,
        async handle({ params, body, caller }) {
          await change(context, stripeOf(context.config), caller.actor, params.id!, body.stripeCustomerId);
          return presentOne(context, tenantsListing, params.id!);
        },
      }),
    ),
  ];
}
