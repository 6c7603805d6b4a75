import type Stripe from 'stripe';
import { newId } from '../store/ids';
import type { Period } from './subscription';

/** What an invoice line is for. `amount` is in the currency's minor unit, negative for a credit. */
export interface NewLine {
  amount: number;
  description: string;
  period: Period;
  price: Stripe.Price;
  quantity: number;
  subscription: string | null;
  subscriptionItem: string;
  proration?: boolean;
}

export function buildLine(line: NewLine): Stripe.InvoiceLineItem {
  const product = line.price.product;
  return {
    id: newId('il'),
    object: 'line_item',
    amount: line.amount,
    currency: line.price.currency,
    description: line.description,
    discount_amounts: [],
    discountable: !line.proration,
    discounts: [],
    invoice: null,
    livemode: false,
    metadata: {},
    parent: {
      invoice_item_details: null,
      subscription_item_details: {
        invoice_item: null,
        proration: line.proration ?? false,
        proration_details: { credited_items: null },
        subscription: line.subscription,
        subscription_item: line.subscriptionItem,
      },
      type: 'subscription_item_details',
    },
    period: line.period,
    pretax_credit_amounts: [],
    pricing: {
      price_details: { price: line.price.id, product: typeof product === 'string' ? product : product.id },
      type: 'price_details',
      unit_amount_decimal: line.price.unit_amount_decimal,
    },
    quantity: line.quantity,
    quantity_decimal: null,
    subscription: line.subscription,
    subtotal: line.amount,
    taxes: [],
  };
}

export interface NewInvoice {
  id?: string;
  created: number;
  customer: Pick<Stripe.Customer, 'id' | 'email' | 'name' | 'phone'>;
  subscription: Pick<Stripe.Subscription, 'id' | 'metadata' | 'collection_method' | 'days_until_due'> | null;
  currency: string;
  billingReason: Stripe.Invoice.BillingReason;
  status: Stripe.Invoice.Status;
  lines: Stripe.InvoiceLineItem[];
  period: Period;
  number: string | null;
  /** Base of the hosted pages. */
  hostedAt: string;
}

/** An invoice; a paid one is paid in full at its creation, an open one is due then. */
export function buildInvoice(input: NewInvoice): Stripe.Invoice {
  const id = input.id ?? newId('in');
  const total = input.lines.reduce((sum, line) => sum + line.amount, 0);
  const due = Math.max(0, total);
  const paid = input.status === 'paid';
  const draft = input.status === 'draft';
  const sent = input.subscription?.collection_method === 'send_invoice';
  return {
    id,
    object: 'invoice',
    account_country: 'US',
    account_name: 'Stripe stand-in',
    account_tax_ids: null,
    amount_due: due,
    amount_overpaid: 0,
    amount_paid: paid ? due : 0,
    amount_remaining: paid ? 0 : due,
    amount_shipping: 0,
    application: null,
    attempt_count: paid && due > 0 ? 1 : 0,
    attempted: paid,
    auto_advance: input.status === 'open',
    automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    automatically_finalizes_at: null,
    billing_reason: input.billingReason,
    collection_method: input.subscription?.collection_method ?? 'charge_automatically',
    created: input.created,
    currency: input.currency,
    custom_fields: null,
    customer: input.customer.id,
    customer_account: null,
    customer_address: null,
    customer_email: input.customer.email,
    customer_name: input.customer.name ?? null,
    customer_phone: input.customer.phone ?? null,
    customer_shipping: null,
    customer_tax_exempt: 'none',
    customer_tax_ids: [],
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    due_date: sent ? input.created + (input.subscription?.days_until_due ?? 30) * 86_400 : null,
    effective_at: draft ? null : input.created,
    ending_balance: draft ? null : 0,
    footer: null,
    from_invoice: null,
    hosted_invoice_url: draft ? null : `${input.hostedAt}/invoice/${id}`,
    invoice_pdf: draft ? null : `${input.hostedAt}/invoice/${id}`,
    issuer: { type: 'self' },
    last_finalization_error: null,
    latest_revision: null,
    lines: {
      object: 'list',
      data: input.lines.map((line) => ({ ...line, invoice: id })),
      has_more: false,
      url: `/v1/invoices/${id}/lines`,
    },
    livemode: false,
    metadata: {},
    next_payment_attempt: null,
    number: draft ? null : input.number,
    on_behalf_of: null,
    parent: input.subscription
      ? {
          quote_details: null,
          subscription_details: { metadata: input.subscription.metadata, subscription: input.subscription.id },
          type: 'subscription_details',
        }
      : null,
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    period_end: input.period.end,
    period_start: input.period.start,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: 0,
    statement_descriptor: null,
    status: input.status,
    status_transitions: {
      finalized_at: draft ? null : input.created,
      marked_uncollectible_at: null,
      paid_at: paid ? input.created : null,
      voided_at: null,
    },
    subtotal: total,
    subtotal_excluding_tax: total,
    test_clock: null,
    total,
    total_discount_amounts: [],
    total_excluding_tax: total,
    total_pretax_credit_amounts: [],
    total_taxes: [],
    webhooks_delivered_at: null,
  };
}
