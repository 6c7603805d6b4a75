import type { Request } from 'express';
import { canInTenant, type Scope, type TenantAction, type TenantRole } from '../../domain/permissions';
import type { Actor } from '../audit/actor';
import type { Context } from '../context';
import { forbidden, notFound, unauthenticated } from '../errors';
import { type Route, routeMaker } from '../http/routes';
import type { MachineToken } from '../issuer/issuer.entities';
import { liveMachineToken } from '../issuer/machine-token';
import { userOfIdentity } from '../issuer/user-of-identity';
import { Membership } from '../memberships/membership.entity';
import { Tenant } from '../tenants/tenant.entity';
import { User } from '../users/user.entity';
import type { tokenVerifier } from './verify-token';

/** Anybody: the token in the body, if any, is all that counts. */
export type PublicCaller = null;
/** A customer's user. */
export interface UserCaller {
  user: User;
  actor: Actor;
  /** The token of a program: within its scopes and its tenant it may what its user may. */
  machine: MachineToken | null;
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
async function seen({ db, now }: Context, user: User): Promise<void> {
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
    const { bearer, machineTokenId } = await verify(token);
    const origin = { requestId: String(req.id), ip: req.ip };
    const machine = machineTokenId === null ? null : await machineOf(context, machineTokenId);
    const user = machine ? await userOf(context, machine) : (await userOfIdentity(context, bearer, origin)).user;
    await seen(context, user);
    const shown = [user.name || user.email || bearer.subject, ...(machine ? [`(${machine.name})`] : [])].join(' ');
    return { user, machine, actor: { type: 'user', id: user.id, name: shown.slice(0, ACTOR_NAME), ...origin } };
  };

async function machineOf(context: Context, id: string): Promise<MachineToken> {
  const machine = await liveMachineToken(context, id);
  if (!machine) throw unauthenticated('This token was revoked, or has run out. Have a new one made.');
  return machine;
}

async function userOf({ db }: Context, { userId }: MachineToken): Promise<User> {
  const user = await db.getRepository(User).findOneByOrFail({ id: userId });
  if (user.status === 'suspended') throw forbidden('Your account is suspended. Contact support.', 'user_suspended');
  return user;
}

/** Throws 403 `insufficient_scope` where a program's token does not reach so far. */
export function requireScope({ machine }: UserCaller, scope: Scope): void {
  if (machine?.scopes && !machine.scopes.includes(scope))
    throw forbidden(`This token lacks the scope ${scope}. Have one made that has it.`, 'insufficient_scope');
}

/** As userCaller, for addresses outside of tenants: anybody may look, and a token of one tenant changes nothing. */
export const ownCaller =
  (asUser: (req: Request) => Promise<UserCaller>) =>
  async (req: Request): Promise<UserCaller> => {
    const caller = await asUser(req);
    if (req.method === 'GET') return caller;
    requireScope(caller, 'user:write');
    if (caller.machine?.tenantId)
      throw forbidden('This token is for one tenant alone. Have one made without a tenant.', 'insufficient_scope');
    return caller;
  };

/** Throws 403 where `role` may not do `action`. */
export function requireRight(role: TenantRole, action: TenantAction): void {
  if (!canInTenant(role, action))
    throw forbidden(`Your role in this tenant, ${role}, may not do this. Ask an owner of it.`);
}

/** Throws 404 for a deleted tenant and, where something is to be written, 403 `tenant_suspended`. */
export function requireUsable({ id, status, suspendedReason }: Tenant, intent: 'read' | 'write'): void {
  if (status === 'deleted') throw notFound('tenant', id);
  if (status === 'suspended' && intent === 'write')
    throw forbidden(
      `This tenant is suspended${suspendedReason ? ` (${suspendedReason})` : ''}: it can be read, but not changed. Contact support.`,
      'tenant_suspended',
    );
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
    const { machine } = caller;
    if (!tenant || !membership || (machine?.tenantId && machine.tenantId !== id)) throw notFound('tenant', id);
    requireUsable(tenant, 'read');
    requireScope(caller, action);
    requireRight(membership.role, action);
    requireUsable(tenant, req.method === 'GET' ? 'read' : 'write');
    return { ...caller, tenant, membership };
  };
