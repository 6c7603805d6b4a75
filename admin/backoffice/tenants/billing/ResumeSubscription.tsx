import { useDataProvider } from 'react-admin';
import type { Api } from '../../api';
import { AskButton } from '../../parts/ask';
import { PreviewedForm } from '../../parts/previewed-act';
import { endsByItself, type OfSubscription, useMay, whyDeleted } from './rights';

function ResumeForm({ tenant, subscription, close }: OfSubscription & { close: () => void }) {
  const api = useDataProvider<Api>();
  const subscriptionId = subscription.id;
  return (
    <PreviewedForm
      tenantId={tenant.id}
      title={`Resume a subscription of ${tenant.name}`}
      explain={
        <>
          Takes back the cancellation of <code>{subscriptionId}</code>: it renews and is charged as before.
        </>
      }
      asked={{ action: 'resume-subscription', subscriptionId }}
      label="Resume"
      done="Resumed: it renews as before"
      submit={() => api.act('tenants', tenant.id, 'resume-subscription', { subscriptionId })}
      close={close}
    />
  );
}

/** Takes back a cancellation that has not taken effect yet. */
export function ResumeSubscription(props: OfSubscription) {
  if (!useMay('resume-subscription')) return null;
  const renews = !endsByItself(props.subscription) && 'It is not cancelled: it renews by itself.';
  return (
    <AskButton label="Resume" wide disabled={whyDeleted(props.tenant) ?? renews}>
      {(close) => <ResumeForm {...props} close={close} />}
    </AskButton>
  );
}
