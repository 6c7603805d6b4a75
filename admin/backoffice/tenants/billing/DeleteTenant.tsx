import { useState } from 'react';
import { useDataProvider } from 'react-admin';
import type { Api } from '../../api';
import { AskButton } from '../../parts/ask';
import { PreviewedForm } from '../../parts/previewed-act';
import { type EndWhen, EndWhenField } from './EndWhenField';
import { type OfTenant, useMay } from './rights';

function DeleteForm({ tenant, close }: OfTenant & { close: () => void }) {
  const api = useDataProvider<Api>();
  const [cancel, setCancel] = useState<EndWhen>('period-end');
  const pays = tenant.stripeCustomerIds.length > 0;
  return (
    <PreviewedForm
      tenantId={tenant.id}
      title={`Delete ${tenant.name}`}
      explain="All members lose access at once. The tenant can be restored for a while; subscriptions that ended can’t."
      asked={{ action: 'delete', cancel }}
      typed={tenant.name}
      color="error"
      label="Delete"
      done="Deleted"
      submit={() => api.deleteTenant(tenant.id, cancel)}
      close={close}
    >
      {pays && <EndWhenField label="Its subscriptions end" value={cancel} onChange={setCancel} />}
    </PreviewedForm>
  );
}

/** Deletes a tenant and ends what it pays for. */
export function DeleteTenant({ tenant }: OfTenant) {
  if (!useMay('delete')) return null;
  return (
    <AskButton label="Delete" color="error" wide>
      {(close) => <DeleteForm tenant={tenant} close={close} />}
    </AskButton>
  );
}
