import { missedWebhook, orphanSubscription } from '../../domain/customer-findings';
import type { PlanFinding, SubscriptionFact } from '../../domain/decide-plan.types';
import type { Actor } from '../../server/audit/actor';
import type { AuditInput } from '../../server/audit/record';
import type { TenantStory } from './stories';

const DAY = 86_400_000;

/** Tenants of whom the inbox has something to tell that the ordinary stories don't. */
export const FINDING_STORIES: TenantStory[] = [
  { base: 'free', subscriptions: [], orphan: { plan: 'business', status: 'active', orphan: true } },
  {
    base: 'free',
    subscriptions: [
      { plan: 'starter', status: 'past_due', pastDueDays: 5 },
      { plan: 'business', status: 'active' },
    ],
  },
];

interface Worked {
  state: object;
  step: Pick<AuditInput, 'action' | 'changes' | 'reason'>;
}

/** What operators have done about the first finding of some kinds, so that each place of the inbox has a row. */
const WORKED: Partial<Record<PlanFinding['kind'], (operator: Actor, now: Date) => Worked>> = {
  'unknown-price': ({ id }) => ({
    state: { ownerId: id },
    step: { action: 'finding.assign', changes: { ownerId: { from: null, to: id } } },
  }),
  'collection-paused': ({ id }, now) => {
    const snoozedUntil = new Date(+now + 6 * DAY);
    return {
      state: { status: 'snoozed', snoozedUntil, ownerId: id },
      step: {
        action: 'finding.snooze',
        changes: {
          status: { from: 'open', to: 'snoozed' },
          snoozedUntil: { from: null, to: snoozedUntil.toISOString() },
        },
      },
    };
  },
  'deleted-customer': () => {
    const reason = 'They left for good, agreed by phone';
    return {
      state: { status: 'dismissed', dismissedReason: reason },
      step: {
        action: 'finding.dismiss',
        changes: { status: { from: 'open', to: 'dismissed' }, dismissedReason: { from: null, to: reason } },
        reason,
      },
    };
  },
};

/** Tells the demo's inbox; one for the whole demo, since only the first of a kind was worked on. */
export class Inbox {
  readonly #worked = new Set<string>();

  constructor(
    private readonly operator: Actor,
    private readonly now: Date,
  ) {}

  /** What was done about a finding, or null. */
  workOn({ kind }: PlanFinding): Worked | null {
    const work = WORKED[kind];
    if (!work || this.#worked.has(kind)) return null;
    this.#worked.add(kind);
    return work(this.operator, this.now);
  }

  /** The columns that a finding's facts fill. */
  rowOf({ atRisk, ...told }: PlanFinding) {
    return { ...told, atRiskAmount: atRisk?.amount ?? null, atRiskCurrency: atRisk?.currency ?? null };
  }

  /** Somebody who pays, and whom no tenant claims. */
  orphanOf(fact: SubscriptionFact): object {
    const finding = orphanSubscription(fact);
    const seen = new Date(+this.now - 2 * DAY);
    return {
      fingerprint: [finding.kind, finding.customerId, finding.subscriptionId].join('/'),
      ...this.rowOf(finding),
      tenantId: null,
      firstSeenAt: seen,
      lastSeenAt: this.now,
    };
  }

  /** A change that no webhook told of, found and put right by the sweep of last night. */
  missedBy(tenantId: string, subscriptionId: string): object {
    const at = new Date(+this.now - DAY);
    const finding = missedWebhook({ subscriptionId, fromPlanId: 'free', toPlanId: 'starter', how: 'sweep' });
    return {
      fingerprint: [finding.kind, tenantId, subscriptionId].join('/'),
      ...this.rowOf(finding),
      tenantId,
      status: 'resolved',
      resolvedBy: { type: 'worker', id: 'reconciliation', name: 'reconciliation', eventId: null, runId: null },
      resolvedAt: at,
      firstSeenAt: at,
      lastSeenAt: at,
    };
  }
}
