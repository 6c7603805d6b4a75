import type Stripe from 'stripe';
import { z } from 'zod';
import { planItems } from '../billing/change-items';
import {
  type Charge,
  finalizeInvoice,
  markUncollectible,
  periodLines,
  subscriptionIdOf,
  tryCharge,
  voidInvoice,
} from '../billing/invoicing';
import { customerOf, invoiceOf, recurringPrice, subscriptionOf } from '../billing/lookup';
import { currentPeriod, periodFrom } from '../billing/period';
import { payInvoice } from '../billing/recover';
import { invalidRequest, noSuch } from '../errors';
import { endpoint } from '../http/endpoint';
import { listInOrder, listOf } from '../http/list';
import { buildInvoice } from '../objects/invoice';
import { outcomeOf } from '../objects/payment-method';
import { buildSubscription } from '../objects/subscription';
import { expand, flag, inRange, mergeMetadata, oneOf, paging, range, text, timestamp } from '../params/fields';
import { newId } from '../store/ids';
import { idOf } from '../store/json';
import type { World } from '../world';
import { itemChange, prorationBehavior, trialEnd } from './subscription-params';

const previewDetails = z.strictObject({
  items: z.array(itemChange).optional(),
  proration_behavior: prorationBehavior.optional(),
  proration_date: timestamp.optional(),
  trial_end: trialEnd.optional(),
});
type PreviewDetails = z.output<typeof previewDetails>;

/** `/v1/invoices` */
export const invoices = [
  endpoint(
    'get',
    '/invoices',
    {
      ...paging,
      collection_method: oneOf(['charge_automatically', 'send_invoice']).optional(),
      created: range.optional(),
      customer: text.optional(),
      due_date: range.optional(),
      status: oneOf(['draft', 'open', 'paid', 'uncollectible', 'void']).optional(),
      subscription: text.optional(),
    },
    ({ world, params }) => {
      const { customer } = params;
      if (customer !== undefined && !world.state.deletedCustomers.has(customer))
        customerOf(world, customer, 'customer');
      return listOf(world.state.invoices, 'invoice', '/v1/invoices', params, {
        group: customer ?? customerOfSubscription(world, params.subscription),
        where: (one) =>
          (params.status === undefined || one.status === params.status) &&
          (params.subscription === undefined || subscriptionIdOf(one) === params.subscription) &&
          (params.collection_method === undefined || one.collection_method === params.collection_method) &&
          (params.due_date === undefined || (one.due_date !== null && inRange(one.due_date, params.due_date))),
      });
    },
  ),

  endpoint(
    'post',
    '/invoices/create_preview',
    {
      ...expand,
      customer: text.optional(),
      subscription: text.optional(),
      subscription_details: previewDetails.optional(),
    },
    ({ world, params }) => {
      const details: PreviewDetails = params.subscription_details ?? {};
      if (params.subscription !== undefined) {
        return previewChange(world, subscriptionOf(world, params.subscription, 'subscription'), details);
      }
      if (params.customer === undefined) {
        throw invalidRequest('You must specify `customer` or `subscription`.', {
          code: 'parameter_missing',
          param: 'customer',
        });
      }
      return previewNew(world, customerOf(world, params.customer, 'customer'), details);
    },
  ),

  endpoint('get', '/invoices/:id', expand, ({ world, id }) => invoiceOf(world, id)),

  endpoint('get', '/invoices/:id/lines', paging, ({ world, id, params }) =>
    listInOrder(invoiceOf(world, id).lines.data, 'line_item', `/v1/invoices/${id}/lines`, params),
  ),

  endpoint('post', '/invoices/:id/finalize', { ...expand, auto_advance: flag.optional() }, ({ world, id }) =>
    finalizeInvoice(world, invoiceIn(world, id, ['draft'], 'finalized')),
  ),
  endpoint('post', '/invoices/:id/void', expand, ({ world, id }) => {
    const invoice = invoiceIn(world, id, ['open', 'uncollectible'], 'voided');
    voidInvoice(world, invoice);
    return invoice;
  }),
  endpoint('post', '/invoices/:id/mark_uncollectible', expand, ({ world, id }) => {
    const invoice = invoiceIn(world, id, ['open'], 'marked as uncollectible');
    markUncollectible(world, invoice);
    return invoice;
  }),

  endpoint(
    'post',
    '/invoices/:id/pay',
    { ...expand, off_session: flag.optional(), paid_out_of_band: flag.optional(), payment_method: text.optional() },
    ({ world, id, params }) => {
      const invoice = invoiceOf(world, id);
      return payInvoice(
        world,
        invoice,
        params.paid_out_of_band ? 'paid' : chargeFor(world, invoice, params.payment_method),
      );
    },
  ),
];

/** Whose invoices to look through for those of one subscription. */
const customerOfSubscription = (world: World, id: string | undefined): string | undefined =>
  idOf(world.state.subscriptions.get(id ?? '')?.customer) ?? undefined;

/** @throws StripeApiError where the invoice is in none of these statuses */
function invoiceIn(world: World, id: string, statuses: Stripe.Invoice.Status[], done: string): Stripe.Invoice {
  const invoice = invoiceOf(world, id);
  if (invoice.status && statuses.includes(invoice.status)) return invoice;
  throw invalidRequest(`This invoice cannot be ${done}: its status is ${invoice.status}.`);
}

function chargeFor(world: World, invoice: Stripe.Invoice, methodId: string | undefined): Charge {
  if (methodId !== undefined) {
    const method = world.state.paymentMethods.get(methodId);
    if (!method) throw noSuch('PaymentMethod', methodId, 'payment_method');
    return outcomeOf(method);
  }
  const subscription = subscriptionIdOf(invoice);
  return subscription === null ? 'no_card' : tryCharge(world, subscriptionOf(world, subscription));
}

function previewChange(world: World, subscription: Stripe.Subscription, details: PreviewDetails): Stripe.Invoice {
  const proration = details.proration_behavior ?? 'create_prorations';
  const changes = (details.items ?? []).map((item) => ({
    ...item,
    metadata: item.metadata === undefined ? undefined : mergeMetadata(null, item.metadata),
  }));
  const plan = planItems(world, subscription, changes, details.proration_date ?? world.now(), proration);
  const first = plan.items[0]!;
  // `always_invoice` previews the invoice of the change itself; else the next regular one is shown, prorations with it.
  const next = plan.restarts ? plan.period : periodFrom(currentPeriod(subscription).end, first.price);
  const changed = { ...subscription, status: 'active', items: { ...subscription.items, data: plan.items } };
  const regular = proration === 'always_invoice' && !plan.restarts ? [] : periodLines(world, changed, next);
  const waiting = world.state.pendingLines.get(subscription.id) ?? [];
  return preview(world, subscription, [...waiting, ...plan.prorations, ...regular], next);
}

function previewNew(world: World, customer: Stripe.Customer, details: PreviewDetails): Stripe.Invoice {
  const items = (details.items ?? []).map((item, index) => ({
    price: recurringPrice(world, item.price ?? '', `subscription_details[items][${index}][price]`),
    quantity: item.quantity ?? 1,
  }));
  const first = items[0];
  if (!first) {
    throw invalidRequest('Missing required param: subscription_details[items].', { code: 'parameter_missing' });
  }
  const now = world.now();
  const period = periodFrom(now, first.price);
  const status = typeof details.trial_end === 'number' ? 'trialing' : 'active';
  const draft = buildSubscription({ created: now, customer: customer.id, status, items, period });
  return preview(world, draft, periodLines(world, draft, period), period);
}

function preview(
  world: World,
  subscription: Stripe.Subscription,
  lines: Stripe.InvoiceLineItem[],
  period: { start: number; end: number },
): Stripe.Invoice {
  return buildInvoice({
    id: newId('upcoming_in'),
    created: world.now(),
    customer: customerOf(world, idOf(subscription.customer)),
    subscription,
    currency: subscription.currency,
    billingReason: 'upcoming',
    status: 'draft',
    lines,
    period,
    number: null,
    hostedAt: world.hostedAt,
  });
}
