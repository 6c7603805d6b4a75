import { MenuItem, TextField } from '@mui/material';
import { type RaRecord, useGetList } from 'react-admin';

interface SoldPlanProps {
  value: string;
  onChange: (planId: string) => void;
  /** The plan that is paid for by now. */
  present?: string | null;
}

interface PlanRecord extends RaRecord {
  name: string;
  kind: string;
  priceText: string | null;
}

/** Chooses among the plans on offer that cost something. */
export function SoldPlan({ value, onChange, present }: SoldPlanProps) {
  const { data = [], isPending } = useGetList<PlanRecord>('plans', {
    filter: { active: true },
    pagination: { page: 1, perPage: 100 },
    sort: { field: 'rank', order: 'ASC' },
  });
  const sold = data.filter(({ kind }) => kind !== 'free');
  const none = !isPending && sold.length === 0;
  return (
    <TextField
      select
      autoFocus
      fullWidth
      required
      label="Plan"
      value={value}
      onChange={(event) => onChange(event.target.value)}
      error={none}
      helperText={none ? 'No plan on offer costs something. Add one under Plans.' : undefined}
      sx={{ mt: 1 }}
    >
      {sold.map(({ id, name, priceText }) => (
        <MenuItem key={id} value={id} disabled={id === present}>
          {name}
          {priceText ? `, ${priceText}` : ''}
          {id === present ? ' (paid for now)' : ''}
        </MenuItem>
      ))}
    </TextField>
  );
}
