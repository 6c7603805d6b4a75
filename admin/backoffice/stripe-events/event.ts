import type { RaRecord } from 'react-admin';
import type { PlanChangeRecord } from '../api';

export interface StripeEvent extends RaRecord {
  type: string;
  customerId: string | null;
  status: 'received' | 'processed' | 'ignored' | 'failed';
  source: 'webhook' | 'catch-up' | 'replay';
  attempts: number;
  error: string | null;
  livemode: boolean;
  createdAt: string;
  receivedAt: string;
  processedAt: string | null;
}

/** An event with its payload, as whoever asks may see it. */
export interface ShownEvent extends StripeEvent {
  stripeUrl: string | null;
  payloadState: 'masked' | 'deleted' | 'hidden';
  payload: object | null;
}

/** What an event led to. */
export interface Consequences {
  tenant: { id: string; name: string; planId: string } | null;
  planChanges: PlanChangeRecord[];
  findingsClosed: RaRecord[];
  findingsOpen: RaRecord[];
  audit: (RaRecord & { at: string; action: string; actor: { name: string } })[];
}

export const SOURCES: Record<StripeEvent['source'], string> = {
  webhook: 'by webhook',
  'catch-up': 'caught up with',
  replay: 'replayed',
};
