import { canInTenant } from '../../domain/permissions';
import { ask } from './api';
import { CheckoutReturn } from './checkout-return';
import { useAction, useLoad } from './hooks';
import { Button, day, Fault, Loading, Notice } from './parts';
import { PlanOffers } from './plan-offers';
import type { TabProps, TenantPlan } from './types';

/** Why the team has its plan, in the customer's words. */
function whyOf({ source, planId, plans }: TenantPlan): string {
  if (source === 'subscription') return 'by subscription';
  if (source === 'override') return 'granted by support';
  const kind = plans.find(({ id }) => id === planId)?.kind;
  return kind === 'free' ? 'free of charge' : 'as agreed for this team';
}

function PlanFacts({ plan }: { plan: TenantPlan }) {
  return (
    <dl>
      <dt>Plan</dt>
      <dd>
        <strong>{plan.planName}</strong>, {whyOf(plan)}
      </dd>
      <dt>Seats</dt>
      <dd>{plan.seatLimit ?? 'unlimited'}</dd>
      {plan.status && (
        <>
          <dt>Subscription</dt>
          <dd>{plan.status.replaceAll('_', ' ')}</dd>
        </>
      )}
      {plan.source === 'subscription' && plan.currentPeriodEnd && (
        <>
          <dt>{plan.cancelAt ? 'Paid until' : 'Renews on'}</dt>
          <dd>{day(plan.currentPeriodEnd)}</dd>
        </>
      )}
    </dl>
  );
}

interface BillingProps {
  api: string;
  plan: TenantPlan;
  onChanged: () => Promise<unknown>;
}

/** What may be done about a subscription that is there: take a cancellation back, mend the payment, see the papers. */
function Billing({ api, plan, onChanged }: BillingProps) {
  const resuming = useAction();
  const opening = useAction();
  const resume = () =>
    resuming.run(async () => {
      await ask('DELETE', `${api}/plan/cancellation`);
      await onChanged();
    });
  const openPortal = () =>
    opening.run(async () => {
      const { url } = await ask<{ url: string }>('POST', `${api}/billing-portal`);
      location.assign(url);
    });
  return (
    <>
      {plan.cancelAt && (
        <Notice kind="warn">
          <p>The subscription is cancelled and ends on {day(plan.cancelAt)}. Until then everything stays as it is.</p>
          <Button look="primary" busy={resuming.busy} onClick={resume}>
            Keep the subscription
          </Button>
        </Notice>
      )}
      {plan.status === 'past_due' && (
        <Notice kind="warn">The last payment failed. Check the payment method to keep the plan.</Notice>
      )}
      <Fault error={resuming.error} />
      <Fault error={opening.error} />
      <Button busy={opening.busy} onClick={openPortal}>
        Payment method and invoices
      </Button>
    </>
  );
}

/** The tab of what the team has, what it pays, and what else it could have. */
export function PlanPage({ tenant, api, reload }: TabProps) {
  const plan = useLoad<TenantPlan>(`${api}/plan`);
  const mayChange = canInTenant(tenant.role, 'plan:change') && tenant.status === 'active';
  const changed = async () => {
    const [answer] = await Promise.all([plan.reload(), reload()]);
    return answer;
  };
  return (
    <>
      <CheckoutReturn tenantId={tenant.id} plan={plan.data} reload={plan.reload} onPaid={() => void reload()} />
      <section className="card">
        <h2>Your plan</h2>
        <Fault error={plan.error} retry={() => void plan.reload()} />
        {!plan.data && !plan.error && <Loading />}
        {plan.data && <PlanFacts plan={plan.data} />}
        {plan.data?.status && mayChange && <Billing api={api} plan={plan.data} onChanged={changed} />}
      </section>
      {plan.data && !canInTenant(tenant.role, 'plan:change') && (
        <p className="quiet">Only an owner of the team can change its plan.</p>
      )}
      {plan.data && (
        <PlanOffers api={api} tenantId={tenant.id} plan={plan.data} mayChange={mayChange} onChanged={changed} />
      )}
    </>
  );
}
