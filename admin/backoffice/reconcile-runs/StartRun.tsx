import CompareIcon from '@mui/icons-material/CompareArrowsOutlined';
import {
  Alert,
  Box,
  Button,
  Checkbox,
  Dialog,
  DialogActions,
  DialogContent,
  DialogContentText,
  DialogTitle,
  FormControlLabel,
  Radio,
  RadioGroup,
  Typography,
} from '@mui/material';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useRedirect } from 'react-admin';
import type { Run } from './run';

interface ChoiceProps {
  value: Run['mode'];
  title: string;
  children: React.ReactNode;
}

const Choice = ({ value, title, children }: ChoiceProps) => (
  <FormControlLabel
    value={value}
    control={<Radio size="small" />}
    sx={{ alignItems: 'flex-start', m: 0, '& .MuiRadio-root': { mt: -0.5, ml: -1 } }}
    label={
      <>
        <Typography component="span" sx={{ fontWeight: 600, display: 'block' }}>
          {title}
        </Typography>
        <Typography component="span" variant="body2" color="textSecondary">
          {children}
        </Typography>
      </>
    }
  />
);

function Question({ mayApply, close }: { mayApply: boolean; close: () => void }) {
  const api = useDataProvider();
  const redirect = useRedirect();
  const [mode, setMode] = useState<Run['mode']>('dry-run');
  const [sure, setSure] = useState(false);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState('');
  const start = async (event: React.FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFault('');
    try {
      const { data } = await api.create<Run>('reconcile-runs', { data: { mode } });
      redirect('show', 'reconcile-runs', data.id);
    } catch (error) {
      setFault((error as Error).message);
      setBusy(false);
    }
  };
  return (
    <form onSubmit={start}>
      <DialogTitle>Reconcile now</DialogTitle>
      <DialogContent sx={{ display: 'grid', gap: 2 }}>
        <DialogContentText>
          Every subscription of the Stripe account is read and compared with what Tenantry holds.
        </DialogContentText>
        <RadioGroup
          aria-label="What to do with what differs"
          value={mode}
          onChange={(_event, value) => setMode(value as Run['mode'])}
          sx={{ gap: 1.5 }}
        >
          <Choice value="dry-run" title="Dry run">
            Lists the tenants whose plan would change, and why. Changes nothing; an admin can apply it afterwards.
          </Choice>
          {mayApply && (
            <Choice value="apply" title="Apply">
              Also moves those tenants to the plan that Stripe says they pay for, up or down. Stops as a dry run if more
              than 20 tenants and more than 2 % of payers would be lowered.
            </Choice>
          )}
        </RadioGroup>
        {mode === 'apply' && (
          <FormControlLabel
            sx={{ ml: -1, mr: 0 }}
            control={<Checkbox size="small" checked={sure} onChange={(event) => setSure(event.target.checked)} />}
            label={<Typography variant="body2">Plans may change at once, for better or worse. I want that.</Typography>}
          />
        )}
        {fault && <Alert severity="error">{fault}</Alert>}
      </DialogContent>
      <DialogActions>
        <Button onClick={close}>Cancel</Button>
        <Button type="submit" variant="contained" disabled={busy || (mode === 'apply' && !sure)}>
          {mode === 'apply' ? 'Reconcile and apply' : 'Start dry run'}
        </Button>
      </DialogActions>
    </form>
  );
}

/** Starts a run over the whole account and goes to its page; not there without the right to. */
export function StartRun() {
  const { canAccess } = useCanAccess({ resource: 'reconcile-runs', action: 'create' });
  const { canAccess: mayApply = false } = useCanAccess({ resource: 'reconcile-runs', action: 'apply' });
  const [open, setOpen] = useState(false);
  if (!canAccess) return null;
  const close = () => setOpen(false);
  return (
    <Box component="span">
      <Button size="small" variant="contained" startIcon={<CompareIcon />} onClick={() => setOpen(true)}>
        Reconcile now
      </Button>
      <Dialog open={open} onClose={close} fullWidth maxWidth="xs">
        <Question mayApply={mayApply} close={close} />
      </Dialog>
    </Box>
  );
}
