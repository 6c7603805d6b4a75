import { Box, Button, TextField } from '@mui/material';
import { useEffect, useState } from 'react';
import { localOf } from './moment';

interface MomentPickerProps {
  at: string | null;
  /** When the tenant was made: nothing is to be told of before. */
  earliest: string;
  onChange: (at: string | null) => void;
}

/** Now, or a day and time that is past. What is half typed or lies outside asks for nothing. */
export function MomentPicker({ at, earliest, onChange }: MomentPickerProps) {
  const [typed, setTyped] = useState(at ? localOf(at) : '');
  useEffect(() => setTyped(at ? localOf(at) : ''), [at]);
  const date = typed ? new Date(typed) : null;
  const fault =
    date && date > new Date()
      ? 'That is still to come.'
      : date && +date < Math.floor(+new Date(earliest) / 60_000) * 60_000
        ? 'The tenant was not there yet.'
        : null;
  const change = ({ target: { value } }: React.ChangeEvent<HTMLInputElement>) => {
    setTyped(value);
    const next = value ? new Date(value) : null;
    // A minute is told by its end, or the minute in which the tenant was made would lie before it.
    if (next && next <= new Date() && +next >= +new Date(earliest) - 59_999)
      onChange(new Date(Math.max(+next, +new Date(earliest))).toISOString());
  };
  return (
    <Box sx={{ display: 'flex', alignItems: 'flex-start', gap: 1, flexWrap: 'wrap' }}>
      <Button
        size="small"
        variant={at ? 'outlined' : 'contained'}
        aria-pressed={!at}
        onClick={() => onChange(null)}
        sx={{ height: 40, minWidth: 64 }}
      >
        Now
      </Button>
      <TextField
        type="datetime-local"
        label="As of"
        value={typed}
        onChange={change}
        error={Boolean(fault)}
        helperText={fault}
        sx={{ width: 240, maxWidth: '100%' }}
        slotProps={{
          inputLabel: { shrink: true },
          htmlInput: { min: localOf(earliest).slice(0, 16), max: localOf(new Date().toISOString()).slice(0, 16) },
        }}
      />
    </Box>
  );
}
