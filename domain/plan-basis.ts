/** What a subscription was when a plan was worked out. */
export interface SubscriptionBasis {
  status: string;
  /** Of all that is read of it and its customer; null where it was not read since we keep it. */
  hash: string | null;
  /** Stripe lists it no more. */
  missing: boolean;
}

/** What a tenant's plan was decided from: equal again means that the same decision may be carried out. */
export interface PlanBasis {
  status: string;
  planId: string;
  basePlanId: string;
  /** By id: what it grants, and until when. */
  overrides: Record<string, string>;
  subscriptions: Record<string, SubscriptionBasis>;
}

/** What the basis is made from; rows of the database fit. */
export interface BasisFacts {
  tenant: Pick<PlanBasis, 'status' | 'planId' | 'basePlanId'>;
  overrides: readonly {
    id: string;
    planId: string;
    pin: boolean;
    startsAt: Date;
    endsAt: Date;
    endedAt: Date | null;
  }[];
  subscriptions: readonly { id: string; status: string; contentHash: string | null; missingSince: Date | null }[];
}

const termsOf = ({ planId, pin, startsAt, endsAt, endedAt }: BasisFacts['overrides'][number]): string =>
  [planId, pin ? 'pin' : 'floor', ...[startsAt, endsAt, endedAt].map((at) => at?.toISOString() ?? '-')].join(' ');

export const planBasis = ({ tenant, overrides, subscriptions }: BasisFacts): PlanBasis => ({
  status: tenant.status,
  planId: tenant.planId,
  basePlanId: tenant.basePlanId,
  overrides: Object.fromEntries(overrides.map((override) => [override.id, termsOf(override)])),
  subscriptions: Object.fromEntries(
    subscriptions.map(({ id, status, contentHash, missingSince }) => [
      id,
      { status, hash: contentHash, missing: missingSince !== null },
    ]),
  ),
});

function tenantChange(before: PlanBasis, now: PlanBasis, nameOf: (planId: string) => string): string | null {
  if (now.planId !== before.planId)
    return `The tenant's plan changed since: it is ${nameOf(now.planId)} now, and was ${nameOf(before.planId)}.`;
  if (now.basePlanId !== before.basePlanId)
    return `The tenant's base plan changed since: it is ${nameOf(now.basePlanId)} now.`;
  if (now.status !== before.status) return `The tenant changed since: it is ${now.status} now.`;
  return null;
}

function overrideChange(before: PlanBasis, now: PlanBasis): string | null {
  for (const [id, terms] of Object.entries(now.overrides)) {
    const earlier = before.overrides[id];
    if (earlier === undefined) return 'An override was granted since.';
    if (earlier !== terms) return 'An override was changed or ended since.';
  }
  return Object.keys(before.overrides).some((id) => !(id in now.overrides)) ? 'An override has ended since.' : null;
}

function subscriptionChange(id: string, before: SubscriptionBasis | undefined, now: SubscriptionBasis): string | null {
  const told = (what: string) => `Stripe changed since: subscription ${id} ${what}.`;
  if (!before) return told(`has come, it is ${now.status}`);
  if (now.missing !== before.missing)
    return told(now.missing ? 'is listed no more' : `is listed again as ${now.status}`);
  if (now.status !== before.status) return told(`is ${now.status} now, it was ${before.status}`);
  if (before.hash !== null && now.hash !== before.hash)
    return told('has another price, quantity, date or customer now');
  return null;
}

function stripeChange(before: PlanBasis, now: PlanBasis): string | null {
  for (const [id, subscription] of Object.entries(now.subscriptions)) {
    const change = subscriptionChange(id, before.subscriptions[id], subscription);
    if (change) return change;
  }
  const gone = Object.keys(before.subscriptions).find((id) => !(id in now.subscriptions));
  return gone ? `Stripe changed since: subscription ${gone} is not this tenant's any more.` : null;
}

/** What changed between two bases, in a sentence for operators; null where they are equal. The tenant comes first. */
export const basisChange = (before: PlanBasis, now: PlanBasis, nameOf: (planId: string) => string): string | null =>
  tenantChange(before, now, nameOf) ?? overrideChange(before, now) ?? stripeChange(before, now);
