/** The one table of rights: the server refuses by it, the dashboard offers by it. */

export const OPERATOR_ROLES = ['admin', 'support', 'viewer'] as const;
export type OperatorRole = (typeof OPERATOR_ROLES)[number];

export const RESOURCES = [
  'tenants',
  'users',
  'memberships',
  'plans',
  'invitations',
  'subscriptions',
  'plan-changes',
  'overrides',
  'findings',
  'reconcile-runs',
  'stripe-events',
  'emails',
  'suppressions',
  'contact-requests',
  'audit-log',
  'operators',
  'api-keys',
] as const;
export type ResourceName = (typeof RESOURCES)[number];

type Crud = 'read' | 'create' | 'update' | 'delete';
type Verb =
  | 'tenants:suspend'
  | 'tenants:reactivate'
  | 'tenants:restore'
  | 'tenants:reconcile'
  | 'tenants:link-customer'
  | 'tenants:buy-link'
  | 'tenants:change-plan'
  | 'tenants:cancel-subscription'
  | 'tenants:resume-subscription'
  | 'tenants:extend-trial'
  | 'tenants:preview'
  | 'invitations:resend'
  | 'invitations:revoke'
  | 'invitations:extend'
  | 'invitations:link'
  | 'invitations:readdress'
  | 'suppressions:clear'
  | 'overrides:end'
  | 'overrides:extend'
  | 'plans:what-if'
  | 'plans:retire'
  | 'plans:reactivate'
  | 'stripe-events:replay'
  | 'stripe-events:payload'
  | 'findings:assign'
  | 'findings:snooze'
  | 'findings:dismiss'
  | 'findings:reopen'
  | 'findings:repair'
  | 'findings:repair-billing'
  | 'reconcile-runs:cancel'
  | 'reconcile-runs:apply'
  | 'reconcile-runs:undo'
  | 'operators:sign-out';

/** `resource:action`. Every route of the operator API names one. */
export type Permission = `${ResourceName}:${Crud}` | Verb | 'overview:read';

/** What admins alone may see. */
const KEPT_BACK: readonly ResourceName[] = ['operators', 'api-keys'];
const READABLE_BY_ALL = RESOURCES.filter((resource) => !KEPT_BACK.includes(resource)).map(
  (resource) => `${resource}:read` as const,
);

const VIEWER: readonly Permission[] = [...READABLE_BY_ALL, 'overview:read'];

/** Support does everything but operators, plans, overrides, Stripe links, deletion, and applying or undoing a reconcile run. */
const SUPPORT: readonly Permission[] = [
  ...VIEWER,
  'tenants:create',
  'tenants:update',
  'tenants:suspend',
  'tenants:reactivate',
  'tenants:reconcile',
  'users:create',
  'users:update',
  'memberships:create',
  'memberships:update',
  'invitations:create',
  'invitations:resend',
  'invitations:revoke',
  'invitations:extend',
  'invitations:link',
  'invitations:readdress',
  'suppressions:clear',
  'plans:what-if',
  'stripe-events:replay',
  'stripe-events:payload',
  'findings:assign',
  'findings:snooze',
  'findings:dismiss',
  'findings:reopen',
  'findings:repair',
  'reconcile-runs:create',
  'reconcile-runs:cancel',
];

const GRANTED: Record<OperatorRole, (permission: Permission) => boolean> = {
  admin: () => true,
  support: (permission) => SUPPORT.includes(permission),
  viewer: (permission) => VIEWER.includes(permission),
};

/** Whether an operator of `role` may do what `permission` names. */
export const can = (role: OperatorRole, permission: Permission): boolean => GRANTED[role](permission);

export const TENANT_ROLES = ['owner', 'admin', 'member'] as const;
export type TenantRole = (typeof TENANT_ROLES)[number];

export const TENANT_ACTIONS = [
  'tenant:read',
  'tenant:update',
  'tenant:delete',
  'tenant:hand-over',
  'members:read',
  'members:remove',
  'members:set-role',
  'invitations:read',
  'invitations:create',
  'invitations:resend',
  'invitations:revoke',
  'plan:read',
  'plan:change',
  'billing:read',
] as const;
export type TenantAction = (typeof TENANT_ACTIONS)[number];

/** What bounds a token: what may be done in tenants, and what its user does outside of them (found one, accept an invitation). */
export const SCOPES = [...TENANT_ACTIONS, 'user:write'] as const;
export type Scope = (typeof SCOPES)[number];

const MEMBER: readonly TenantAction[] = ['tenant:read', 'members:read', 'plan:read'];
/** Admins do all but billing, owner changes and deletion. */
const ADMIN: readonly TenantAction[] = [
  ...MEMBER,
  'tenant:update',
  'members:remove',
  'members:set-role',
  'invitations:read',
  'invitations:create',
  'invitations:resend',
  'invitations:revoke',
];

/** Whether a member with `role` may do `action` in the tenant. */
export const canInTenant = (role: TenantRole, action: TenantAction): boolean =>
  role === 'owner' || (role === 'admin' ? ADMIN : MEMBER).includes(action);

const RANK: Record<TenantRole, number> = { owner: 3, admin: 2, member: 1 };

/** Nobody gives a role above the own. */
export const mayGrantRole = (granter: TenantRole, role: TenantRole): boolean => RANK[granter] >= RANK[role];
