import { Alert, LinearProgress, MenuItem, TextField } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type HttpError, useDataProvider, useGetList } from 'react-admin';
import type { Api } from '../api';
import { AskButton, AskForm, faultOf } from '../parts/ask';
import type { Foreseen, PlanRecord } from './plan';
import { WhatIf } from './WhatIf';

function MapForm({ priceId, close }: { priceId: string; close: () => void }) {
  const api = useDataProvider<Api>();
  const [planId, setPlanId] = useState('');
  const { data: plans = [] } = useGetList<PlanRecord>('plans', {
    filter: { kind: 'stripe' },
    pagination: { page: 1, perPage: 200 },
    sort: { field: 'rank', order: 'ASC' },
  });
  const plan = plans.find(({ id }) => id === planId);
  const change = plan && { stripePriceIds: [...plan.stripePriceIds, priceId] };
  const { data, error, isFetching } = useQuery<Foreseen, HttpError>({
    queryKey: ['what-if', 'map', planId, plan?.version, priceId],
    queryFn: () => api.foreseePlan(planId, change!),
    enabled: Boolean(change),
    retry: false,
    gcTime: 0,
  });
  const foreseen = isFetching ? undefined : data;
  return (
    <AskForm
      title="Map a price to a plan"
      explain={
        <>
          Everybody who pays <code>{priceId}</code> gets this plan from now on.
        </>
      }
      label="Map the price"
      color={foreseen?.confirm ? 'error' : 'primary'}
      ready={foreseen !== undefined && !error}
      typed={foreseen?.confirm ?? undefined}
      done="Mapped. Tenants follow within a minute."
      submit={() =>
        api.update('plans', {
          id: planId,
          data: { ...change, version: plan?.version, ...(foreseen?.confirm ? { confirm: foreseen.confirm } : {}) },
          previousData: plan as never,
        })
      }
      close={close}
    >
      <TextField
        select
        required
        fullWidth
        label="Plan"
        value={planId}
        onChange={(event) => setPlanId(event.target.value)}
        sx={{ mt: 1 }}
        helperText={plan && !plan.active ? 'This plan is retired: nobody new can choose it.' : undefined}
      >
        {plans.map(({ id, name }) => (
          <MenuItem key={id} value={String(id)}>
            {name}
          </MenuItem>
        ))}
      </TextField>
      {isFetching && <LinearProgress aria-label="Working out who changes" />}
      {!isFetching && error && <Alert severity="error">{faultOf(error)}</Alert>}
      {foreseen && <WhatIf of={foreseen} />}
    </AskForm>
  );
}

/** Maps a price to a plan once it is seen who changes by it. */
export const MapPrice = ({ priceId }: { priceId: string }) => (
  <AskButton label="Map to a plan…" wide>
    {(close) => <MapForm priceId={priceId} close={close} />}
  </AskButton>
);
