import { Alert, Button, DialogActions, DialogContent, DialogContentText, DialogTitle, TextField } from '@mui/material';
import { useState } from 'react';
import { useDataProvider, useNotify, useRecordContext, useRefresh } from 'react-admin';
import type { Api } from '../api';
import { AskButton, faultOf } from '../parts/ask';

function Made({ url, close }: { url: string; close: () => void }) {
  const notify = useNotify();
  const copy = () =>
    navigator.clipboard.writeText(url).then(
      () => notify('Copied', { type: 'success' }),
      () => notify('The browser did not let it be copied. Select the link and copy it by hand.', { type: 'warning' }),
    );
  return (
    <>
      <DialogTitle>A fresh link</DialogTitle>
      <DialogContent sx={{ display: 'grid', gap: 2 }}>
        <DialogContentText>
          It is shown this once. Whoever has it can accept the invitation: hand it to nobody but the invited one.
        </DialogContentText>
        <TextField
          fullWidth
          label="Link"
          value={url}
          slotProps={{ htmlInput: { readOnly: true } }}
          onFocus={(event) => event.target.select()}
        />
      </DialogContent>
      <DialogActions>
        <Button onClick={close}>Close</Button>
        <Button variant="contained" onClick={() => void copy()}>
          Copy
        </Button>
      </DialogActions>
    </>
  );
}

function Question({ close }: { close: () => void }) {
  const api = useDataProvider<Api>();
  const refresh = useRefresh();
  const invitation = useRecordContext();
  const [url, setUrl] = useState('');
  const [fault, setFault] = useState('');
  const [busy, setBusy] = useState(false);
  const leave = () => {
    close();
    refresh();
  };
  if (url) return <Made url={url} close={leave} />;
  const make = async () => {
    setBusy(true);
    setFault('');
    try {
      setUrl((await api.freshLink(invitation!.id)).url);
    } catch (error) {
      setFault(faultOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <DialogTitle>Make a fresh link</DialogTitle>
      <DialogContent sx={{ display: 'grid', gap: 2 }}>
        <DialogContentText>
          The link in the last mail stops working, and the time of the invitation starts anew. No mail is sent: you hand
          the link over yourself. That you made one is kept in the audit trail, the link is not.
        </DialogContentText>
        {fault && <Alert severity="error">{fault}</Alert>}
      </DialogContent>
      <DialogActions>
        <Button onClick={close}>Cancel</Button>
        <Button variant="contained" disabled={busy} onClick={() => void make()}>
          Make the link
        </Button>
      </DialogActions>
    </>
  );
}

/** Gives support a link to hand over by hand. */
export const FreshLink = () => <AskButton label="Copy a fresh link">{(close) => <Question close={close} />}</AskButton>;
