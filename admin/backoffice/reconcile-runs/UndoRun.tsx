import { TextField } from '@mui/material';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useRedirect } from 'react-admin';
import { UNDO_DAYS } from '../../../domain/reconcile-plan';
import type { Api } from '../api';
import { AskButton, AskForm } from '../parts/ask';
import type { Run } from './run';

const DAY_MS = 86_400_000;
const dayIn = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);

function Question({ run, close }: { run: Run; close: () => void }) {
  const api = useDataProvider<Api>();
  const redirect = useRedirect();
  const [until, setUntil] = useState(dayIn(UNDO_DAYS.usual));
  const ends = run.undoes !== null;
  return (
    <AskForm
      title="Undo this run"
      explain={
        ends
          ? 'This only plans it: the overrides that the run granted would end. You see each tenant before anything changes.'
          : 'This only plans it: an override would bring back each tenant’s earlier plan, since Stripe stays as it is. You see each tenant before anything changes.'
      }
      reason
      label="Plan the undo"
      ready={ends || until !== ''}
      submit={async (said) => {
        const body = { ...said, ...(ends ? {} : { until: new Date(`${until}T23:59:59Z`).toISOString() }) };
        const { id } = await api.act('reconcile-runs', run.id, 'undo', body);
        close();
        redirect('show', 'reconcile-runs', id);
      }}
      close={close}
    >
      {!ends && (
        <TextField
          type="date"
          fullWidth
          required
          label="Earlier plans last until"
          helperText={`At most ${UNDO_DAYS.most} days. After that Stripe decides again.`}
          value={until}
          onChange={(event) => setUntil(event.target.value)}
          slotProps={{ inputLabel: { shrink: true }, htmlInput: { min: dayIn(1), max: dayIn(UNDO_DAYS.most - 1) } }}
        />
      )}
    </AskForm>
  );
}

/** Plans how the run is taken back, and goes to that plan; not there without the right to. */
export function UndoRun({ run }: { run: Run }) {
  const { canAccess } = useCanAccess({ resource: 'reconcile-runs', action: 'undo' });
  if (!canAccess) return null;
  return <AskButton label="Undo this run">{(close) => <Question run={run} close={close} />}</AskButton>;
}
