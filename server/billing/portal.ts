import type { Context } from '../context';
import { conflict } from '../errors';
import { ask } from '../stripe/ask';
import { stripeOf } from '../stripe/client';
import { customersOf } from './live-subscriptions';

export interface InvoiceView {
  id: string;
  number: string | null;
  status: string | null;
  /** In the currency's minor unit. */
  amountDue: number;
  amountPaid: number;
  currency: string;
  createdAt: string;
  hostedUrl: string | null;
  pdfUrl: string | null;
}

/** Opens Stripe's billing portal for a tenant. Throws 409 `no_customer` where it never paid, 503 where Stripe is away. */
export async function openBillingPortal(context: Context, tenantId: string): Promise<{ url: string }> {
  const [customer] = (await customersOf(context, tenantId)).reverse();
  if (!customer)
    throw conflict('no_customer', 'Nothing was bought yet, so there is no billing to manage. Choose a plan.');
  const session = await ask(
    stripeOf(context.config).billingPortal.sessions.create({
      customer: customer.id,
      return_url: `${context.config.publicUrl}/t/${tenantId}/plan`,
    }),
  );
  return { url: session.url };
}

/** The tenant's invoices, the newest first: at most 100 of each of its Stripe customers. */
export async function listInvoices(context: Context, tenantId: string): Promise<InvoiceView[]> {
  const stripe = stripeOf(context.config);
  const customers = await customersOf(context, tenantId);
  const lists = await Promise.all(customers.map(({ id }) => ask(stripe.invoices.list({ customer: id, limit: 100 }))));
  return lists
    .flatMap(({ data }) => data)
    .filter(({ status }) => status !== 'draft')
    .sort((a, b) => b.created - a.created)
    .map((invoice) => ({
      id: invoice.id ?? '',
      number: invoice.number,
      status: invoice.status,
      amountDue: invoice.amount_due,
      amountPaid: invoice.amount_paid,
      currency: invoice.currency,
      createdAt: new Date(invoice.created * 1000).toISOString(),
      hostedUrl: invoice.hosted_invoice_url ?? null,
      pdfUrl: invoice.invoice_pdf ?? null,
    }));
}
