import type { Router } from 'express';
import type Stripe from 'stripe';
import { hasEnded } from '../billing/cancel';
import { productName, subscriptionOf } from '../billing/lookup';
import { OPERATIONS, operate } from '../billing/operate';
import { currentPeriod } from '../billing/period';
import type { Deliveries } from '../deliveries';
import { noSuch } from '../errors';
import { idOf } from '../store/json';
import type { World } from '../world';
import { day, type Html, html, moment, money } from './html';
import { action, chip, page } from './layout';

const ROWS = 25;

/** The front page: what is in the stand-in, and the switches that play the bank and the passing of time. */
export function frontPages(router: Router, world: World, deliveries: Deliveries): void {
  router.get('/', (req, res) => {
    const q = typeof req.query.q === 'string' ? req.query.q.trim() : '';
    res.send(page('Overview', overview(world, q)));
  });
  router.post('/subscriptions/:id/:operation', (req, res) => {
    const operation = OPERATIONS.find((one) => one === req.params.operation);
    if (!operation) throw noSuch('action', req.params.operation);
    const subscription = subscriptionOf(world, req.params.id);
    operate(world, subscription, operation);
    res.redirect(303, `/?q=${encodeURIComponent(subscription.id)}`);
  });
  router.post('/events/:id/deliver', (req, res) => {
    deliveries.again(req.params.id);
    res.redirect(303, '/#events');
  });
}

function overview(world: World, q: string): Html {
  const { state } = world;
  const wanted = q.toLowerCase();
  const customerText = (id: string): string => {
    const customer = state.customers.get(id);
    return `${id} ${customer?.email ?? ''} ${customer?.name ?? ''}`.toLowerCase();
  };
  const subscriptions = state.subscriptions.page({
    limit: ROWS,
    where: (one) =>
      wanted === '' ||
      one.id.toLowerCase().includes(wanted) ||
      one.status === wanted ||
      customerText(idOf(one.customer)).includes(wanted),
  });
  const customers = state.customers.page({
    limit: ROWS,
    where: (one) => wanted === '' || customerText(one.id).includes(wanted),
  });
  const events = state.events.page({
    limit: ROWS,
    where: (one) =>
      wanted === '' ||
      one.id.toLowerCase().includes(wanted) ||
      JSON.stringify(one.data.object).toLowerCase().includes(wanted),
  });
  return html`<h1>Stripe stand-in</h1>
<p class="soft">${state.customers.size} customers, ${state.subscriptions.size} subscriptions, ${state.prices.size} prices, ${state.events.size} events.
Webhooks go to ${world.options.webhookUrl ? html`<code>${world.options.webhookUrl}</code>` : 'nobody'}.</p>
<form method="get" action="/" class="row"><input name="q" value="${q}" type="search" placeholder="Id, email, name or status" aria-label="Search"><button>Search</button></form>
${section('Subscriptions', subscriptions, (one) => subscriptionRow(world, one))}
${section('Events', events, (one) => eventRow(world, one))}
${section('Customers', customers, customerRow)}`;
}

function section<T>(title: string, found: { data: T[]; hasMore: boolean }, row: (one: T) => Html): Html {
  return html`<h2 id="${title.toLowerCase()}">${title}</h2>
${found.data.length === 0 ? html`<p class="soft">None.</p>` : html`<ul class="list">${found.data.map(row)}</ul>`}
${found.hasMore ? html`<p class="soft small">The newest ${ROWS} are shown; search for the others.</p>` : null}`;
}

function subscriptionRow(world: World, one: Stripe.Subscription): Html {
  const [item] = one.items.data;
  const customer = world.state.customers.get(idOf(one.customer));
  const base = `/subscriptions/${one.id}`;
  return html`<li><div class="what"><b>${customer?.name ?? customer?.email ?? idOf(one.customer)}</b> ${chip(one.status)}<br>
<span class="soft small">${item ? productName(world, item.price) : ''} × ${item?.quantity ?? 1} · ${money(item?.price.unit_amount ?? 0, one.currency)} · period ends ${day(currentPeriod(one).end)}${
    one.cancel_at ? ` · cancels ${day(one.cancel_at)}` : ''
  }</span><br><code>${one.id}</code></div>
<div class="row">${
    hasEnded(one)
      ? null
      : [
          action(`${base}/fail`, 'Payment fails'),
          action(`${base}/pay`, 'Pay'),
          action(`${base}/unpaid`, 'Mark unpaid'),
          action(`${base}/renew`, 'End the period'),
          action(`${base}/cancel`, 'Cancel', 'bad'),
        ]
  }</div></li>`;
}

function eventRow(world: World, event: Stripe.EventBase): Html {
  const delivery = world.state.deliveries.get(event.id);
  const detail = delivery?.lastError ? `${delivery.attempts} tries; ${delivery.lastError}` : '';
  return html`<li><div class="what"><b>${event.type}</b> ${delivery ? chip(delivery.state) : null}<br>
<span class="soft small">${moment(event.created)} ${detail}</span> <code>${event.id}</code></div>
<div class="row">${world.options.webhookUrl ? action(`/events/${event.id}/deliver`, 'Deliver again') : null}</div></li>`;
}

const customerRow = (one: Stripe.Customer): Html =>
  html`<li><div class="what"><b>${one.name ?? one.email ?? one.id}</b> <span class="soft small">${one.email ?? ''} · since ${day(one.created)}</span></div><code>${one.id}</code></li>`;
