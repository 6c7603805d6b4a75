import { Box, Button, TextField } from '@mui/material';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useRecordContext } from 'react-admin';
import type { Api, Asked } from '../api';
import { AskButton, AskForm } from '../parts/ask';
import { usePreview, WhatFollows } from '../parts/previewed-act';
import type { Override } from './override';

/** Whether what follows was shown, or can't be: an override works without Stripe, so its silence holds nobody up. */
export const wasTold = ({ isWaiting, preview, error }: ReturnType<typeof usePreview>): boolean =>
  !isWaiting && (preview !== undefined || (error?.status ?? 0) >= 500);

interface ChangeProps {
  override: Override;
  verb: 'end' | 'extend';
  label: string;
  done: string;
  color: 'primary' | 'error';
  /** What is to be told of it before it is done; null while something is missing. */
  asked: Asked | null;
  /** What is sent besides reason and version. */
  body?: object;
  first?: string;
  children?: React.ReactNode;
  close: () => void;
}

/** The dialog of a change: what follows from it, why, and the button. */
function Change({ override, verb, asked, body, first = '', children, ...form }: ChangeProps) {
  const api = useDataProvider<Api>();
  const previewing = usePreview(override.tenantId, asked);
  const { id, version } = override;
  return (
    <AskForm
      {...form}
      title={form.label}
      reason
      ready={asked !== null && wasTold(previewing)}
      submit={(said) => api.act('overrides', id, verb, { ...body, ...said, version })}
    >
      {children}
      <WhatFollows of={previewing} first={first} />
    </AskForm>
  );
}

const DAY_MS = 86_400_000;

/** As the browser's field for a day and a time wants it: in the reader's own time zone, without it. */
const local = (at: Date): string => new Date(+at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

function Extension({ override, close }: { override: Override; close: () => void }) {
  const [until, setUntil] = useState('');
  const end = Date.parse(override.endsAt);
  const isLater = until !== '' && Date.parse(until) > end;
  const endsAt = isLater ? new Date(until).toISOString() : '';
  const isWrong = until !== '' && !isLater;
  return (
    <Change
      override={override}
      verb="extend"
      label="Extend"
      color="primary"
      done="Extended"
      asked={isLater ? { action: 'extend-override', overrideId: override.id, endsAt } : null}
      body={{ endsAt }}
      first="Choose a new end to see what follows."
      close={close}
    >
      <Box sx={{ pt: 1 }}>
        <TextField
          fullWidth
          required
          type="datetime-local"
          label="New end"
          value={until}
          error={isWrong}
          helperText={isWrong && 'Must be later than its present end. To stop it sooner, end it.'}
          onChange={(event) => setUntil(event.target.value)}
          slotProps={{ inputLabel: { shrink: true }, htmlInput: { min: local(new Date(end)) } }}
        />
        <Box role="group" aria-label="Longer, at one click" sx={{ display: 'flex', gap: 1, mt: 1, flexWrap: 'wrap' }}>
          {[7, 30, 90].map((days) => (
            <Button
              key={days}
              size="small"
              variant="outlined"
              onClick={() => setUntil(local(new Date(end + days * DAY_MS)))}
            >
              {days} days longer
            </Button>
          ))}
        </Box>
      </Box>
    </Change>
  );
}

const Ending = ({ override, close }: { override: Override; close: () => void }) => (
  <Change
    override={override}
    verb="end"
    label="End now"
    color="error"
    done="Ended"
    asked={{ action: 'end-override', overrideId: override.id }}
    close={close}
  />
);

const DIALOGS = {
  extend: { label: 'Extend', color: 'primary', Content: Extension },
  end: { label: 'End now', color: 'error', Content: Ending },
} as const;

/** The button of a change with its dialog; not there without the right. */
export function ChangeOverride({ verb }: { verb: keyof typeof DIALOGS }) {
  const override = useRecordContext<Override>();
  const { label, color, Content } = DIALOGS[verb];
  const { canAccess } = useCanAccess({ resource: 'overrides', action: verb });
  if (!canAccess || !override) return null;
  return (
    <AskButton label={label} color={color} wide>
      {(close) => <Content override={override} close={close} />}
    </AskButton>
  );
}
