import type { Request } from 'express';
import { canInTenant, type TenantAction, type TenantRole } from '../../domain/permissions';
import type { Actor } from '../audit/actor';
import type { Context } from '../context';
import { forbidden, notFound, unauthenticated } from '../errors';
import { type Route, routeMaker } from '../http/routes';
import { type KnownUser, userOfIdentity } from '../issuer/user-of-identity';
import { Membership } from '../memberships/membership.entity';
import { Tenant } from '../tenants/tenant.entity';
import type { tokenVerifier } from './verify-token';

/** Anybody: the token in the body, if any, is all that counts. */
export type PublicCaller = null;
/** A customer's user. */
export interface UserCaller extends KnownUser {
  actor: Actor;
}
/** A user in the tenant that the address names, with the right that the route needs. */
export interface TenantCaller extends UserCaller {
  tenant: Tenant;
  membership: Membership;
}

export type PublicRoute = Route<PublicCaller, 'public'>;
export type UserRoute = Route<UserCaller, 'user'>;
export type TenantRoute = Route<TenantCaller, TenantAction>;
export const publicRoute = routeMaker<PublicCaller, 'public'>();
export const userRoute = routeMaker<UserCaller, 'user'>();
export const tenantRoute = routeMaker<TenantCaller, TenantAction>();

/** Length of the columns that keep who did something. */
const ACTOR_NAME = 120;
const SEEN_EVERY_MS = 60_000;

/** Notes that the user was here; at most once a minute, and no change of the record. */
async function seen({ db, now }: Context, { user }: KnownUser): Promise<void> {
  const at = now();
  const before = new Date(at.getTime() - SEEN_EVERY_MS);
  if (user.lastSeenAt && user.lastSeenAt > before) return;
  await db.query(
    'UPDATE users SET lastSeenAt = ?, updatedAt = updatedAt WHERE id = ? AND (lastSeenAt IS NULL OR lastSeenAt <= ?)',
    [at, user.id, before],
  );
}

/** Who calls, by the bearer token. Throws 401, or 403 `user_suspended`. */
export const userCaller =
  (context: Context, verify: ReturnType<typeof tokenVerifier>) =>
  async (req: Request): Promise<UserCaller> => {
    const token = /^Bearer ([\w.~+/=-]+)$/i.exec(req.get('authorization') ?? '')?.[1];
    if (!token) throw unauthenticated('Send an access token: Authorization: Bearer …');
    const bearer = await verify(token);
    const origin = { requestId: String(req.id), ip: req.ip };
    const known = await userOfIdentity(context, bearer, origin);
    await seen(context, known);
    const { id, name, email } = known.user;
    const shown = (name || email || bearer.subject).slice(0, ACTOR_NAME);
    return { ...known, actor: { type: 'user', id, name: shown, ...origin } };
  };

/** Throws 403 where `role` may not do `action`. */
export function requireRight(role: TenantRole, action: TenantAction): void {
  if (!canInTenant(role, action))
    throw forbidden(`Your role in this tenant, ${role}, may not do this. Ask an owner of it.`);
}

/** Throws 404 for a deleted tenant and, where something is to be written, 403 `tenant_suspended`. */
export function requireUsable({ id, status }: Tenant, intent: 'read' | 'write'): void {
  if (status === 'deleted') throw notFound('tenant', id);
  if (status === 'suspended' && intent === 'write')
    throw forbidden('This tenant is suspended: it can be read, but not changed. Contact support.', 'tenant_suspended');
}

/** The caller as a member of the tenant in the address. Throws 404 for a stranger, 403 where the right is missing. */
export const tenantCaller =
  ({ db }: Context, asUser: (req: Request) => Promise<UserCaller>) =>
  async (req: Request, action: TenantAction): Promise<TenantCaller> => {
    const caller = await asUser(req);
    const id = String(req.params.id);
    const [tenant, membership] = await Promise.all([
      db.getRepository(Tenant).findOneBy({ id }),
      db.getRepository(Membership).findOneBy({ tenantId: id, userId: caller.user.id }),
    ]);
    if (!tenant || !membership) throw notFound('tenant', id);
    requireUsable(tenant, 'read');
    requireRight(membership.role, action);
    requireUsable(tenant, req.method === 'GET' ? 'read' : 'write');
    return { ...caller, tenant, membership };
  };
