import ContentCopyIcon from '@mui/icons-material/ContentCopyOutlined';
import { Box, Chip, IconButton, Tooltip, Typography } from '@mui/material';
import { useState } from 'react';
import { FunctionField, ReferenceField, TextField, useRecordContext } from 'react-admin';

type Tone = 'success' | 'warning' | 'error' | 'default' | 'primary';

/** What each status means to the reader: fine, look at it, over, or simply so. */
const TONES: Record<string, Tone> = {
  active: 'success',
  trialing: 'success',
  accepted: 'success',
  sent: 'success',
  processed: 'success',
  resolved: 'success',
  done: 'success',
  applied: 'success',
  pending: 'primary',
  queued: 'primary',
  sending: 'primary',
  received: 'primary',
  running: 'primary',
  planned: 'primary',
  upcoming: 'primary',
  open: 'warning',
  past_due: 'warning',
  suspended: 'warning',
  warning: 'warning',
  stale: 'warning',
  braked: 'warning',
  failed: 'error',
  bounced: 'error',
  unpaid: 'error',
  critical: 'error',
};

export function Status({ value }: { value?: string | null }) {
  if (!value) return <Muted>—</Muted>;
  return (
    <Chip
      size="small"
      variant="outlined"
      color={TONES[value] ?? 'default'}
      label={value.replaceAll('_', ' ')}
      sx={{ height: 22, fontWeight: 560 }}
    />
  );
}

export const Muted = ({ children }: { children: React.ReactNode }) => (
  <Typography component="span" variant="body2" color="textSecondary">
    {children}
  </Typography>
);

/** Each child on a line of its own, in a cell that does not wrap. */
export const Lines = ({ children }: { children: React.ReactNode }) => (
  <Box component="span" sx={{ display: 'inline-grid', whiteSpace: 'nowrap' }}>
    {children}
  </Box>
);

interface FieldProps {
  source: string;
  label?: string;
  sortable?: boolean;
}

const read = (record: Record<string, unknown> | undefined, source: string) =>
  record?.[source] as string | null | undefined;

export function StatusField({ source }: FieldProps) {
  return <Status value={read(useRecordContext(), source)} />;
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** A moment told from now, with the exact time on hover. */
export function When({ value }: { value?: string | null }) {
  if (!value) return <Muted>—</Muted>;
  const date = new Date(value);
  const seconds = (date.getTime() - Date.now()) / 1000;
  const [unit, size] = STEPS.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
  const told = unit === 'second' ? 'just now' : relative.format(Math.round(seconds / size), unit);
  return (
    <Tooltip title={absolute.format(date)}>
      <time dateTime={value} style={{ whiteSpace: 'nowrap' }}>
        {told}
      </time>
    </Tooltip>
  );
}

const onDay = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

/** A moment as its day, with the exact time on hover: for what is agreed on, where "in 3 weeks" is too loose. */
export const Day = ({ value }: { value: string }) => (
  <Tooltip title={absolute.format(new Date(value))}>
    <time dateTime={value} style={{ whiteSpace: 'nowrap' }}>
      {onDay.format(new Date(value))}
    </time>
  </Tooltip>
);

export function WhenField({ source }: FieldProps) {
  return <When value={read(useRecordContext(), source)} />;
}

/** An id in full, in the machine's type, with a button that copies it. */
export function Id({ value: given }: { value?: string | number | null }) {
  const [copied, setCopied] = useState(false);
  if (!given) return <Muted>—</Muted>;
  const value = String(given);
  const copy = async (event: React.MouseEvent) => {
    event.stopPropagation();
    await navigator.clipboard.writeText(value);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <Box component="span" sx={{ display: 'inline-flex', alignItems: 'center', gap: 0.5 }}>
      <code>{value}</code>
      <Tooltip title={copied ? 'Copied' : 'Copy'}>
        <IconButton size="small" aria-label={`Copy ${value}`} onClick={copy} sx={{ p: 0.25 }}>
          <ContentCopyIcon sx={{ fontSize: 14 }} />
        </IconButton>
      </Tooltip>
    </Box>
  );
}

export function IdField({ source }: FieldProps) {
  return <Id value={read(useRecordContext(), source)} />;
}

export const TenantField = ({
  source = 'tenantId',
  label = 'Tenant',
}: {
  source?: string;
  label?: string;
  sortable?: boolean;
}) => (
  <ReferenceField source={source} reference="tenants" link="show" label={label} emptyText="—">
    <TextField source="name" />
  </ReferenceField>
);

export const PlanField = ({
  source = 'planId',
  label = 'Plan',
}: {
  source?: string;
  label?: string;
  sortable?: boolean;
}) => (
  <ReferenceField source={source} reference="plans" link="show" label={label} emptyText="—">
    <TextField source="name" />
  </ReferenceField>
);

export const UserField = ({
  source = 'userId',
  label = 'User',
}: {
  source?: string;
  label?: string;
  sortable?: boolean;
}) => (
  <ReferenceField source={source} reference="users" link="show" label={label} emptyText="—">
    <FunctionField render={(user: { name?: string; email?: string }) => user.name || user.email || 'Unnamed'} />
  </ReferenceField>
);

/** Who did it, of a record that holds {type, id, name}. */
export const ActorField = ({
  source = 'actor',
  label = 'By',
}: {
  source?: string;
  label?: string;
  sortable?: boolean;
}) => (
  <FunctionField
    label={label}
    source={source}
    sortable={false}
    render={(record: Record<string, { name?: string; type?: string } | undefined>) =>
      record[source]?.name || record[source]?.type || '—'
    }
  />
);
