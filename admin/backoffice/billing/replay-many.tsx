import ReplayIcon from '@mui/icons-material/ReplayOutlined';
import {
  Alert,
  Button,
  Dialog,
  DialogActions,
  DialogContent,
  DialogContentText,
  DialogTitle,
  Table,
  TableBody,
  TableCell,
  TableHead,
  TableRow,
} from '@mui/material';
import { useState } from 'react';
import { useDataProvider, useListContext, useRefresh, useUnselectAll } from 'react-admin';
import type { Api, Outcome } from '../api';
import { Status } from '../parts/fields';

const events = (n: number) => `${n} ${n === 1 ? 'event' : 'events'}`;

function Results({ outcomes, types }: { outcomes: Outcome[]; types: Map<string, string> }) {
  const refused = outcomes.filter(({ ok }) => !ok).length;
  return (
    <>
      <Alert severity={refused > 0 ? 'warning' : 'success'}>
        {events(outcomes.length - refused)} queued. The customers are read from Stripe again.
        {refused > 0 && ` ${events(refused)} could not be replayed.`}
      </Alert>
      <Table size="small">
        <TableHead>
          <TableRow>
            <TableCell>Event</TableCell>
            <TableCell>Result</TableCell>
          </TableRow>
        </TableHead>
        <TableBody>
          {outcomes.map(({ id, ok, error }) => (
            <TableRow key={id}>
              <TableCell sx={{ overflowWrap: 'anywhere' }}>
                {types.get(id)}
                <br />
                <code>{id}</code>
              </TableCell>
              <TableCell>{ok ? <Status value="queued" /> : (error ?? 'refused')}</TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </>
  );
}

/** Replays the selected events, and tells of each what became of it. */
export function ReplayMany() {
  const { selectedIds, data = [] } = useListContext();
  const api = useDataProvider<Api>();
  const refresh = useRefresh();
  const unselectAll = useUnselectAll('stripe-events');
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState('');
  const [outcomes, setOutcomes] = useState<Outcome[]>();
  const close = () => {
    setOpen(false);
    if (!outcomes) return;
    setOutcomes(undefined);
    unselectAll();
    refresh();
  };
  const replay = async () => {
    setBusy(true);
    setFault('');
    try {
      setOutcomes(await api.actOnMany('stripe-events', selectedIds, 'replay'));
    } catch (error) {
      setFault((error as Error).message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button size="small" startIcon={<ReplayIcon />} onClick={() => setOpen(true)}>
        Replay
      </Button>
      <Dialog open={open} onClose={close} fullWidth maxWidth="sm">
        <DialogTitle>{outcomes ? 'Replayed' : `Replay ${events(selectedIds.length)}`}</DialogTitle>
        <DialogContent sx={{ display: 'grid', gap: 2 }}>
          {outcomes ? (
            <Results outcomes={outcomes} types={new Map(data.map(({ id, type }) => [String(id), type]))} />
          ) : (
            <DialogContentText>
              The customer of each event is read from Stripe again, and the plan of its tenant is decided anew. Doing so
              twice does no harm.
            </DialogContentText>
          )}
          {fault && <Alert severity="error">{fault}</Alert>}
        </DialogContent>
        <DialogActions>
          <Button onClick={close}>{outcomes ? 'Close' : 'Cancel'}</Button>
          {!outcomes && (
            <Button variant="contained" disabled={busy} onClick={replay}>
              Replay
            </Button>
          )}
        </DialogActions>
      </Dialog>
    </>
  );
}
