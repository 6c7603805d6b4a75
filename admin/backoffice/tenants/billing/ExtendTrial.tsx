import { Checkbox, FormControlLabel, TextField } from '@mui/material';
import { useState } from 'react';
import { useDataProvider } from 'react-admin';
import type { Api } from '../../api';
import { AskButton } from '../../parts/ask';
import { PreviewedForm } from '../../parts/previewed-act';
import { type OfSubscription, useMay, whyDeleted } from './rights';

const DAY_MS = 86_400_000;

/** The day as a date field has it, by the reader's clock. */
const fieldDay = (date: Date) =>
  `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')}`;

/** The last minute of that day; null for what is no day yet. */
function endOfDay(day: string): string | null {
  const end = new Date(`${day}T23:59:00`);
  return Number.isNaN(+end) ? null : end.toISOString();
}

function ExtendForm({ tenant, subscription, close }: OfSubscription & { close: () => void }) {
  const api = useDataProvider<Api>();
  const { id: subscriptionId, status, trialEnd } = subscription;
  const onTrial = status === 'trialing';
  const earliest = new Date(Math.max(Date.now(), onTrial && trialEnd ? Date.parse(trialEnd) : 0) + DAY_MS);
  const [day, setDay] = useState(fieldDay(new Date(+earliest + 13 * DAY_MS)));
  const [agreed, setAgreed] = useState(onTrial);
  const until = endOfDay(day);
  return (
    <PreviewedForm
      tenantId={tenant.id}
      title={`Extend the trial of ${tenant.name}`}
      explain={
        <>
          Gives free time on <code>{subscriptionId}</code>. The first charge after it comes when the trial ends.
        </>
      }
      asked={until ? { action: 'extend-trial', until, subscriptionId } : null}
      first="Choose the last free day."
      ready={agreed}
      reason
      label="Extend trial"
      done="Trial extended"
      submit={(said) =>
        api.act('tenants', tenant.id, 'extend-trial', { ...said, until, subscriptionId, startTrial: !onTrial })
      }
      close={close}
    >
      <TextField
        autoFocus
        required
        type="date"
        label="Free through"
        value={day}
        onChange={(event) => setDay(event.target.value)}
        slotProps={{ inputLabel: { shrink: true }, htmlInput: { min: fieldDay(earliest) } }}
        sx={{ mt: 1 }}
      />
      {!onTrial && (
        <FormControlLabel
          control={<Checkbox checked={agreed} onChange={(event) => setAgreed(event.target.checked)} />}
          label="It is paid for now: make it a trial all the same"
        />
      )}
    </PreviewedForm>
  );
}

/** Gives free time until a day. */
export function ExtendTrial(props: OfSubscription) {
  if (!useMay('extend-trial')) return null;
  const { status } = props.subscription;
  const none =
    !['trialing', 'active'].includes(status) &&
    `This subscription is ${status.replaceAll('_', ' ')}: there is no trial to extend.`;
  return (
    <AskButton label="Extend trial" wide disabled={whyDeleted(props.tenant) ?? none}>
      {(close) => <ExtendForm {...props} close={close} />}
    </AskButton>
  );
}
