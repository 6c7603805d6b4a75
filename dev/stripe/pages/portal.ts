import type { Router } from 'express';
import type Stripe from 'stripe';
import { cancelNow, hasEnded, setCancellation } from '../billing/cancel';
import { invoiceOf, productName } from '../billing/lookup';
import { currentPeriod } from '../billing/period';
import { payInvoice } from '../billing/recover';
import { scheduleOf } from '../billing/schedule-end';
import { releaseSchedule } from '../billing/schedules';
import { noSuch } from '../errors';
import { idOf } from '../store/json';
import type { PortalSession } from '../store/state';
import type { World } from '../world';
import { day, type Html, html, money } from './html';
import { action, chip, messagePage, page } from './layout';

/** A portal session lets its customer in for an hour. */
const OPEN_SECONDS = 3600;

/** The billing portal, and the hosted page of one invoice. */
export function portalPages(router: Router, world: World): void {
  router.get('/portal/:id', (req, res) => {
    const session = portalSessionOf(world, req.params.id);
    res.send(page('Billing', portalCard(world, session), { narrow: true }));
  });
  router.post('/portal/:id/subscriptions/:subscription/:verb', (req, res) => {
    const session = portalSessionOf(world, req.params.id);
    const subscription = world.state.subscriptions.get(req.params.subscription);
    if (!subscription || idOf(subscription.customer) !== session.customer || hasEnded(subscription)) {
      throw noSuch('subscription', req.params.subscription);
    }
    changeFromPortal(world, subscription, req.params.verb);
    res.redirect(303, `/portal/${session.id}`);
  });
  router.get('/invoice/:id', (req, res) => {
    const invoice = invoiceOf(world, req.params.id);
    res.send(page(`Invoice ${invoice.number ?? ''}`, invoiceCard(invoice), { narrow: true }));
  });
  router.post('/invoice/:id/pay', (req, res) => {
    const invoice = invoiceOf(world, req.params.id);
    if (invoice.status === 'open') payInvoice(world, invoice, 'paid');
    res.redirect(303, `/invoice/${invoice.id}`);
  });
}

function portalSessionOf(world: World, id: string): PortalSession {
  const session = world.state.portalSessions.get(id);
  if (!session || session.created + OPEN_SECONDS < world.now() || !world.state.customers.has(session.customer)) {
    throw noSuch('billing_portal.session', id);
  }
  return session;
}

function changeFromPortal(world: World, subscription: Stripe.Subscription, verb: string): void {
  // Whoever changes the end by hand takes the subscription out of its schedule.
  const schedule = scheduleOf(world, subscription);
  if (schedule && (verb === 'cancel-at-period-end' || verb === 'resume')) releaseSchedule(world, schedule);
  switch (verb) {
    case 'cancel-at-period-end':
      // In flexible billing mode the real portal sets `cancel_at` and leaves `cancel_at_period_end` false.
      world.changeSubscription(subscription, (changed) => {
        setCancellation(world, changed, { at: currentPeriod(changed).end, atPeriodEnd: false });
      });
      return;
    case 'resume':
      world.changeSubscription(subscription, (changed) => {
        setCancellation(world, changed, { at: null, atPeriodEnd: false });
      });
      return;
    case 'cancel-now':
      cancelNow(world, subscription, 'cancellation_requested');
      return;
    default:
      throw noSuch('action', verb);
  }
}

function portalCard(world: World, session: PortalSession): Html {
  const customer = world.state.customers.get(session.customer);
  const subscriptions = world.state.subscriptions.inGroup(session.customer).reverse();
  const invoices = world.state.invoices.inGroup(session.customer).reverse().slice(0, 24);
  return html`<h1>Billing</h1>
<p class="soft">${customer?.name ?? ''} ${customer?.email ?? session.customer}</p>
${session.return_url ? html`<a class="button" href="${session.return_url}">← Return</a>` : null}
<h2>Subscriptions</h2>
${
  subscriptions.length === 0
    ? html`<p class="soft">There is no subscription.</p>`
    : html`<ul class="list">${subscriptions.map((one) => subscriptionRow(world, session, one))}</ul>`
}
<h2>Invoices</h2>
${
  invoices.length === 0
    ? html`<p class="soft">There is no invoice.</p>`
    : html`<ul class="list">${invoices.map(
        (
          one,
        ) => html`<li><div class="what"><a href="/invoice/${one.id}">${one.number ?? one.id}</a> <span class="soft small">${day(one.created)}</span></div>
<div class="row">${money(one.amount_due, one.currency)} ${chip(one.status ?? 'draft')}</div></li>`,
      )}</ul>`
}`;
}

function subscriptionRow(world: World, session: PortalSession, one: Stripe.Subscription): Html {
  const [item] = one.items.data;
  const ends = one.cancel_at ?? (one.cancel_at_period_end ? currentPeriod(one).end : null);
  const base = `/portal/${session.id}/subscriptions/${one.id}`;
  const state = hasEnded(one)
    ? `ended ${day(one.ended_at ?? one.created)}`
    : ends
      ? `ends on ${day(ends)}`
      : `renews on ${day(currentPeriod(one).end)}`;
  return html`<li><div class="what"><b>${item ? productName(world, item.price) : one.id}</b> ${chip(one.status)}<br>
<span class="soft small">${item ? money((item.price.unit_amount ?? 0) * (item.quantity ?? 1), one.currency) : ''} · ${state}</span></div>
<div class="row">${
    hasEnded(one)
      ? null
      : [
          ends ? action(`${base}/resume`, 'Resume') : action(`${base}/cancel-at-period-end`, 'Cancel at period end'),
          action(`${base}/cancel-now`, 'Cancel now', 'bad'),
        ]
  }</div></li>`;
}

function invoiceCard(invoice: Stripe.Invoice): Html {
  return html`<div class="card"><div class="row" style="justify-content:space-between"><h1>Invoice ${invoice.number ?? ''}</h1>${chip(invoice.status ?? 'draft')}</div>
<p class="soft">${invoice.customer_email ?? ''} · ${day(invoice.created)}</p>
<dl>${invoice.lines.data.map((line) => html`<dt>${line.description ?? ''}</dt><dd>${money(line.amount, line.currency)}</dd>`)}
<dt><b>Due</b></dt><dd><b>${money(invoice.amount_remaining, invoice.currency)}</b></dd></dl>
${invoice.status === 'open' ? html`<div style="margin-top:1.5rem">${action(`/invoice/${invoice.id}/pay`, 'Pay', 'main')}</div>` : null}</div>`;
}

/** What a visitor of an unknown or expired address sees. */
export const gonePage = (): string =>
  messagePage('Nothing here', 'This address is unknown or has expired. Go back to where you came from and try again.');
