import { Alert, Box, Button, LinearProgress, Radio, RadioGroup, TextField, Typography } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type HttpError, useDataProvider } from 'react-admin';
import type { Api, CustomerSuggestion } from '../../api';
import { AskButton, faultOf } from '../../parts/ask';
import { PlanName } from '../../parts/blast-radius';
import { PreviewedForm } from '../../parts/previewed-act';
import { type OfTenant, useMay, whyDeleted } from './rights';

/** Whose it is by now, where that is to be known before it is linked. */
function linkTold({ tenant, unlinked, metadataTenantId }: CustomerSuggestion, tenantId: unknown): string {
  if (tenant) return tenant.id === tenantId ? 'linked to this tenant already' : `belongs to ${tenant.name}`;
  if (unlinked) return 'was unlinked by an operator';
  if (metadataTenantId === tenantId) return 'its metadata name this tenant';
  return metadataTenantId ? `its metadata name tenant ${metadataTenantId}` : 'linked to no tenant';
}

function Suggestion({ of, tenantId }: { of: CustomerSuggestion; tenantId: unknown }) {
  const { id, name, email, liveSubscriptions } = of;
  return (
    <Box
      component="label"
      sx={{ display: 'flex', gap: 1, py: 1, borderTop: 1, borderColor: 'divider', opacity: of.tenant ? 0.75 : 1 }}
    >
      <Radio size="small" value={id} disabled={of.tenant !== null} sx={{ p: 0.5, alignSelf: 'flex-start' }} />
      <Box sx={{ minWidth: 0, overflowWrap: 'anywhere' }}>
        <Typography variant="body2" sx={{ fontWeight: 560 }}>
          {name ?? 'No name'}{' '}
          <Typography component="span" variant="body2" color="textSecondary">
            {email ?? 'no address'}
          </Typography>
        </Typography>
        <Typography variant="caption" color="textSecondary" component="div">
          <code>{id}</code> · {linkTold(of, tenantId)}
        </Typography>
        <Typography variant="caption" color="textSecondary" component="div">
          {liveSubscriptions.length === 0 && 'no live subscription'}
          {liveSubscriptions.map(({ id: subscriptionId, status, planId }, nth) => (
            <span key={subscriptionId}>
              {nth > 0 && ', '}
              {planId ? <PlanName planId={planId} /> : 'a price that no plan knows'} ({status.replaceAll('_', ' ')})
            </span>
          ))}
        </Typography>
      </Box>
    </Box>
  );
}

interface Finding extends OfTenant {
  chosen: string;
  choose: (customerId: string) => void;
}

/** Searches Stripe's customers when asked to, not with every letter: each search is a call to Stripe. */
function FindCustomer({ tenant, chosen, choose }: Finding) {
  const api = useDataProvider<Api>();
  const [text, setText] = useState(String(tenant.name));
  const [q, setQ] = useState('');
  const { data, error, isFetching } = useQuery<CustomerSuggestion[], HttpError>({
    queryKey: ['stripe-customers', q],
    queryFn: () => api.searchCustomers(q),
    enabled: q !== '',
    retry: false,
    gcTime: 0,
  });
  const search = () => {
    choose('');
    setQ(text.trim());
  };
  return (
    <>
      <Box sx={{ display: 'flex', gap: 1, alignItems: 'flex-start', pt: 1 }}>
        <TextField
          autoFocus
          fullWidth
          label="Search Stripe’s customers"
          helperText="An id (cus_…), a name, an address or a tenant’s id. Who was made in the last minute is found by id only."
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            search();
          }}
        />
        <Button variant="outlined" onClick={search} disabled={text.trim() === ''} sx={{ height: 40 }}>
          Search
        </Button>
      </Box>
      {isFetching && <LinearProgress aria-label="Searching" />}
      {error && <Alert severity="error">{faultOf(error)}</Alert>}
      {!isFetching && data?.length === 0 && (
        <Typography variant="body2" color="textSecondary">
          Stripe finds no such customer.
        </Typography>
      )}
      {!isFetching && data && data.length > 0 && (
        <>
          <Typography variant="body2" color="textSecondary">
            Name and address are hints only: anybody may give themselves any. Be sure whose customer it is.
          </Typography>
          <RadioGroup
            aria-label="Customer"
            value={chosen}
            onChange={(event) => choose(event.target.value)}
            sx={{ maxHeight: 260, overflowY: 'auto', flexWrap: 'nowrap' }}
          >
            {data.map((one) => (
              <Suggestion key={one.id} of={one} tenantId={tenant.id} />
            ))}
          </RadioGroup>
        </>
      )}
    </>
  );
}

function LinkForm({ tenant, close }: OfTenant & { close: () => void }) {
  const api = useDataProvider<Api>();
  const [stripeCustomerId, choose] = useState('');
  return (
    <PreviewedForm
      tenantId={tenant.id}
      title={`Link a Stripe customer to ${tenant.name}`}
      explain={`The customer’s subscriptions will count for ${tenant.name}. A tenant may have several customers; a customer belongs to one tenant.`}
      asked={stripeCustomerId ? { action: 'link-customer', stripeCustomerId } : null}
      label="Link customer"
      done="Linked, and the plan decided anew"
      submit={() => api.act('tenants', tenant.id, 'link-customer', { stripeCustomerId })}
      close={close}
    >
      <FindCustomer tenant={tenant} chosen={stripeCustomerId} choose={choose} />
    </PreviewedForm>
  );
}

/** Ties a customer that was made in Stripe to the tenant. */
export function LinkCustomer({ tenant }: OfTenant) {
  if (!useMay('link-customer')) return null;
  return (
    <AskButton label="Link a customer" wide disabled={whyDeleted(tenant)}>
      {(close) => <LinkForm tenant={tenant} close={close} />}
    </AskButton>
  );
}
