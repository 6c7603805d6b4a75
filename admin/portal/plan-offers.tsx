import { useState } from 'react';
import { ask } from './api';
import { rememberCheckout } from './checkout-return';
import { ContactSales } from './contact-sales';
import { useAction } from './hooks';
import { Button, Confirm, day, Fault, Notice } from './parts';
import type { PlanChoice, PlanOffer, TenantPlan } from './types';

interface PlanOffersProps {
  api: string;
  tenantId: string;
  plan: TenantPlan;
  /** Whether the reader may change the plan. */
  mayChange: boolean;
  onChanged: () => Promise<TenantPlan | undefined>;
}

/** What choosing `offer` brings for somebody who pays already; undefined where nothing needs to be asked. */
function consequence(plan: TenantPlan, offer: PlanOffer): string | undefined {
  if (plan.source !== 'subscription') return undefined;
  if (offer.kind !== 'free')
    return `Your subscription moves to ${offer.name} at once${offer.priceText ? ` (${offer.priceText})` : ''}. The difference to what you have paid for this period is settled by an invoice at once.`;
  const until = plan.cancelAt ?? plan.currentPeriodEnd;
  return `Your subscription is cancelled. You keep ${plan.planName} until ${until ? day(until) : 'the end of the paid period'}, then move to ${offer.name}.`;
}

/** What is said once the server has taken the choice without sending the reader elsewhere. */
function outcome(plan: TenantPlan | undefined, offer: PlanOffer): string {
  if (plan?.planId === offer.id) return `You are on ${offer.name} now.`;
  if (plan?.cancelAt) return `You keep ${plan.planName} until ${day(plan.cancelAt)}, then move to ${offer.name}.`;
  return `The change to ${offer.name} is under way; it shows here in a moment.`;
}

interface OfferCardProps {
  offer: PlanOffer;
  busy: boolean;
  act: (() => void) | undefined;
}

function OfferCard({ offer, busy, act }: OfferCardProps) {
  const current = offer.action === 'current';
  return (
    <article className={`card ${current ? 'current' : ''}`.trim()} aria-label={offer.name}>
      <h3>{offer.name}</h3>
      {offer.priceText && <p className="price">{offer.priceText}</p>}
      {offer.description && <p className="quiet">{offer.description}</p>}
      <ul>
        {offer.features.map((feature) => (
          <li key={feature}>{feature}</li>
        ))}
      </ul>
      {current && <span className="tag">Your plan</span>}
      {!current && act && (
        <Button look={offer.action === 'choose' ? 'primary' : 'plain'} busy={busy} onClick={act}>
          {offer.action === 'choose' ? `Choose ${offer.name}` : `Contact sales about ${offer.name}`}
        </Button>
      )}
    </article>
  );
}

/** The plans on offer, and the way to each. */
export function PlanOffers({ api, tenantId, plan, mayChange, onChanged }: PlanOffersProps) {
  const [asking, setAsking] = useState<PlanOffer>();
  const [contacting, setContacting] = useState<PlanOffer>();
  const [chosen, setChosen] = useState<string>();
  const [said, setSaid] = useState<string>();
  const { busy, error, run } = useAction();

  const choose = async (offer: PlanOffer) => {
    setChosen(offer.id);
    setSaid(undefined);
    const done = await run(async () => {
      const { checkoutUrl, actionUrl } = await ask<PlanChoice>('POST', `${api}/plan`, { planId: offer.id });
      const elsewhere = checkoutUrl ?? actionUrl;
      if (elsewhere === undefined) return setSaid(outcome(await onChanged(), offer));
      rememberCheckout(tenantId, offer.id);
      location.assign(elsewhere);
      // The button stays busy until the browser has left this page.
      await new Promise((resolve) => setTimeout(resolve, 10_000));
    });
    if (done) setAsking(undefined);
  };
  const actOn = (offer: PlanOffer) => {
    if (offer.action === 'contact') return setContacting(offer);
    if (consequence(plan, offer) !== undefined) return setAsking(offer);
    void choose(offer);
  };

  return (
    <section aria-label="Plans on offer">
      <div aria-live="polite">{said && <Notice kind="good">{said}</Notice>}</div>
      {!asking && <Fault error={error} />}
      <div className="plans">
        {plan.plans.map((offer) => (
          <OfferCard
            key={offer.id}
            offer={offer}
            busy={busy && chosen === offer.id}
            act={mayChange ? () => actOn(offer) : undefined}
          />
        ))}
      </div>
      {asking && (
        <Confirm
          title={`Change to ${asking.name}?`}
          verb={asking.kind === 'free' ? 'Cancel the subscription' : `Change to ${asking.name}`}
          danger={asking.kind === 'free'}
          busy={busy}
          error={error}
          onConfirm={() => void choose(asking)}
          onClose={() => setAsking(undefined)}
        >
          <p>{consequence(plan, asking)}</p>
        </Confirm>
      )}
      {contacting && <ContactSales tenantId={tenantId} offer={contacting} onClose={() => setContacting(undefined)} />}
    </section>
  );
}
