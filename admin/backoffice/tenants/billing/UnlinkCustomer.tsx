import { useDataProvider } from 'react-admin';
import type { Api } from '../../api';
import { AskButton } from '../../parts/ask';
import { PreviewedForm } from '../../parts/previewed-act';
import { type OfTenant, useMay, whyDeleted } from './rights';

interface OfCustomer extends OfTenant {
  customerId: string;
}

function UnlinkForm({ tenant, customerId: stripeCustomerId, close }: OfCustomer & { close: () => void }) {
  const api = useDataProvider<Api>();
  return (
    <PreviewedForm
      tenantId={tenant.id}
      title="Unlink this customer"
      explain={
        <>
          <code>{stripeCustomerId}</code> will count for {tenant.name} no more, and its metadata links it never again.
          Nothing is cancelled in Stripe.
        </>
      }
      asked={{ action: 'unlink-customer', stripeCustomerId }}
      color="error"
      label="Unlink"
      done="Unlinked, and the plan decided anew"
      submit={() => api.act('tenants', tenant.id, 'unlink-customer', { stripeCustomerId })}
      close={close}
    />
  );
}

/** Unties a Stripe customer from the tenant. */
export function UnlinkCustomer(props: OfCustomer) {
  if (!useMay('link-customer')) return null;
  return (
    <AskButton label="Unlink" color="error" variant="text" wide disabled={whyDeleted(props.tenant)}>
      {(close) => <UnlinkForm {...props} close={close} />}
    </AskButton>
  );
}
