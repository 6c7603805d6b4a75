import ReplayIcon from '@mui/icons-material/ReplayOutlined';
import { Alert, Button, Dialog, DialogActions, DialogContent, DialogTitle } from '@mui/material';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useListContext, useRefresh } from 'react-admin';
import type { Api } from '../api';
import { AskForm } from '../parts/ask';
import { counted } from '../parts/counted';

/** The list's own filters, as the server takes them. */
const whichOf = ({ type, customerId, source, receivedAt_gte, receivedAt_lte }: Record<string, unknown>) => ({
  type,
  customerId,
  source,
  receivedFrom: receivedAt_gte,
  receivedTo: receivedAt_lte,
});

interface Done {
  replayed: number;
  left: number;
}

function Result({ done: { replayed, left }, close }: { done: Done; close: () => void }) {
  return (
    <>
      <DialogTitle>Replayed</DialogTitle>
      <DialogContent>
        <Alert severity={left > 0 ? 'warning' : 'success'}>
          {counted(replayed, 'event')} queued. The customers are read from Stripe again.
          {left > 0 && ` ${counted(left, 'failed event')} left: replay them next.`}
        </Alert>
      </DialogContent>
      <DialogActions>
        <Button autoFocus variant="contained" onClick={close}>
          Close
        </Button>
      </DialogActions>
    </>
  );
}

/** Replays all that failed and fits the list's filters; there while the list shows failed events. */
export function ReplayFailed() {
  const { filterValues = {}, total } = useListContext();
  const { canAccess } = useCanAccess({ resource: 'stripe-events', action: 'replay' });
  const api = useDataProvider<Api>();
  const refresh = useRefresh();
  const [open, setOpen] = useState(false);
  const [done, setDone] = useState<Done>();
  if (!canAccess || filterValues.status !== 'failed' || filterValues.q || !total) return null;
  const close = () => {
    setOpen(false);
    setDone(undefined);
    refresh();
  };
  return (
    <>
      <Button size="small" startIcon={<ReplayIcon />} onClick={() => setOpen(true)}>
        Replay all failed
      </Button>
      <Dialog open={open} onClose={close} fullWidth maxWidth="xs">
        {done ? (
          <Result done={done} close={close} />
        ) : (
          <AskForm
            title={`Replay ${counted(total, 'failed event')}`}
            explain="All that failed and fit the filters, the oldest first and at most 1,000 at once. The customer of each is read from Stripe again; doing so twice does no harm."
            label="Replay all"
            submit={async () => setDone(await api.replayFailed(whichOf(filterValues)))}
            close={close}
          />
        )}
      </Dialog>
    </>
  );
}
