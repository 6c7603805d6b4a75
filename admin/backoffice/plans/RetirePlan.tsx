import { Alert, Box, LinearProgress, Link, MenuItem, TextField, Typography } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type HttpError, useCanAccess, useDataProvider, useGetList, useRecordContext } from 'react-admin';
import { Link as To } from 'react-router-dom';
import type { Api } from '../api';
import { AskButton, AskForm, faultOf } from '../parts/ask';
import { counted } from '../parts/counted';
import { listed } from '../parts/listed';
import type { ForeseenRetirement, PlanRecord } from './plan';
import { WhatIf } from './WhatIf';

/** What becomes of those on the plan, by the way they came to it. */
function Paths({ plan, of, successor }: { plan: PlanRecord; of: ForeseenRetirement; successor: string | undefined }) {
  const { leaving, subscriptions, overrides } = of;
  const items = [
    leaving === 0
      ? 'No tenant has it as its base plan.'
      : successor
        ? `${counted(leaving, 'tenant')} with this base plan ${leaving === 1 ? 'moves' : 'move'} to ${successor}, by and by.`
        : `${counted(leaving, 'tenant')} with this base plan ${leaving === 1 ? 'keeps' : 'keep'} it, since no plan follows it.`,
    subscriptions === 0 ? (
      'Nobody pays for it.'
    ) : (
      <>
        <Link component={To} to={listed('subscriptions', { planId: plan.id })} target="_blank">
          {counted(subscriptions, 'subscription')}
        </Link>{' '}
        {subscriptions === 1 ? 'goes' : 'go'} on paying for it and {subscriptions === 1 ? 'keeps' : 'keep'} it. To move
        them, change the plan on each tenant’s page: customers can choose among the others.
      </>
    ),
    overrides === 0 ? (
      'No override grants it.'
    ) : (
      <>
        <Link component={To} to={listed('overrides', { planId: plan.id })} target="_blank">
          {counted(overrides, 'override')}
        </Link>{' '}
        {overrides === 1 ? 'lasts' : 'last'} until {overrides === 1 ? 'its' : 'their'} end.
      </>
    ),
  ];
  return (
    <Box component="ul" sx={{ m: 0, pl: 2.5, display: 'grid', gap: 0.5 }}>
      {items.map((item, nth) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the three stand in this order always
        <Typography key={nth} component="li" variant="body2">
          {item}
        </Typography>
      ))}
    </Box>
  );
}

function RetireForm({ plan, close }: { plan: PlanRecord; close: () => void }) {
  const api = useDataProvider<Api>();
  const [chosen, setChosen] = useState('');
  const successorPlanId = chosen || null;
  const { data: plans = [] } = useGetList<PlanRecord>('plans', {
    filter: { active: true, kind: ['free', 'custom'] },
    pagination: { page: 1, perPage: 200 },
    sort: { field: 'rank', order: 'ASC' },
  });
  const { data, error, isFetching } = useQuery<ForeseenRetirement, HttpError>({
    queryKey: ['what-if', 'retire', plan.id, plan.version, successorPlanId],
    queryFn: () => api.foreseeRetirement(plan.id, successorPlanId),
    retry: false,
    gcTime: 0,
  });
  const foreseen = isFetching ? undefined : data;
  const successor = plans.find(({ id }) => id === chosen)?.name;
  const confirm = foreseen?.confirm ?? undefined;
  return (
    <AskForm
      title={`Retire ${plan.name}`}
      explain="It is offered to nobody any more. Who pays for it keeps it."
      label="Retire the plan"
      color="error"
      ready={foreseen !== undefined && !error}
      typed={confirm}
      done="Retired"
      submit={() => api.act('plans', plan.id, 'retire', { successorPlanId, version: plan.version, confirm })}
      close={close}
    >
      <TextField
        select
        fullWidth
        label="Successor"
        value={chosen}
        onChange={(event) => setChosen(event.target.value)}
        helperText="Where tenants go whose base plan it is."
        slotProps={{ select: { displayEmpty: true }, inputLabel: { shrink: true } }}
        sx={{ mt: 1 }}
      >
        <MenuItem value="">None: they stay on it</MenuItem>
        {plans
          .filter(({ id }) => id !== plan.id)
          .map(({ id, name }) => (
            <MenuItem key={id} value={String(id)}>
              {name}
            </MenuItem>
          ))}
      </TextField>
      {isFetching && <LinearProgress aria-label="Working out who changes" />}
      {!isFetching && error && <Alert severity="error">{faultOf(error)}</Alert>}
      {foreseen && <Paths plan={plan} of={foreseen} successor={successor} />}
      {foreseen && foreseen.considered > 0 && <WhatIf of={foreseen} />}
    </AskForm>
  );
}

/** Takes a plan off the shelf, with a path for those on it. The default can't be retired, and says so. */
export function RetirePlan() {
  const plan = useRecordContext<PlanRecord>();
  const { canAccess } = useCanAccess({ resource: 'plans', action: 'retire' });
  if (!plan || !canAccess || (!plan.active && plan.successorId)) return null;
  return (
    <AskButton
      label={plan.active ? 'Retire' : 'Choose a successor'}
      color="error"
      wide
      disabled={plan.isDefault && 'The default plan can’t be retired: make another plan the default first.'}
    >
      {(close) => <RetireForm plan={plan} close={close} />}
    </AskButton>
  );
}
