import { FormControl, FormControlLabel, FormLabel, Radio, RadioGroup } from '@mui/material';

export type EndWhen = 'period-end' | 'now';

interface EndWhenProps {
  value: EndWhen;
  onChange: (when: EndWhen) => void;
  /** It ends with its period anyway. */
  onlyNow?: boolean;
  periodEnd?: string | null;
  label?: string;
}

/** Whether what is paid for may be used up, or ends at once. */
export const EndWhenField = ({ value, onChange, onlyNow = false, periodEnd, label = 'When' }: EndWhenProps) => (
  <FormControl>
    <FormLabel sx={{ fontSize: '0.875rem' }}>{label}</FormLabel>
    <RadioGroup value={value} onChange={(event) => onChange(event.target.value as EndWhen)}>
      <FormControlLabel
        value="period-end"
        disabled={onlyNow}
        control={<Radio size="small" />}
        label={`At the end of what is paid for${periodEnd ? `, ${new Date(periodEnd).toLocaleDateString(undefined, { dateStyle: 'medium' })}` : ''}`}
      />
      <FormControlLabel value="now" control={<Radio size="small" />} label="Now; nothing is paid back" />
    </RadioGroup>
  </FormControl>
);
