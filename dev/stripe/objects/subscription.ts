import type Stripe from 'stripe';
import { newId } from '../store/ids';
import { planOf } from './catalogue';

export interface NewItem {
  id?: string;
  price: Stripe.Price;
  quantity?: number;
  metadata?: Stripe.Metadata;
}

/** A subscription's period, in seconds. */
export interface Period {
  start: number;
  end: number;
}

export interface NewSubscription {
  id?: string;
  created: number;
  customer: string;
  status: Stripe.Subscription.Status;
  items: NewItem[];
  period: Period;
  metadata?: Stripe.Metadata;
  description?: string | null;
  defaultPaymentMethod?: string | null;
  collectionMethod?: 'charge_automatically' | 'send_invoice';
  daysUntilDue?: number | null;
  trialStart?: number | null;
  trialEnd?: number | null;
  cancelAt?: number | null;
  cancelAtPeriodEnd?: boolean;
  canceledAt?: number | null;
  endedAt?: number | null;
  pauseCollection?: Stripe.Subscription.PauseCollection | null;
}

export function buildSubscriptionItem(
  subscription: string,
  item: NewItem,
  period: Period,
  created: number,
): Stripe.SubscriptionItem {
  return {
    id: item.id ?? newId('si'),
    object: 'subscription_item',
    billing_thresholds: null,
    created,
    current_period_end: period.end,
    current_period_start: period.start,
    current_trial: null,
    discounts: [],
    metadata: item.metadata ?? {},
    plan: planOf(item.price),
    price: item.price,
    quantity: item.quantity ?? 1,
    subscription,
    tax_rates: [],
  };
}

/** A whole subscription in the shape of API version 2026-10-28: the period stands on its items alone. */
export function buildSubscription(input: NewSubscription): Stripe.Subscription {
  const id = input.id ?? newId('sub');
  const [first] = input.items;
  if (!first) throw new Error(`The subscription ${id} needs at least one item.`);
  return {
    id,
    object: 'subscription',
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: input.trialEnd ?? input.period.start,
    billing_cycle_anchor_config: null,
    billing_mode: { flexible: { proration_discounts: 'included' }, type: 'flexible' },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: input.cancelAt ?? null,
    cancel_at_period_end: input.cancelAtPeriodEnd ?? false,
    canceled_at: input.canceledAt ?? null,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    collection_method: input.collectionMethod ?? 'charge_automatically',
    created: input.created,
    currency: first.price.currency,
    customer: input.customer,
    customer_account: null,
    days_until_due: input.daysUntilDue ?? null,
    default_payment_method: input.defaultPaymentMethod ?? null,
    default_source: null,
    default_tax_rates: [],
    description: input.description ?? null,
    discounts: [],
    ended_at: input.endedAt ?? null,
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: { type: 'self' },
    },
    items: {
      object: 'list',
      data: input.items.map((item) => buildSubscriptionItem(id, item, input.period, input.created)),
      has_more: false,
      url: `/v1/subscription_items?subscription=${id}`,
    },
    latest_invoice: null,
    livemode: false,
    managed_payments: { enabled: false },
    metadata: input.metadata ?? {},
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: input.pauseCollection ?? null,
    payment_settings: {
      payment_method_options: null,
      payment_method_types: null,
      save_default_payment_method: 'off',
    },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: input.created,
    status: input.status,
    test_clock: null,
    transfer_data: null,
    trial_end: input.trialEnd ?? null,
    trial_settings: {
      end_behavior: { billing_cycle_anchor: null, missing_payment_method: 'create_invoice' },
    },
    trial_start: input.trialStart ?? null,
  };
}
