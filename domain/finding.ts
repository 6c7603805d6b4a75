import type { FindingKind } from './decide-plan.types';
import type { Permission } from './permissions';

export type FindingStatus = 'open' | 'snoozed' | 'dismissed' | 'resolved';
export type FindingVerb = 'assign' | 'snooze' | 'dismiss' | 'reopen';

/** In which states an operator may do what to a finding. Only the engine resolves, and only it opens what was resolved. */
export const FINDING_VERBS: Record<FindingVerb, readonly FindingStatus[]> = {
  assign: ['open', 'snoozed', 'dismissed'],
  snooze: ['open', 'snoozed'],
  dismiss: ['open', 'snoozed', 'dismissed'],
  reopen: ['open', 'snoozed', 'dismissed'],
};

export type RepairVerb = 'sync' | 'replay' | 'link-customer' | 'map-price' | 'cancel-subscription';

/** What one safe repair of a finding will do. */
export interface Repair {
  verb: RepairVerb;
  /** For a button. */
  label: string;
  /** What will happen, told before it does. */
  effect: string;
  /** Whether it decides what somebody gets, beyond reading again what Stripe says. */
  changesPlan: boolean;
  access: Permission;
  /** What the operator must choose: fields of the request's body. */
  needs: readonly ('tenantId' | 'planId')[];
}

const SYNC: Repair = {
  verb: 'sync',
  label: 'Sync now',
  effect: 'Reads the customer from Stripe again and decides the plan by what Stripe says.',
  changesPlan: false,
  access: 'findings:repair',
  needs: [],
};

const REPAIRS: Record<FindingKind, Repair | null> = {
  'missed-webhook': SYNC,
  'missing-subscription': SYNC,
  'unknown-status': SYNC,
  'deleted-customer': SYNC,
  'collection-paused': SYNC,
  'past-due': SYNC,
  'several-subscriptions': SYNC,
  'handler-failed': {
    ...SYNC,
    verb: 'replay',
    label: 'Replay the failed events',
    effect: "Works off the customer's failed events again, by reading the customer from Stripe.",
  },
  'orphan-subscription': {
    verb: 'link-customer',
    label: 'Link the customer to a tenant',
    effect: 'Ties the Stripe customer to the tenant that you choose, which then gets what the customer pays for.',
    changesPlan: true,
    access: 'findings:repair-billing',
    needs: ['tenantId'],
  },
  'unknown-price': {
    verb: 'map-price',
    label: 'Map the price to a plan',
    effect: 'Adds the price to the plan that you choose. Every tenant that pays this price follows.',
    changesPlan: true,
    access: 'findings:repair-billing',
    needs: ['planId'],
  },
  'superseded-subscription': {
    verb: 'cancel-subscription',
    label: 'Cancel the superseded subscription',
    effect: 'Cancels the overdue subscription in Stripe now, without a refund. The one that pays goes on.',
    changesPlan: false,
    access: 'findings:repair-billing',
    needs: [],
  },
  'unknown-plan': null,
  'wrong-mode': null,
  'seat-overrun': null,
  'abandoned-checkout': null,
};

/** The one safe repair for findings of a kind, or null where only a person can tell what is right. */
export const repairOf = (kind: string): Repair | null =>
  Object.hasOwn(REPAIRS, kind) ? REPAIRS[kind as FindingKind] : null;
