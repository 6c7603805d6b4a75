import simpleRestProvider from 'ra-data-simple-rest';
import { type DataProvider, fetchUtils, type RaRecord } from 'react-admin';

/** The stock simple-rest provider over our own address; the session's cookie goes along by itself. */
const stock = simpleRestProvider('/api', fetchUtils.fetchJson);

export interface Api extends DataProvider {
  /** `POST /api/RESOURCE/ID/VERB`: what is more than create, change and delete. Gives the record as it is after. */
  act: (resource: string, id: RaRecord['id'], verb: string, body?: object) => Promise<RaRecord>;
  /** What the home page shows. */
  overview: () => Promise<Overview>;
}

export interface Overview {
  tenants: { total: number; active: number; suspended: number; deleted: number };
  plans: { planId: string; name: string; tenants: number }[];
  invitations: { pending: number; expired: number; failed: number };
  findings: { open: number; atRisk: { amount: number; currency: string }[] };
  emails: { queued: number; failed: number };
  stripeEvents: { failed: number; waiting: number };
  recentChanges: PlanChangeRecord[];
}

export interface PlanChangeRecord extends RaRecord {
  tenantId: string;
  tenantName: string;
  fromPlanId: string | null;
  toPlanId: string;
  reason: string;
  at: string;
}

export const api: Api = {
  ...stock,
  async act(resource, id, verb, body = {}) {
    const address = `/api/${resource}/${encodeURIComponent(id)}/${verb}`;
    const { json } = await fetchUtils.fetchJson(address, { method: 'POST', body: JSON.stringify(body) });
    return json;
  },
  async overview() {
    const { json } = await fetchUtils.fetchJson('/api/overview');
    return json;
  },
};
