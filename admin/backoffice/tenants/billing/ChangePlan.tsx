import { useState } from 'react';
import { useDataProvider } from 'react-admin';
import type { Api } from '../../api';
import { AskButton } from '../../parts/ask';
import { PreviewedForm } from '../../parts/previewed-act';
import { type OfSubscription, useMay, whyDeleted } from './rights';
import { SoldPlan } from './SoldPlan';

function ChangeForm({ tenant, subscription, close }: OfSubscription & { close: () => void }) {
  const api = useDataProvider<Api>();
  const [planId, setPlanId] = useState('');
  const subscriptionId = subscription.id;
  return (
    <PreviewedForm
      tenantId={tenant.id}
      title={`Change the plan of ${tenant.name}`}
      explain={
        <>
          Swaps the price of <code>{subscriptionId}</code> in Stripe. The difference is charged at once, or kept as
          credit. Where the card is declined, nothing changes.
        </>
      }
      asked={planId ? { action: 'change-plan', planId, subscriptionId } : null}
      first="Choose a plan to see what Stripe will charge."
      reason
      label="Change plan"
      done="Plan changed"
      // The moment that was previewed goes along, so that exactly what was shown is charged.
      submit={(said, { proration }) =>
        api.act('tenants', tenant.id, 'change-plan', {
          ...said,
          planId,
          subscriptionId,
          prorationDate: proration?.prorationDate,
        })
      }
      close={close}
    >
      <SoldPlan value={planId} onChange={setPlanId} present={subscription.planId} />
    </PreviewedForm>
  );
}

/** Swaps what a subscription pays for. */
export function ChangePlan(props: OfSubscription) {
  if (!useMay('change-plan')) return null;
  return (
    <AskButton label="Change plan" wide disabled={whyDeleted(props.tenant)}>
      {(close) => <ChangeForm {...props} close={close} />}
    </AskButton>
  );
}
