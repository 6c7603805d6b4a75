import type { RaRecord } from 'react-admin';
import type { OverrideStatus } from '../../../domain/override';
import type { OverrideCost } from '../../../domain/override-cost';

export interface Override extends RaRecord, OverrideCost {
  tenantId: string;
  planId: string;
  pin: boolean;
  reason: string;
  startsAt: string;
  endsAt: string;
  endedAt: string | null;
  /** When somebody will be told by mail that it ends soon; null where nobody will be. */
  noteDueAt: string | null;
  /** When somebody was told by mail that it ends soon. */
  notedAt: string | null;
  createdBy: { type: string; id: string | null; name: string };
  status: OverrideStatus;
  /** It runs, and is over within three days. */
  endsSoon: boolean;
  version: number;
}

/** What all running ones cost a month together. */
export interface OverrideCosts {
  counted: number;
  more: boolean;
  cost: { amount: number; currency: string }[];
  unknown: number;
  upcoming: number;
  ending: number;
}

export const kindOf = ({ pin }: Pick<Override, 'pin'>): string => (pin ? 'pinned' : 'floor');

/** How the cost is worked out, in words. */
export const COST_RULE =
  'A month’s price of the granted plan, as customers buy it (of a plan sold by the seat: for all members), less what the tenant pays through Stripe meanwhile. One that gives nothing, because something as good is paid for or another override is stronger, costs nothing.';
