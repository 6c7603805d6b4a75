import type { EntityManager } from 'typeorm';
import { MoreThan, Not } from 'typeorm';
import { seatVerdict } from '../../domain/seats';
import { conflict } from '../errors';
import { Invitation } from '../invitations/invitation.entity';
import type { Tenant } from './tenant.entity';

/**
 * Throws 409 `seats_full` where the tenant, whose row the caller holds locked, has no seat left. Members and pending
 * invitations take seats; `except` is an invitation that holds its own already or is about to give it up.
 */
export async function requireSeat(tx: EntityManager, tenant: Tenant, now: Date, except?: string): Promise<void> {
  if (tenant.seatLimit === null) return;
  const pending = { tenantId: tenant.id, status: 'pending' as const, expiresAt: MoreThan(now) };
  const pendingInvitations = await tx.countBy(Invitation, except ? { ...pending, id: Not(except) } : pending);
  const verdict = seatVerdict({ limit: tenant.seatLimit, members: tenant.memberCount, pendingInvitations, adding: 1 });
  if (!verdict.ok) throw conflict(verdict.code, verdict.message, { email: verdict.message });
}
