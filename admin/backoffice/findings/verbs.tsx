import { MenuItem, TextField, ToggleButton, ToggleButtonGroup } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { useDataProvider, useGetIdentity } from 'react-admin';
import type { FindingVerb } from '../../../domain/finding';
import type { Api } from '../api';
import type { Asked, Body } from '../parts/asked';

interface FieldsProps {
  value: Body;
  change: (value: Body) => void;
}

/** The morning of a day so many days from now, on the reader's clock. */
function morningIn(days: number): Date {
  const date = new Date();
  date.setDate(date.getDate() + days);
  date.setHours(9, 0, 0, 0);
  return date;
}

const two = (n: number) => String(n).padStart(2, '0');
const dayOf = (date: Date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
const PRESETS = [
  { days: 1, label: 'Tomorrow' },
  { days: 7, label: 'Next week' },
  { days: 30, label: 'In a month' },
];

/** When a finding comes back: a morning, by a preset or a day. */
function SnoozeFields({ value, change }: FieldsProps) {
  const day = value.until ? dayOf(new Date(String(value.until))) : '';
  const preset = PRESETS.find(({ days }) => dayOf(morningIn(days)) === day)?.days ?? null;
  const choose = (given: string) => {
    const date = new Date(`${given}T09:00`);
    change({ until: Number.isNaN(+date) ? null : date.toISOString() });
  };
  return (
    <>
      <ToggleButtonGroup
        exclusive
        size="small"
        color="primary"
        aria-label="Until when"
        value={preset}
        onChange={(_event, days) => days !== null && change({ until: morningIn(days).toISOString() })}
      >
        {PRESETS.map(({ days, label }) => (
          <ToggleButton key={days} value={days} sx={{ textTransform: 'none' }}>
            {label}
          </ToggleButton>
        ))}
      </ToggleButtonGroup>
      <TextField
        fullWidth
        required
        type="date"
        label="Until"
        helperText="Opens again by itself at 9:00 on that day, within a year."
        value={day}
        onChange={(event) => choose(event.target.value)}
        slotProps={{
          inputLabel: { shrink: true },
          htmlInput: { min: dayOf(morningIn(1)), max: dayOf(morningIn(365)) },
        }}
      />
    </>
  );
}

const NOBODY = 'nobody';

/** Whose it is from now on. */
function OwnerFields({ value, change }: FieldsProps) {
  const api = useDataProvider<Api>();
  const { identity } = useGetIdentity();
  const { data = [], error } = useQuery({ queryKey: ['finding-owners'], queryFn: () => api.findingOwners() });
  return (
    <TextField
      select
      fullWidth
      required
      label="Owner"
      error={Boolean(error)}
      helperText={error?.message}
      value={value.ownerId === undefined ? '' : (value.ownerId ?? NOBODY)}
      onChange={(event) => change({ ownerId: event.target.value === NOBODY ? null : event.target.value })}
    >
      {data.map(({ id, name }) => (
        <MenuItem key={id} value={id}>
          {name}
          {id === identity?.id && ' (you)'}
        </MenuItem>
      ))}
      <MenuItem value={NOBODY}>Nobody</MenuItem>
    </TextField>
  );
}

const ReasonFields = ({ value, change }: FieldsProps) => (
  <TextField
    autoFocus
    fullWidth
    required
    multiline
    minRows={2}
    label="Reason"
    helperText="Stays with the finding and in the audit trail."
    value={value.reason ?? ''}
    onChange={(event) => change({ reason: event.target.value })}
  />
);

export interface FindingAct {
  verb: FindingVerb;
  label: string;
  explain: string;
  asked?: Asked;
  /** In a word, for a row; in a sentence, for one. */
  done: string;
  said: string;
}

/** What operators do to findings, one or many alike. */
export const ACTS: Record<'take' | FindingVerb, FindingAct> = {
  take: {
    verb: 'assign',
    label: 'Assign to me',
    explain: 'They are yours from now on; others see that you look after them.',
    done: 'assigned',
    said: 'It is yours now',
  },
  assign: {
    verb: 'assign',
    label: 'Assign …',
    explain: 'Others see who looks after it.',
    asked: { initial: () => ({}), ready: ({ ownerId }) => ownerId !== undefined, Fields: OwnerFields },
    done: 'assigned',
    said: 'Assigned',
  },
  snooze: {
    verb: 'snooze',
    label: 'Snooze',
    explain: 'Out of sight until a day, then open again by itself. If the difference goes before, it closes.',
    asked: {
      initial: () => ({ until: morningIn(1).toISOString() }),
      ready: ({ until }) => Boolean(until) && Date.parse(String(until)) > Date.now(),
      Fields: SnoozeFields,
    },
    done: 'snoozed',
    said: 'Snoozed',
  },
  dismiss: {
    verb: 'dismiss',
    label: 'Dismiss',
    explain: 'Let be for as long as this difference stays. If it goes and comes back, it is open again.',
    asked: {
      initial: () => ({}),
      ready: ({ reason }) => String(reason ?? '').trim().length >= 3,
      Fields: ReasonFields,
    },
    done: 'dismissed',
    said: 'Dismissed',
  },
  reopen: {
    verb: 'reopen',
    label: 'Reopen',
    explain: 'Back among the open ones, to be looked at now.',
    done: 'reopened',
    said: 'Open again',
  },
};
