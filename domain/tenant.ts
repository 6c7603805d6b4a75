export const TENANT_STATUSES = ['active', 'suspended', 'deleted'] as const;
export type TenantStatus = (typeof TENANT_STATUSES)[number];

/** `DELETE` is soft: the tenant can be brought back for `days`; after that the restore is refused. */
export const restorableUntil = (deletedAt: Date, days: number): Date =>
  new Date(deletedAt.getTime() + days * 86_400_000);
