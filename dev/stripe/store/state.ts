import type Stripe from 'stripe';
import { Collection } from './collection';
import { idOf } from './json';

/** The first answer to an idempotency key, given again to whoever repeats the request. */
export interface IdempotentAnswer {
  fingerprint: string;
  status: number;
  body: string;
  requestId: string;
  created: number;
}

/** One event on its way to the webhook endpoint. Times are in milliseconds. */
export interface Delivery {
  eventId: string;
  state: 'pending' | 'delivered' | 'failed' | 'dropped';
  /** How often it is still to arrive. */
  copies: number;
  /** By the machine's clock, which nobody moves. */
  owedSince: number;
  attempts: number;
  nextAttemptAt: number;
  lastStatus: number | null;
  lastError: string | null;
}

/** What a checkout session was told but never shows: what to put on its subscription. */
export interface CheckoutPlan {
  lineItems: Stripe.LineItem[];
  subscriptionMetadata: Stripe.Metadata;
  subscriptionDescription: string | null;
  trialEnd: number | null;
  /** Why the last try on the hosted page failed. */
  lastDecline: string | null;
}

/** A billing portal session; it ends an hour after it was made, as Stripe's do. */
export type PortalSession = Stripe.BillingPortal.Session;

/** Objects that a seed program may load as they are. */
export interface LoadableWorld {
  customers?: Stripe.Customer[];
  products?: Stripe.Product[];
  prices?: Stripe.Price[];
  subscriptions?: Stripe.Subscription[];
  invoices?: Stripe.Invoice[];
  payment_methods?: Stripe.PaymentMethod[];
  subscription_schedules?: Stripe.SubscriptionSchedule[];
  events?: Stripe.EventBase[];
  /** Ids of customers that were deleted: reading one answers `deleted: true`. */
  deleted_customers?: string[];
}

/** The whole state as the JSON file holds it. */
export interface SavedState extends Required<LoadableWorld> {
  checkout_sessions: Stripe.Checkout.Session[];
  portal_sessions: PortalSession[];
  checkout_plans: [string, CheckoutPlan][];
  pending_lines: [string, Stripe.InvoiceLineItem[]][];
  deliveries: Delivery[];
  idempotency: [string, IdempotentAnswer][];
  invoice_number: number;
  trial_warnings: [string, number][];
  clock_offset: number;
}

/** Everything the stand-in knows, in memory. */
export class State {
  readonly customers = new Collection<Stripe.Customer>();
  readonly products = new Collection<Stripe.Product>();
  readonly prices = new Collection<Stripe.Price>((price) => idOf(price.product));
  readonly subscriptions = new Collection<Stripe.Subscription>((subscription) => idOf(subscription.customer));
  readonly invoices = new Collection<Stripe.Invoice>((invoice) => idOf(invoice.customer));
  readonly paymentMethods = new Collection<Stripe.PaymentMethod>((method) => idOf(method.customer));
  readonly schedules = new Collection<Stripe.SubscriptionSchedule>((schedule) => idOf(schedule.customer));
  readonly checkoutSessions = new Collection<Stripe.Checkout.Session>((session) => idOf(session.customer));
  readonly portalSessions = new Collection<PortalSession>();
  readonly events = new Collection<Stripe.EventBase>();
  readonly deletedCustomers = new Set<string>();
  readonly checkoutPlans = new Map<string, CheckoutPlan>();
  /** Proration lines that wait for the subscription's next invoice. */
  readonly pendingLines = new Map<string, Stripe.InvoiceLineItem[]>();
  readonly deliveries = new Map<string, Delivery>();
  readonly idempotency = new Map<string, IdempotentAnswer>();
  /** The end of each trial that was warned of, by subscription. */
  readonly trialWarnings = new Map<string, number>();
  invoiceNumber = 0;
  /** So many seconds the stand-in's clock is ahead of the machine's. */
  clockOffset = 0;

  /** Adds full objects as they are; an object with a known id replaces the old one. */
  load(world: LoadableWorld): void {
    for (const customer of world.customers ?? []) this.customers.put(customer);
    for (const product of world.products ?? []) this.products.put(product);
    for (const price of world.prices ?? []) this.prices.put(price);
    for (const method of world.payment_methods ?? []) this.paymentMethods.put(method);
    for (const subscription of world.subscriptions ?? []) {
      // Stripe shows an item's price as it is now, so that items share the price object.
      for (const item of subscription.items.data) item.price = this.prices.get(item.price.id) ?? item.price;
      this.subscriptions.put(subscription);
    }
    for (const invoice of world.invoices ?? []) this.invoices.put(invoice);
    for (const schedule of world.subscription_schedules ?? []) this.schedules.put(schedule);
    for (const event of world.events ?? []) this.events.put(event);
    for (const id of world.deleted_customers ?? []) {
      this.customers.delete(id);
      this.deletedCustomers.add(id);
    }
  }

  /** Forgets everything. */
  reset(): void {
    for (const collection of [
      this.customers,
      this.products,
      this.prices,
      this.subscriptions,
      this.invoices,
      this.paymentMethods,
      this.schedules,
      this.checkoutSessions,
      this.portalSessions,
      this.events,
      this.deletedCustomers,
      this.checkoutPlans,
      this.pendingLines,
      this.deliveries,
      this.idempotency,
      this.trialWarnings,
    ]) {
      collection.clear();
    }
    this.invoiceNumber = 0;
    this.clockOffset = 0;
  }

  save(): SavedState {
    return {
      customers: this.customers.all(),
      products: this.products.all(),
      prices: this.prices.all(),
      payment_methods: this.paymentMethods.all(),
      subscriptions: this.subscriptions.all(),
      invoices: this.invoices.all(),
      subscription_schedules: this.schedules.all(),
      events: this.events.all(),
      checkout_sessions: this.checkoutSessions.all(),
      portal_sessions: this.portalSessions.all(),
      deleted_customers: [...this.deletedCustomers],
      checkout_plans: [...this.checkoutPlans],
      pending_lines: [...this.pendingLines],
      deliveries: [...this.deliveries.values()],
      idempotency: [...this.idempotency],
      invoice_number: this.invoiceNumber,
      trial_warnings: [...this.trialWarnings],
      clock_offset: this.clockOffset,
    };
  }

  restore(saved: SavedState): void {
    this.reset();
    this.load(saved);
    for (const session of saved.checkout_sessions) this.checkoutSessions.put(session);
    for (const session of saved.portal_sessions) this.portalSessions.put(session);
    for (const [id, plan] of saved.checkout_plans) this.checkoutPlans.set(id, plan);
    for (const [id, lines] of saved.pending_lines) this.pendingLines.set(id, lines);
    // A file of an earlier version says nothing of copies, warnings and the clock.
    for (const one of saved.deliveries)
      this.deliveries.set(one.eventId, { ...one, copies: one.copies ?? 1, owedSince: one.owedSince ?? Date.now() });
    for (const [key, answer] of saved.idempotency) this.idempotency.set(key, answer);
    this.invoiceNumber = saved.invoice_number;
    for (const [id, end] of saved.trial_warnings ?? []) this.trialWarnings.set(id, end);
    this.clockOffset = saved.clock_offset ?? 0;
  }
}
