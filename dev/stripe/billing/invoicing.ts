import type Stripe from 'stripe';
import { buildInvoice, buildLine } from '../objects/invoice';
import { type ChargeOutcome, outcomeOf } from '../objects/payment-method';
import type { Period } from '../objects/subscription';
import { idOf } from '../store/json';
import type { World } from '../world';
import { paymentMethodFor, productName } from './lookup';

/** What came of charging a subscription's card. */
export type Charge = ChargeOutcome | 'no_card';

/** What charging this subscription now would lead to. */
export function tryCharge(world: World, subscription: Stripe.Subscription): Charge {
  const method = paymentMethodFor(world, subscription);
  return method ? outcomeOf(method) : 'no_card';
}

/** The lines for one period of each item, or for the share of it that is left. */
export function periodLines(
  world: World,
  subscription: Stripe.Subscription,
  period: Period,
  share = 1,
): Stripe.InvoiceLineItem[] {
  const trialing = subscription.status === 'trialing';
  return subscription.items.data.map((item) =>
    buildLine({
      amount: trialing ? 0 : Math.round((item.price.unit_amount ?? 0) * (item.quantity ?? 1) * share),
      description: trialing
        ? `Free trial for ${productName(world, item.price)}`
        : `${item.quantity ?? 1} × ${productName(world, item.price)}`,
      period,
      price: item.price,
      quantity: item.quantity ?? 1,
      subscription: subscription.id,
      subscriptionItem: item.id,
    }),
  );
}

export interface InvoiceOrder {
  subscription: Stripe.Subscription;
  reason: Stripe.Invoice.BillingReason;
  lines: Stripe.InvoiceLineItem[];
  period: Period;
}

/** Makes an invoice for a subscription and finalises it. It is open, and not yet charged. */
export const issueInvoice = (world: World, order: InvoiceOrder): Stripe.Invoice =>
  finalizeInvoice(world, draftInvoice(world, order));

/** Makes an invoice for a subscription, as a draft that nobody can pay yet. */
export function draftInvoice(world: World, order: InvoiceOrder): Stripe.Invoice {
  const { subscription } = order;
  const customer = idOf(subscription.customer);
  const invoice = buildInvoice({
    created: world.now(),
    customer: world.state.customers.get(customer) ?? { id: customer, email: null, name: null, phone: null },
    subscription,
    currency: subscription.currency,
    billingReason: order.reason,
    status: 'draft',
    lines: order.lines,
    period: order.period,
    number: null,
    hostedAt: world.hostedAt,
  });
  world.state.invoices.put(invoice);
  world.emit('invoice.created', invoice);
  return invoice;
}

/** Finalises a draft: it gets its number and its page, and can be paid. */
export function finalizeInvoice(world: World, invoice: Stripe.Invoice): Stripe.Invoice {
  world.state.invoiceNumber += 1;
  invoice.status = 'open';
  invoice.auto_advance = true;
  invoice.effective_at = world.now();
  invoice.ending_balance = 0;
  invoice.hosted_invoice_url = `${world.hostedAt}/invoice/${invoice.id}`;
  invoice.invoice_pdf = invoice.hosted_invoice_url;
  invoice.number = `STANDIN-${String(world.state.invoiceNumber).padStart(4, '0')}`;
  invoice.status_transitions.finalized_at = world.now();
  world.state.invoices.put(invoice);
  world.emit('invoice.finalized', invoice);
  return invoice;
}

/**
 * Writes down what charging an open invoice led to. Nothing due counts as paid, whatever the card.
 * @param nextAttempt when a charge that failed is tried again; null for never
 */
export function settleInvoice(
  world: World,
  invoice: Stripe.Invoice,
  charge: Charge,
  nextAttempt: number | null = null,
): void {
  if (charge === 'paid' || invoice.amount_due === 0) {
    markPaid(world, invoice);
    return;
  }
  world.change(world.state.invoices, invoice, 'invoice.updated', (open) => {
    open.attempted = true;
    open.attempt_count += 1;
    open.next_payment_attempt = nextAttempt;
  });
  if (charge === 'requires_action') world.emit('invoice.payment_action_required', invoice);
  world.emit('invoice.payment_failed', invoice);
}

/** Marks an open invoice as paid in full. What that means for its subscription is `afterPaid`'s to say. */
export function markPaid(world: World, invoice: Stripe.Invoice): void {
  invoice.status = 'paid';
  invoice.attempted = true;
  if (invoice.amount_due > 0) invoice.attempt_count += 1;
  invoice.amount_paid = invoice.amount_due;
  invoice.amount_remaining = 0;
  invoice.auto_advance = false;
  invoice.next_payment_attempt = null;
  invoice.status_transitions.paid_at = world.now();
  world.state.invoices.put(invoice);
  world.emit('invoice.paid', invoice);
  world.emit('invoice.payment_succeeded', invoice);
}

/** Voids an open invoice: nobody will pay it any more. */
export function voidInvoice(world: World, invoice: Stripe.Invoice): void {
  invoice.status = 'void';
  invoice.auto_advance = false;
  invoice.next_payment_attempt = null;
  invoice.status_transitions.voided_at = world.now();
  world.state.invoices.put(invoice);
  world.emit('invoice.voided', invoice);
}

/** Gives an open invoice up; it may still be paid. */
export function markUncollectible(world: World, invoice: Stripe.Invoice): void {
  invoice.status = 'uncollectible';
  invoice.auto_advance = false;
  invoice.next_payment_attempt = null;
  invoice.status_transitions.marked_uncollectible_at = world.now();
  world.state.invoices.put(invoice);
  world.emit('invoice.marked_uncollectible', invoice);
}

/** Stops charging a subscription's open invoices by itself, as Stripe does when the subscription ends. */
export function stopCollecting(world: World, subscription: Stripe.Subscription): void {
  for (const invoice of invoicesOf(world, subscription, 'open')) {
    world.change(world.state.invoices, invoice, 'invoice.updated', (open) => {
      open.auto_advance = false;
      open.next_payment_attempt = null;
    });
  }
}

/** The id of the subscription that an invoice is for. */
export const subscriptionIdOf = (invoice: Stripe.Invoice): string | null =>
  idOf(invoice.parent?.subscription_details?.subscription);

/** A subscription's invoices in one status, oldest first. */
export function invoicesOf(
  world: World,
  subscription: Stripe.Subscription,
  status: Stripe.Invoice.Status,
): Stripe.Invoice[] {
  return world.state.invoices
    .inGroup(idOf(subscription.customer))
    .filter((invoice) => invoice.status === status && subscriptionIdOf(invoice) === subscription.id);
}
