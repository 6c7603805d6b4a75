import { type RaRecord, useCanAccess } from 'react-admin';
import { isLiveStatus, SUBSCRIPTION_STATUSES } from '../../../../domain/subscription-status';

export type Action =
  | 'buy-link'
  | 'change-plan'
  | 'cancel-subscription'
  | 'resume-subscription'
  | 'extend-trial'
  | 'link-customer'
  | 'delete';

/** Whether whoever is signed in may do this to tenants. */
export const useMay = (action: Action): boolean => Boolean(useCanAccess({ resource: 'tenants', action }).canAccess);

export interface SubscriptionRecord extends RaRecord {
  id: string;
  customerId: string;
  planId: string | null;
  status: string;
  currentPeriodEnd: string | null;
  cancelAtPeriodEnd: boolean;
  cancelAt: string | null;
  trialEnd: string | null;
  livemode: boolean;
}

export const LIVE_STATUSES = SUBSCRIPTION_STATUSES.filter(isLiveStatus);

export const endsByItself = ({ cancelAt, cancelAtPeriodEnd }: SubscriptionRecord): boolean =>
  cancelAtPeriodEnd || cancelAt !== null;

export interface OfTenant {
  tenant: RaRecord;
}

export interface OfSubscription extends OfTenant {
  subscription: SubscriptionRecord;
}

/** Why nothing but ending can be done for a deleted tenant. */
export const whyDeleted = ({ status }: RaRecord): string | null =>
  status === 'deleted' ? 'This tenant is deleted. Restore it first.' : null;
