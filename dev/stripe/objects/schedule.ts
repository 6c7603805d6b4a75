import type Stripe from 'stripe';
import { newId } from '../store/ids';

export interface NewPhase {
  start: number;
  end: number;
  currency: string;
  items: { price: string; quantity: number; metadata?: Stripe.Metadata }[];
  metadata?: Stripe.Metadata;
  description?: string | null;
  proration?: 'always_invoice' | 'create_prorations' | 'none';
  trialEnd?: number | null;
}

export function buildPhase(phase: NewPhase): Stripe.SubscriptionSchedule.Phase {
  return {
    add_invoice_items: [],
    application_fee_percent: null,
    billing_cycle_anchor: null,
    billing_thresholds: null,
    collection_method: null,
    currency: phase.currency,
    default_payment_method: null,
    default_tax_rates: [],
    description: phase.description ?? null,
    discounts: [],
    end_date: phase.end,
    invoice_settings: null,
    items: phase.items.map(({ price, quantity, metadata }) => ({
      billing_thresholds: null,
      discounts: [],
      metadata: metadata ?? {},
      plan: price,
      price,
      quantity,
      tax_rates: [],
    })),
    metadata: phase.metadata ?? {},
    on_behalf_of: null,
    proration_behavior: phase.proration ?? 'create_prorations',
    start_date: phase.start,
    transfer_data: null,
    trial_end: phase.trialEnd ?? null,
  };
}

export interface NewSchedule {
  id?: string;
  created: number;
  customer: string;
  /** The subscription that it manages; null for one that has not begun. */
  subscription: string | null;
  phases: Stripe.SubscriptionSchedule.Phase[];
  endBehavior?: 'cancel' | 'release';
  metadata?: Stripe.Metadata;
  defaultPaymentMethod?: string | null;
  collectionMethod?: 'charge_automatically' | 'send_invoice';
}

/** A schedule: active in its first phase where it has a subscription, else not begun. */
export function buildSchedule(input: NewSchedule): Stripe.SubscriptionSchedule {
  const [first] = input.phases;
  const active = input.subscription !== null && first !== undefined;
  return {
    id: input.id ?? newId('sub_sched'),
    object: 'subscription_schedule',
    application: null,
    billing_mode: { flexible: { proration_discounts: 'included' }, type: 'flexible' },
    canceled_at: null,
    completed_at: null,
    created: input.created,
    current_phase: active ? { start_date: first.start_date, end_date: first.end_date } : null,
    customer: input.customer,
    customer_account: null,
    default_settings: {
      application_fee_percent: null,
      automatic_tax: { disabled_reason: null, enabled: false, liability: null },
      billing_cycle_anchor: 'automatic',
      billing_thresholds: null,
      collection_method: input.collectionMethod ?? 'charge_automatically',
      default_payment_method: input.defaultPaymentMethod ?? null,
      description: null,
      invoice_settings: {
        account_tax_ids: null,
        custom_fields: null,
        days_until_due: null,
        description: null,
        footer: null,
        issuer: { type: 'self' },
      },
      on_behalf_of: null,
      transfer_data: null,
    },
    end_behavior: input.endBehavior ?? 'release',
    livemode: false,
    metadata: input.metadata ?? {},
    pause_schedules: [],
    phases: input.phases,
    released_at: null,
    released_subscription: null,
    status: active ? 'active' : 'not_started',
    subscription: input.subscription,
    test_clock: null,
  };
}
