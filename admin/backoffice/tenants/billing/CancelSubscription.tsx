import { useState } from 'react';
import { useDataProvider } from 'react-admin';
import type { Api } from '../../api';
import { AskButton } from '../../parts/ask';
import { PreviewedForm } from '../../parts/previewed-act';
import { type EndWhen, EndWhenField } from './EndWhenField';
import { endsByItself, type OfSubscription, useMay } from './rights';

const TYPED = 'cancel now';

function CancelForm({ tenant, subscription, close }: OfSubscription & { close: () => void }) {
  const api = useDataProvider<Api>();
  const ending = endsByItself(subscription);
  const [at, setAt] = useState<EndWhen>(ending ? 'now' : 'period-end');
  const subscriptionId = subscription.id;
  return (
    <PreviewedForm
      tenantId={tenant.id}
      title={`Cancel a subscription of ${tenant.name}`}
      explain={
        <>
          Ends <code>{subscriptionId}</code> in Stripe.
          {ending && ' It is cancelled with its period already; it can only end sooner.'}
        </>
      }
      asked={{ action: 'cancel-subscription', at, subscriptionId }}
      reason
      typed={at === 'now' ? TYPED : undefined}
      color="error"
      label="Cancel subscription"
      back="Back"
      done={at === 'now' ? 'Cancelled' : 'Cancelled with the end of its period'}
      submit={(said) => api.act('tenants', tenant.id, 'cancel-subscription', { ...said, at, subscriptionId })}
      close={close}
    >
      <EndWhenField value={at} onChange={setAt} onlyNow={ending} periodEnd={subscription.currentPeriodEnd} />
    </PreviewedForm>
  );
}

/** Ends a subscription with its period, or now. What is charged for a deleted tenant can be ended, too. */
export function CancelSubscription(props: OfSubscription) {
  if (!useMay('cancel-subscription')) return null;
  return (
    <AskButton label="Cancel" color="error" wide>
      {(close) => <CancelForm {...props} close={close} />}
    </AskButton>
  );
}
