import { Box, Button } from '@mui/material';
import { required, useInput } from 'react-admin';
import { MomentInput } from '../parts/moment-input';

const DAY_MS = 86_400_000;
const PRESETS = [7, 30, 90];

/** So many days from `from`, to the minute. */
const daysFrom = (from: number, days: number): string => {
  const at = new Date(from + days * DAY_MS);
  at.setSeconds(0, 0);
  return at.toISOString();
};

/** Until when: by one click so many days, or a day and a time. */
export function EndsAtInput({ from }: { from?: string | null }) {
  const { field } = useInput({ source: 'endsAt' });
  const start = from ? Date.parse(from) : Date.now();
  return (
    <Box sx={{ width: '100%' }}>
      <MomentInput source="endsAt" label="Until" validate={required('Say until when.')} helperText={false} fullWidth />
      <Box
        role="group"
        aria-label="Until, at one click"
        sx={{ display: 'flex', alignItems: 'center', gap: 1, mt: 1, mb: 2, flexWrap: 'wrap' }}
      >
        {PRESETS.map((days) => (
          <Button key={days} size="small" variant="outlined" onClick={() => field.onChange(daysFrom(start, days))}>
            {days} days
          </Button>
        ))}
      </Box>
    </Box>
  );
}
