import type { RaRecord } from 'react-admin';
import type { FindingStatus, Repair } from '../../../domain/finding';
import type { Preview } from '../parts/blast-radius';
import type { Money } from '../parts/money';

/** A finding as `/api/findings` tells it. */
export interface Finding extends RaRecord {
  kind: string;
  cause: string;
  severity: 'info' | 'warning' | 'critical';
  status: FindingStatus;
  summary: string;
  expected: string | null;
  actual: string | null;
  /** What is at risk a month. */
  atRisk: Money | null;
  tenantId: string | null;
  customerId: string | null;
  subscriptionId: string | null;
  stripeUrls: { customer: string | null; subscription: string | null };
  owner: { id: string; name: string } | null;
  snoozedUntil: string | null;
  dismissedReason: string | null;
  firstSeenAt: string;
  lastSeenAt: string;
  resolvedAt: string | null;
  /** What brought the reading about that no longer found it. */
  resolvedBy: {
    type: string;
    id: string | null;
    name: string;
    eventId: string | null;
    runId: string | null;
  } | null;
  occurrences: number;
  /** What can be done about it safely; null where only a person can tell, or nothing is left to do. */
  repair: Repair | null;
}

export interface Choice {
  tenantId?: string | null;
  planId?: string | null;
  priceId?: string | null;
}

/** A price that no plan maps, as the subscription pays it. */
export interface UnmappedPrice {
  priceId: string;
  unitAmount: number | null;
  currency: string | null;
  interval: string | null;
  intervalCount: number | null;
  quantity: number;
}

/** The answer of `GET /api/findings/:id/repair`. */
export interface Outlook extends Repair {
  /** What was chosen, completed by what is suggested. */
  choice: Required<Choice>;
  suggestion: {
    tenantId: string;
    tenantName: string;
    from: 'customer-metadata' | 'subscription-metadata' | 'checkout';
  } | null;
  prices: UnmappedPrice[];
  preview: Preview | null;
  /** What must be typed, since the price lowers tenants that pay it. */
  confirm: string | null;
  /** Whether the finding closes by it; null while something must be chosen. */
  closes: boolean | null;
}

/** How a finding was closed, to whoever wonders; `to` leads to what closed it. */
export function settledBy({ resolvedBy }: Pick<Finding, 'resolvedBy'>): { text: string; to?: string; link?: string } {
  if (!resolvedBy) return { text: 'It closed by itself: the difference is gone.' };
  const { type, name, eventId, runId } = resolvedBy;
  if (runId)
    return {
      text: 'It closed by itself: a reconcile run found no difference any more.',
      to: `/reconcile-runs/${runId}/show`,
      link: 'Show the run',
    };
  if (type === 'operator' || type === 'api-key')
    return { text: `It closed when ${name} had Stripe read again: the difference was gone.` };
  if (eventId)
    return {
      text: 'It closed by itself: an event from Stripe had the customer read again, and the difference was gone.',
      to: `/stripe-events/${eventId}/show`,
      link: 'Show the event',
    };
  return { text: 'It closed by itself: the plan was decided anew, and the difference was gone.' };
}
