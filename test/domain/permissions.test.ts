import {
  can,
  canInTenant,
  mayGrantRole,
  OPERATOR_ROLES,
  type OperatorRole,
  type Permission,
  RESOURCES,
  TENANT_ROLES,
  type TenantAction,
  type TenantRole,
} from '../../domain/permissions';

const whoCan = (permission: Permission): OperatorRole[] => OPERATOR_ROLES.filter((role) => can(role, permission));

describe('operators', () => {
  test.each(RESOURCES.filter((resource) => !/^(operators|api-keys)$/.test(resource)))(
    'all of them read %s',
    (resource) => {
      expect(whoCan(`${resource}:read`)).toEqual(['admin', 'support', 'viewer']);
    },
  );

  test.each<Permission>([
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
  ])('support may %s, a viewer may not', (permission) => expect(whoCan(permission)).toEqual(['admin', 'support']));

  test.each<Permission>([
    'operators:read',
    'operators:create',
    'operators:update',
    'operators:delete',
    'operators:sign-out',
    'api-keys:read',
    'api-keys:create',
    'api-keys:update',
    'api-keys:delete',
    'plans:create',
    'plans:update',
    'plans:delete',
    'plans:retire',
    'plans:reactivate',
    'overrides:create',
    'overrides:update',
    'overrides:end',
    'tenants:delete',
    'tenants:restore',
    'tenants:link-customer',
    'findings:repair-billing',
    'tenants:buy-link',
    'tenants:change-plan',
    'tenants:cancel-subscription',
    'tenants:resume-subscription',
    'tenants:extend-trial',
    'tenants:preview',
    'reconcile-runs:apply',
    'reconcile-runs:undo',
    'users:delete',
    'memberships:delete',
    'invitations:delete',
  ])('%s is for admins alone', (permission) => expect(whoCan(permission)).toEqual(['admin']));
});

const IN_TENANT: Record<TenantAction, TenantRole[]> = {
  'tenant:read': ['owner', 'admin', 'member'],
  'tenant:update': ['owner', 'admin'],
  'tenant:delete': ['owner'],
  'tenant:hand-over': ['owner'],
  'members:read': ['owner', 'admin', 'member'],
  'members:remove': ['owner', 'admin'],
  'members:set-role': ['owner', 'admin'],
  'invitations:read': ['owner', 'admin'],
  'invitations:create': ['owner', 'admin'],
  'invitations:resend': ['owner', 'admin'],
  'invitations:revoke': ['owner', 'admin'],
  'plan:read': ['owner', 'admin', 'member'],
  'plan:change': ['owner'],
  'billing:read': ['owner'],
};

test.each(Object.entries(IN_TENANT) as [TenantAction, TenantRole[]][])('in a tenant, %s is for %p', (action, roles) => {
  expect(TENANT_ROLES.filter((role) => canInTenant(role, action))).toEqual(roles);
});

test.each<[TenantRole, TenantRole[]]>([
  ['owner', ['owner', 'admin', 'member']],
  ['admin', ['admin', 'member']],
  ['member', ['member']],
])('%s gives no role above the own: %p', (granter, roles) => {
  expect(TENANT_ROLES.filter((role) => mayGrantRole(granter, role))).toEqual(roles);
});
