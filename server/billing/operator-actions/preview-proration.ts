import type Stripe from 'stripe';
import { idOf } from '../../stripe/facts';
import { askToChange } from './change-at-stripe';

/** Amounts in the currency's minor unit. */
export interface Proration {
  currency: string;
  /** Charged as soon as it is done. */
  dueNow: number;
  /** Kept for the customer, towards later invoices. */
  credit: number;
  lines: { description: string | null; amount: number }[];
  /** The next regular charge. */
  next: { amount: number; at: string } | null;
  /** Hand it back with the change, so that exactly this is charged. */
  prorationDate: string | null;
}

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();
const SLACK_SECONDS = 60;

type Items = Stripe.InvoiceCreatePreviewParams.SubscriptionDetails.Item[];

/** The next regular charge of a subscription with other items, or with those that it has. */
export async function nextCharge(stripe: Stripe, { id, customer }: Stripe.Subscription, items?: Items) {
  const invoice = await askToChange(
    stripe.invoices.createPreview({
      customer: idOf(customer),
      subscription: id,
      subscription_details: { proration_behavior: 'none', ...(items ? { items } : {}) },
    }),
  );
  const period = invoice.lines.data.at(-1)?.period;
  if (!period) return null;
  // Where the interval changes, the first period begins at once, and the next charge is at its end.
  const begun = period.start <= Date.now() / 1000 + SLACK_SECONDS;
  return { invoice, amount: invoice.total, at: iso(begun ? period.end : period.start) };
}

/** What Stripe says that swapping items charges now and next. Nothing is changed. */
export async function swapProration(
  stripe: Stripe,
  subscription: Stripe.Subscription,
  items: Items,
  now: Date,
): Promise<Proration> {
  const date = Math.floor(+now / 1000);
  const prorates = subscription.status !== 'trialing';
  const invoice = await askToChange(
    stripe.invoices.createPreview({
      customer: idOf(subscription.customer),
      subscription: subscription.id,
      subscription_details: {
        items,
        proration_behavior: 'always_invoice',
        ...(prorates ? { proration_date: date } : {}),
      },
    }),
  );
  // What lies ahead is not due now, should the preview tell of it too.
  const lines = invoice.lines.data.filter(({ period }) => period.start <= date + SLACK_SECONDS);
  const ahead = invoice.lines.data.filter((line) => !lines.includes(line)).reduce((sum, one) => sum + one.amount, 0);
  const next = await nextCharge(stripe, subscription, items);
  return {
    currency: invoice.currency,
    dueNow: Math.max(0, invoice.amount_due - ahead),
    credit: Math.max(0, ahead - invoice.total),
    lines: lines.map(({ description, amount }) => ({ description, amount })),
    next: next && { amount: next.amount, at: next.at },
    prorationDate: prorates ? iso(date) : null,
  };
}

/** Nothing is due now; `amount` at `at`, or never. */
export const onlyLater = (currency: string, next: Proration['next']): Proration => ({
  currency,
  dueNow: 0,
  credit: 0,
  lines: [],
  next,
  prorationDate: null,
});
