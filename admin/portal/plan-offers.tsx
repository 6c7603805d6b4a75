import { useState } from 'react';
import { isLiveStatus } from '../../domain/subscription-status';
import { ask } from './api';
import { rememberCheckout } from './checkout-return';
import { ContactSales } from './contact-sales';
import { useAction } from './hooks';
import { Button, day, Fault, Notice } from './parts';
import { PlanChange } from './plan-change';
import type { PlanChoice, PlanOffer, PlanPreview, TenantPlan } from './types';

interface PlanOffersProps {
  api: string;
  tenantId: string;
  plan: TenantPlan;
  /** Whether the reader may change the plan. */
  mayChange: boolean;
  onChanged: () => Promise<TenantPlan | undefined>;
}

/** What is said once the server has taken the choice without sending the reader elsewhere. */
function outcome(plan: TenantPlan | undefined, offer: PlanOffer): string {
  if (plan?.planId === offer.id) return `You are on ${offer.name} now.`;
  if (plan?.cancelAt) return `You keep ${plan.planName} until ${day(plan.cancelAt)}, then move to ${offer.name}.`;
  return `The change to ${offer.name} is under way; it shows here in a moment.`;
}

function dueOf({ cancelAt, basePlanId }: TenantPlan, { id, action }: PlanOffer): string | null {
  if (action === 'current') return 'Your plan';
  return cancelAt && id === basePlanId ? `Yours from ${day(cancelAt)}` : null;
}

interface OfferCardProps {
  offer: PlanOffer;
  /** Whether it is more than what the team has: offers stand in the order of what they give. */
  above: boolean;
  /** Says that the plan is the team's, or will be without any doing. */
  due: string | null;
  busy: boolean;
  act: (() => void) | undefined;
}

function OfferCard({ offer, above, due, busy, act }: OfferCardProps) {
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
      {due && <span className="tag">{due}</span>}
      {!due && act && (
        <Button look={offer.action === 'choose' && above ? 'primary' : 'plain'} busy={busy} onClick={act}>
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

  /** Sends the choice, and the reader to where it is paid; throws what the server says against it. */
  const change = async (offer: PlanOffer, preview?: PlanPreview) => {
    const { checkoutUrl, actionUrl } = await ask<PlanChoice>('POST', `${api}/plan`, {
      planId: offer.id,
      prorationDate: preview?.proration?.prorationDate,
    });
    const elsewhere = checkoutUrl ?? actionUrl;
    if (elsewhere === undefined) {
      setSaid(outcome(await onChanged(), offer));
      return setAsking(undefined);
    }
    rememberCheckout(tenantId, offer.id);
    location.assign(elsewhere);
    // The button stays busy until the browser has left this page.
    await new Promise((resolve) => setTimeout(resolve, 10_000));
  };
  const actOn = (offer: PlanOffer) => {
    setSaid(undefined);
    if (offer.action === 'contact') return setContacting(offer);
    if (plan.status !== null && isLiveStatus(plan.status)) return setAsking(offer);
    setChosen(offer.id);
    void run(() => change(offer));
  };

  const current = plan.plans.findIndex(({ action }) => action === 'current');
  return (
    <section aria-label="Plans on offer">
      <div aria-live="polite">{said && <Notice kind="good">{said}</Notice>}</div>
      <Fault error={error} />
      <div className="plans">
        {plan.plans.map((offer, place) => (
          <OfferCard
            key={offer.id}
            offer={offer}
            above={place > current}
            due={dueOf(plan, offer)}
            busy={busy && chosen === offer.id}
            act={mayChange ? () => actOn(offer) : undefined}
          />
        ))}
      </div>
      {asking && (
        <PlanChange
          api={api}
          plan={plan}
          offer={asking}
          onConfirm={(preview) => change(asking, preview)}
          onClose={() => setAsking(undefined)}
        />
      )}
      {contacting && <ContactSales tenantId={tenantId} offer={contacting} onClose={() => setContacting(undefined)} />}
    </section>
  );
}
