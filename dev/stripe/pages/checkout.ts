import type { Router } from 'express';
import type Stripe from 'stripe';
import { completeCheckout, declineCheckout } from '../billing/checkout';
import { checkoutSessionOf } from '../resources/sessions';
import { idOf } from '../store/json';
import type { CheckoutPlan } from '../store/state';
import type { World } from '../world';
import { day, html, money } from './html';
import { action, messagePage, page } from './layout';

/** The hosted checkout page: one pays, is declined, or goes back. */
export function checkoutPages(router: Router, world: World): void {
  router.get('/checkout/:id', (req, res) => {
    const session = checkoutSessionOf(world, req.params.id);
    const plan = world.state.checkoutPlans.get(session.id);
    if (session.status !== 'open' || !plan) {
      const text =
        session.status === 'complete'
          ? 'This checkout was paid. Nothing is charged twice.'
          : 'This checkout has expired. Go back and start again.';
      const url = session.status === 'complete' ? successUrl(session) : session.cancel_url;
      res.send(messagePage(`Checkout ${session.status}`, text, url ? { url, label: 'Back' } : undefined));
      return;
    }
    res.send(page('Checkout', checkoutCard(world, session, plan), { narrow: true }));
  });
  router.post('/checkout/:id/pay', (req, res) => {
    const session = checkoutSessionOf(world, req.params.id);
    // A double click arrives twice: the second one finds the session paid, and goes the same way.
    res.redirect(303, session.status === 'complete' ? successUrl(session) : completeCheckout(world, session));
  });
  router.post('/checkout/:id/decline', (req, res) => {
    const session = checkoutSessionOf(world, req.params.id);
    declineCheckout(world, session);
    res.redirect(303, `/checkout/${session.id}`);
  });
  router.post('/checkout/:id/cancel', (req, res) => {
    const session = checkoutSessionOf(world, req.params.id);
    if (session.cancel_url) res.redirect(303, session.cancel_url);
    else
      res.send(messagePage('Nothing was bought', 'You can close this page. The checkout stays open until it expires.'));
  });
}

const successUrl = (session: Stripe.Checkout.Session): string =>
  (session.success_url ?? '/').replaceAll('{CHECKOUT_SESSION_ID}', session.id);

function checkoutCard(world: World, session: Stripe.Checkout.Session, plan: CheckoutPlan) {
  const first = plan.lineItems[0];
  const recurring = first?.price?.recurring;
  const times =
    recurring && recurring.interval_count > 1
      ? `${recurring.interval_count} ${recurring.interval}s`
      : recurring?.interval;
  const customer = world.state.customers.get(idOf(session.customer) ?? '');
  const email = customer?.email ?? session.customer_email;
  return html`<div class="split">
<section class="card">
  <p class="soft">Subscribe to</p>
  <h1>${plan.lineItems.map((line) => line.description).join(', ')}</h1>
  <p class="price">${money(session.amount_total, session.currency)} <small>per ${times ?? 'period'}</small></p>
  <dl>
    ${plan.lineItems.map((line) => html`<dt>${line.description ?? ''} × ${line.quantity ?? 1}</dt><dd>${money(line.amount_total, line.currency)}</dd>`)}
    ${plan.trialEnd ? html`<dt>Free until</dt><dd>${day(plan.trialEnd)}</dd>` : null}
    <dt><b>Due today</b></dt><dd><b>${money(plan.trialEnd ? 0 : session.amount_total, session.currency)}</b></dd>
  </dl>
</section>
<section class="card">
  ${plan.lastDecline ? html`<div class="notice bad" role="alert">${plan.lastDecline}</div>` : null}
  <h2 style="margin-top:0">Payment</h2>
  <dl style="margin-bottom:1.25rem">
    <dt>Email</dt><dd>${email ?? 'not given'}</dd>
    <dt>Card</dt><dd>•••• 4242, a test card</dd>
  </dl>
  <div class="stack">
    ${action(`/checkout/${session.id}/pay`, 'Pay', 'main')}
    ${action(`/checkout/${session.id}/decline`, 'Decline the card', 'bad')}
    ${action(`/checkout/${session.id}/cancel`, 'Cancel')}
  </div>
</section>
</div>`;
}
