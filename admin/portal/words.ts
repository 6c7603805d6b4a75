import type { TenantRole } from '../../domain/permissions';

export const ROLE_NAMES: Record<TenantRole, string> = { owner: 'Owner', admin: 'Admin', member: 'Member' };

/** “an admin”, for sentences. */
export const aRole = (role: TenantRole): string => `${role === 'member' ? 'a' : 'an'} ${role}`;

/** A day in the reader's own way of writing it. */
export const day = (iso: string): string => new Date(iso).toLocaleDateString(undefined, { dateStyle: 'long' });

/** “1 seat”, “2 seats”. */
export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
