import Stripe from 'stripe';
import { newId } from '../store/ids';

export interface NewCustomer {
  id?: string;
  created: number;
  email?: string | null;
  name?: string | null;
  phone?: string | null;
  description?: string | null;
  metadata?: Stripe.Metadata;
}

/** A customer without a card. */
export function buildCustomer(input: NewCustomer): Stripe.Customer {
  const id = input.id ?? newId('cus');
  return {
    id,
    object: 'customer',
    address: null,
    balance: 0,
    created: input.created,
    currency: null,
    customer_account: null,
    default_source: null,
    delinquent: false,
    description: input.description ?? null,
    discount: null,
    email: input.email ?? null,
    invoice_prefix: id.slice(-8).toUpperCase(),
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
    livemode: false,
    metadata: input.metadata ?? {},
    name: input.name ?? null,
    next_invoice_sequence: 1,
    phone: input.phone ?? null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  };
}

export interface NewProduct {
  id?: string | undefined;
  created: number;
  name: string;
  active?: boolean;
  description?: string | null;
  metadata?: Stripe.Metadata;
  unitLabel?: string | null;
  url?: string | null;
}

export function buildProduct(input: NewProduct): Stripe.Product {
  return {
    id: input.id ?? newId('prod'),
    object: 'product',
    active: input.active ?? true,
    created: input.created,
    default_price: null,
    description: input.description ?? null,
    images: [],
    livemode: false,
    marketing_features: [],
    metadata: input.metadata ?? {},
    name: input.name,
    package_dimensions: null,
    shippable: null,
    statement_descriptor: null,
    tax_code: null,
    tax_details: null,
    type: 'service',
    unit_label: input.unitLabel ?? null,
    updated: input.created,
    url: input.url ?? null,
  };
}

export type Interval = 'day' | 'week' | 'month' | 'year';

export interface NewPrice {
  id?: string;
  created: number;
  product: string;
  currency: string;
  /** In the currency's minor unit. */
  unitAmount: number;
  active?: boolean;
  lookupKey?: string | null;
  nickname?: string | null;
  metadata?: Stripe.Metadata;
  recurring?: { interval: Interval; intervalCount?: number; trialPeriodDays?: number | null } | null;
}

export function buildPrice(input: NewPrice): Stripe.Price {
  const { recurring } = input;
  return {
    id: input.id ?? newId('price'),
    object: 'price',
    active: input.active ?? true,
    billing_scheme: 'per_unit',
    created: input.created,
    currency: input.currency.toLowerCase(),
    custom_unit_amount: null,
    livemode: false,
    lookup_key: input.lookupKey ?? null,
    metadata: input.metadata ?? {},
    nickname: input.nickname ?? null,
    product: input.product,
    recurring: recurring
      ? {
          interval: recurring.interval,
          interval_count: recurring.intervalCount ?? 1,
          meter: null,
          trial_period_days: recurring.trialPeriodDays ?? null,
          usage_type: 'licensed',
        }
      : null,
    tax_behavior: 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: recurring ? 'recurring' : 'one_time',
    unit_amount: input.unitAmount,
    unit_amount_decimal: Stripe.Decimal.from(input.unitAmount),
  };
}

/** The old-style plan that Stripe still repeats on every subscription item. */
export function planOf(price: Stripe.Price): Stripe.Plan {
  return {
    id: price.id,
    object: 'plan',
    active: price.active,
    amount: price.unit_amount,
    amount_decimal: price.unit_amount_decimal,
    billing_scheme: price.billing_scheme,
    created: price.created,
    currency: price.currency,
    interval: price.recurring?.interval ?? 'month',
    interval_count: price.recurring?.interval_count ?? 1,
    livemode: price.livemode,
    metadata: price.metadata,
    meter: null,
    nickname: price.nickname,
    product: price.product,
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: price.recurring?.trial_period_days ?? null,
    usage_type: 'licensed',
  };
}
