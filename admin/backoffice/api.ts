import simpleRestProvider from 'ra-data-simple-rest';
import { type DataProvider, fetchUtils, type RaRecord } from 'react-admin';
import type { Convergence } from './convergence/convergence';
import type { Choice, Outlook } from './findings/finding';
import type { Imported, Judgement } from './invitations/import';
import type { Trace } from './invitations/trace';
import type { OverrideCosts } from './overrides/override';
import type { Preview } from './parts/blast-radius';
import type { Foreseen, ForeseenRetirement, StripePrice, UnmappedPrice } from './plans/plan';
import type { Consequences } from './stripe-events/event';
import type { PlanExplanation } from './tenants/explanation/explanation';

/** The stock simple-rest provider over our own address; the session's cookie goes along by itself. */
const stock = simpleRestProvider('/api', fetchUtils.fetchJson);

const post = async (address: string, body: object) =>
  (await fetchUtils.fetchJson(address, { method: 'POST', body: JSON.stringify(body) })).json;

export interface Api extends DataProvider {
  /** `POST /api/RESOURCE/ID/VERB`: what is more than create, change and delete. Gives the record as it is after. */
  act: (resource: string, id: RaRecord['id'], verb: string, body?: object) => Promise<RaRecord>;
  /** `POST /api/RESOURCE/bulk/VERB`: the same verb for many records, each with an outcome of its own. */
  actOnMany: (resource: string, ids: RaRecord['id'][], verb: string, body?: object) => Promise<Outcome[]>;
  /** What an action at a tenant would lead to; nothing is done. `asked` is the action's own body, and its name. */
  preview: (tenantId: RaRecord['id'], asked: Asked) => Promise<Preview>;
  /** The repair of a finding: what must be chosen, what is suggested, and what it leads to. Nothing is done. */
  outlook: (findingId: RaRecord['id'], choice: Choice) => Promise<Outlook>;
  /** The operators whom findings can be given to. */
  findingOwners: () => Promise<{ id: string; name: string }[]>;
  /** Deletes a tenant, and ends its subscriptions with their period or now. */
  deleteTenant: (id: RaRecord['id'], cancel: 'period-end' | 'now') => Promise<RaRecord>;
  /** Stripe's customers by an id, a name, an address or a tenant's id: suggestions, at most twenty. */
  searchCustomers: (q: string) => Promise<CustomerSuggestion[]>;
  /** Why a tenant is on its plan, or was at a past time; null for now. */
  explainPlan: (tenantId: RaRecord['id'], at: string | null) => Promise<PlanExplanation>;
  /** What happened to an invitation, and what can be done next. */
  trace: (invitationId: RaRecord['id']) => Promise<Trace>;
  /** A fresh link of an invitation; the one in the last mail ends. */
  freshLink: (invitationId: RaRecord['id']) => Promise<{ url: string; expiresAt: string }>;
  /** What importing a list of people would do; nothing is written. */
  previewImport: (tenantId: string, csv: string) => Promise<Judgement>;
  /** Invites everybody on a list, or nobody; the same importId again sends nothing more. */
  runImport: (tenantId: string, importId: string, csv: string) => Promise<Imported>;
  /** What the home page shows. */
  overview: () => Promise<Overview>;
  /** How many tenants are proven equal to Stripe. */
  convergence: () => Promise<Convergence>;
  /** What all running overrides cost. */
  overrideCosts: () => Promise<OverrideCosts>;
  /** Which tenants change if the plan is saved so; without an id, if it is made. Nothing is written. */
  foreseePlan: (planId: RaRecord['id'] | undefined, values: object) => Promise<Foreseen>;
  /** What retiring a plan would do. Nothing is written. */
  foreseeRetirement: (planId: RaRecord['id'], successorPlanId: string | null) => Promise<ForeseenRetirement>;
  /** Stripe's prices by words, or those of some ids. */
  stripePrices: (asked: {
    q?: string;
    ids?: string[];
    fresh?: boolean;
  }) => Promise<{ results: StripePrice[]; more: boolean }>;
  /** Prices that tenants pay and no plan knows. */
  unmappedPrices: () => Promise<{ results: UnmappedPrice[]; exact: boolean }>;
  /** What an event of Stripe's led to. */
  consequences: (eventId: RaRecord['id']) => Promise<Consequences>;
  /** Replays events that failed for good, those that fit. */
  replayFailed: (which: object) => Promise<{ replayed: number; left: number }>;
}

export interface Asked {
  action: string;
  [field: string]: unknown;
}

export interface CustomerSuggestion {
  id: string;
  name: string | null;
  email: string | null;
  liveSubscriptions: { id: string; status: string; planId: string | null }[];
  metadataTenantId: string | null;
  /** The tenant that it is linked to by now. */
  tenant: { id: string; name: string } | null;
  /** An operator unlinked it once. */
  unlinked: boolean;
  stripeUrl: string | null;
}

export interface Outcome {
  id: string;
  ok: boolean;
  /** Why not, in the server's words. */
  error?: string;
}

export interface Overview {
  tenants: { total: number; active: number; suspended: number; deleted: number };
  plans: { planId: string; name: string; tenants: number }[];
  invitations: { pending: number; expired: number; failed: number };
  findings: { open: number; atRisk: { amount: number; currency: string }[] };
  emails: { queued: number; failed: number };
  stripeEvents: { failed: number; waiting: number };
  /** Set while Stripe does not take our key. */
  stripe: { refused: { at: string; message: string } | null };
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

/** Lists that stand under the record which they belong to, not at an address of their own. */
const NESTED: Record<string, (id: RaRecord['id']) => string> = {
  'reconcile-changes': (runId) => `reconcile-runs/${encodeURIComponent(runId)}/changes`,
};

export const api: Api = {
  ...stock,
  getManyReference(resource, params) {
    const address = NESTED[resource]?.(params.id);
    return address ? stock.getList(address, params) : stock.getManyReference(resource, params);
  },
  async act(resource, id, verb, body = {}) {
    const address = `/api/${resource}/${encodeURIComponent(id)}/${verb}`;
    return post(address, body);
  },
  async preview(tenantId, asked) {
    const address = `/api/tenants/${encodeURIComponent(tenantId)}/preview`;
    return post(address, asked);
  },
  async outlook(findingId, choice) {
    const given = Object.entries(choice).filter((entry): entry is [string, string] => Boolean(entry[1]));
    const address = `/api/findings/${encodeURIComponent(findingId)}/repair?${new URLSearchParams(given)}`;
    const { json } = await fetchUtils.fetchJson(address);
    return json;
  },
  async findingOwners() {
    const { json } = await fetchUtils.fetchJson('/api/findings/owners');
    return json;
  },
  async deleteTenant(id, cancel) {
    const address = `/api/tenants/${encodeURIComponent(id)}`;
    const { json } = await fetchUtils.fetchJson(address, { method: 'DELETE', body: JSON.stringify({ cancel }) });
    return json;
  },
  async searchCustomers(q) {
    const { json } = await fetchUtils.fetchJson(`/api/stripe-customers?q=${encodeURIComponent(q)}`);
    return json.results;
  },
  async actOnMany(resource, ids, verb, body = {}) {
    const { json } = await fetchUtils.fetchJson(`/api/${resource}/bulk/${verb}`, {
      method: 'POST',
      body: JSON.stringify({ ...body, ids }),
    });
    return json.results;
  },
  async explainPlan(tenantId, at) {
    const as = at ? `?at=${encodeURIComponent(at)}` : '';
    const { json } = await fetchUtils.fetchJson(`/api/tenants/${encodeURIComponent(tenantId)}/plan-explanation${as}`);
    return json;
  },
  async trace(id) {
    const { json } = await fetchUtils.fetchJson(`/api/invitations/${encodeURIComponent(id)}/trace`);
    return json;
  },
  async freshLink(id) {
    return post(`/api/invitations/${encodeURIComponent(id)}/link`, {});
  },
  previewImport: (tenantId, csv) => post('/api/invitations/import/preview', { tenantId, csv }),
  runImport: (tenantId, importId, csv) => post('/api/invitations/import', { tenantId, importId, csv }),
  async overview() {
    const { json } = await fetchUtils.fetchJson('/api/overview');
    return json;
  },
  async convergence() {
    const { json } = await fetchUtils.fetchJson('/api/convergence');
    return json;
  },
  async overrideCosts() {
    const { json } = await fetchUtils.fetchJson('/api/override-costs');
    return json;
  },
  async foreseePlan(planId, values) {
    const address = planId === undefined ? '/api/plans/what-if' : `/api/plans/${encodeURIComponent(planId)}/what-if`;
    return post(address, values);
  },
  async foreseeRetirement(planId, successorPlanId) {
    const address = `/api/plans/${encodeURIComponent(planId)}/retire/what-if`;
    return post(address, { successorPlanId });
  },
  async stripePrices({ q = '', ids, fresh = false }) {
    const asked = ids ? `ids=${ids.map(encodeURIComponent).join(',')}` : `q=${encodeURIComponent(q)}`;
    const { json } = await fetchUtils.fetchJson(`/api/stripe-prices?${asked}${fresh ? '&fresh=true' : ''}`);
    return json;
  },
  async unmappedPrices() {
    const { json } = await fetchUtils.fetchJson('/api/unmapped-prices');
    return json;
  },
  async consequences(eventId) {
    const { json } = await fetchUtils.fetchJson(`/api/stripe-events/${encodeURIComponent(eventId)}/consequences`);
    return json;
  },
  async replayFailed(which) {
    const address = '/api/stripe-events/bulk/replay-failed';
    return post(address, which);
  },
};
