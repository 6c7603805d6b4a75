import type Stripe from 'stripe';
import { authenticationRequired, cardDeclined, invalidRequest, type StripeApiError } from '../errors';
import { buildSubscription, type NewItem } from '../objects/subscription';
import type { World } from '../world';
import { nextAttempt } from './dunning';
import { type Charge, issueInvoice, periodLines, settleInvoice, tryCharge } from './invoicing';
import { customerOf } from './lookup';
import { periodFrom } from './period';
import { warnIfTrialEndsSoon } from './trial';

export type PaymentBehavior =
  | 'allow_incomplete'
  | 'default_incomplete'
  | 'error_if_incomplete'
  | 'pending_if_incomplete';

export interface SubscribeOrder {
  customer: string;
  items: NewItem[];
  metadata?: Stripe.Metadata;
  description?: string | null;
  defaultPaymentMethod?: string | null;
  collectionMethod?: 'charge_automatically' | 'send_invoice' | undefined;
  daysUntilDue?: number | null;
  /** Seconds; in the future, or absent for no trial. */
  trialEnd?: number | null;
  paymentBehavior?: PaymentBehavior;
  cancelAt?: number | 'period_end' | null;
  cancelAtPeriodEnd?: boolean;
  trialSettings?: Stripe.Subscription.TrialSettings;
  /** The schedule that makes it. */
  schedule?: string;
  /** Nobody waits for the answer: a charge that fails leaves it past due. */
  isUnattended?: boolean;
}

/** The refusal for a charge that did not work. */
export function chargeRefusal(charge: Exclude<Charge, 'paid'>): StripeApiError {
  if (charge === 'declined') return cardDeclined();
  if (charge === 'requires_action') return authenticationRequired();
  return invalidRequest(
    'This customer has no attached payment source or default payment method. Please consider adding a default payment method.',
    { code: 'resource_missing' },
  );
}

/**
 * Makes a subscription with its first invoice, charged at once.
 * @throws StripeApiError where there is no card, or the card was refused and the caller wants no incomplete subscription
 */
export function subscribe(world: World, order: SubscribeOrder): Stripe.Subscription {
  const now = world.now();
  const first = order.items[0];
  if (!first) throw invalidRequest('Missing required param: items.', { code: 'parameter_missing', param: 'items' });
  const customer = customerOf(world, order.customer, 'customer');
  requireOneCurrency(world, order);
  const trialEnd = order.trialEnd && order.trialEnd > now ? order.trialEnd : null;
  const period = trialEnd ? { start: now, end: trialEnd } : periodFrom(now, first.price);
  const subscription = buildSubscription({
    created: now,
    customer: order.customer,
    status: trialEnd ? 'trialing' : 'active',
    items: order.items,
    period,
    metadata: order.metadata ?? {},
    description: order.description ?? null,
    defaultPaymentMethod: order.defaultPaymentMethod ?? null,
    collectionMethod: order.collectionMethod ?? 'charge_automatically',
    daysUntilDue: order.daysUntilDue ?? null,
    trialStart: trialEnd ? now : null,
    trialEnd,
    cancelAt: order.cancelAtPeriodEnd || order.cancelAt === 'period_end' ? period.end : (order.cancelAt ?? null),
    cancelAtPeriodEnd: order.cancelAtPeriodEnd ?? false,
    canceledAt: order.cancelAt || order.cancelAtPeriodEnd ? now : null,
  });
  subscription.schedule = order.schedule ?? null;
  if (order.trialSettings) subscription.trial_settings = order.trialSettings;

  const lines = periodLines(world, subscription, period);
  const isFree = lines.every((line) => line.amount === 0);
  const behavior = order.paymentBehavior ?? 'allow_incomplete';
  const waits = subscription.collection_method === 'send_invoice' || behavior === 'default_incomplete';
  const charge = isFree ? 'paid' : tryCharge(world, subscription);
  if (
    !waits &&
    !order.isUnattended &&
    charge !== 'paid' &&
    (charge === 'no_card' || behavior === 'error_if_incomplete')
  ) {
    throw chargeRefusal(charge);
  }
  const paid = isFree || (!waits && charge === 'paid');
  if (!paid && subscription.collection_method === 'charge_automatically') {
    subscription.status = order.isUnattended ? 'past_due' : 'incomplete';
  }

  customer.currency = subscription.currency;
  const invoice = issueInvoice(world, { subscription, reason: 'subscription_create', lines, period });
  subscription.latest_invoice = invoice.id;
  world.state.subscriptions.put(subscription);
  world.emit('customer.subscription.created', subscription);
  warnIfTrialEndsSoon(world, subscription);
  if (isFree || !waits) settleInvoice(world, invoice, charge, order.isUnattended ? nextAttempt(world, invoice) : null);
  return subscription;
}

/** All that a customer subscribes to at one time is in one currency. */
function requireOneCurrency(world: World, order: SubscribeOrder): void {
  const running = world.state.subscriptions
    .inGroup(order.customer)
    .filter(({ status }) => status !== 'canceled' && status !== 'incomplete_expired');
  const currencies = [...running.map(({ currency }) => currency), ...order.items.map(({ price }) => price.currency)];
  const other = currencies.find((currency) => currency !== currencies[0]);
  if (other === undefined) return;
  throw invalidRequest(
    `You cannot combine currencies on a single customer. This customer has an active subscription or item with currency ${currencies[0]}.`,
    { param: 'items' },
  );
}
