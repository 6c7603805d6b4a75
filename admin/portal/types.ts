import type { TenantRole } from '../../domain/permissions';
import type { PlanKind } from '../../domain/plan';

/** The answers of the customer API that the portal reads; moments are ISO 8601 strings. */
export interface MyTenant {
  id: string;
  name: string;
  role: TenantRole;
  planId: string;
  status: 'active' | 'suspended' | 'deleted';
  suspendedReason: string | null;
  memberCount: number;
  /** Null: as many as wanted. */
  seatLimit: number | null;
}

export interface Me {
  user: { id: string; name: string; email: string | null };
  identities: Identity[];
  tenants: MyTenant[];
}

export interface Identity {
  id: string;
  issuer: string;
  subject: string;
  email: string | null;
}

export interface Session {
  id: string;
  /** What the browser called itself when it signed in. */
  agent: string | null;
  lastUsedAt: string;
}

export interface DeletedTenant {
  id: string;
  name: string;
  restorableUntil: string;
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface Member {
  userId: string;
  name: string;
  email: string | null;
  role: TenantRole;
  pendingInvitations: number;
}

export const nameOf = ({ name, email }: Pick<Member, 'name' | 'email'>): string => name || email || 'Somebody';

export interface PendingInvitation {
  id: string;
  email: string;
  role: TenantRole;
  status: 'pending' | 'accepted' | 'revoked' | 'expired';
  expiresAt: string;
}

export interface InvitationPreview {
  tenantId: string;
  tenantName: string;
  inviterName: string;
  role: TenantRole;
  email: string;
  status: 'pending' | 'accepted' | 'revoked' | 'expired';
  expiresAt: string;
}

export interface PlanOffer {
  id: string;
  name: string;
  description: string | null;
  priceText: string | null;
  features: string[];
  kind: PlanKind;
  action: 'choose' | 'contact' | 'current';
}

export interface TenantPlan {
  planId: string;
  planName: string;
  /** What is left when the subscription ends. */
  basePlanId: string;
  source: 'override' | 'subscription' | 'base';
  /** The status of the subscription, null without one. */
  status: string | null;
  currentPeriodEnd: string | null;
  cancelAt: string | null;
  /** Null means unlimited. */
  seatLimit: number | null;
  plans: PlanOffer[];
}

/** How a user is called on the page. */
export const calledBy = ({ name, email }: { name: string; email: string | null }): string =>
  email ?? (name || 'a user without a name');

/** What choosing a plan would lead to; amounts in the currency's minor unit. */
export interface PlanPreview {
  at: string;
  payment: 'checkout' | 'card' | 'none';
  proration: {
    currency: string;
    dueNow: number;
    credit: number;
    next: { amount: number; at: string } | null;
    prorationDate: string | null;
  } | null;
  seats: {
    limit: number | null;
    members: number;
    pendingInvitations: number;
    membersOver: number;
    invitationsOver: number;
  };
}

/** Where to go on after choosing a plan; without an address the change is made already. */
export interface PlanChoice {
  planId?: string;
  checkoutUrl?: string;
  actionUrl?: string;
}

/** What every tab of a team is given. */
export interface TabProps {
  me: Me;
  tenant: MyTenant;
  /** The team's address in the customer API. */
  api: string;
  /** Reads again who is signed in, and in which teams. */
  reload: () => Promise<Me | undefined>;
}
