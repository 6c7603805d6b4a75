import { Button, Dialog, DialogActions, DialogContent, DialogContentText, DialogTitle, TextField } from '@mui/material';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useNotify, useRecordContext, useRefresh } from 'react-admin';
import type { Api } from '../api';

interface ActProps {
  resource: string;
  verb: string;
  label: string;
  /** What will happen, before it does. */
  explain: string;
  done: string;
  /** Ask for a reason; the server keeps it in the audit trail. */
  reason?: boolean;
  /** What must be typed before the button works, where access or money hangs on it. */
  typed?: string;
  color?: 'primary' | 'error';
  variant?: 'outlined' | 'contained' | 'text';
  /** The stock provider's own call, for `delete`; else POST to the verb. */
  run?: (api: Api, id: string) => Promise<unknown>;
}

/** A button for a verb that asks first, shows the server's own words when it refuses, and is not there without the right. */
export function Act({
  resource,
  verb,
  label,
  explain,
  done,
  reason = false,
  typed,
  color = 'primary',
  variant = 'outlined',
  run,
}: ActProps) {
  const record = useRecordContext();
  const api = useDataProvider<Api>();
  const notify = useNotify();
  const refresh = useRefresh();
  const { canAccess } = useCanAccess({ resource, action: verb });
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [why, setWhy] = useState('');
  const [word, setWord] = useState('');
  if (!canAccess || !record) return null;
  const id = String(record.id);
  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    event.stopPropagation();
    setBusy(true);
    try {
      await (run ? run(api, id) : api.act(resource, id, verb, reason ? { reason: why } : {}));
      notify(done, { type: 'success' });
      setOpen(false);
      refresh();
    } catch (error) {
      notify((error as Error).message, { type: 'error' });
    } finally {
      setBusy(false);
    }
  };
  const ready = (!reason || why.trim().length >= 3) && (typed === undefined || word.trim() === typed);
  return (
    <>
      <Button size="small" variant={variant} color={color} onClick={() => setOpen(true)}>
        {label}
      </Button>
      <Dialog open={open} onClose={() => setOpen(false)} fullWidth maxWidth="xs">
        <form onSubmit={submit}>
          <DialogTitle>{label}</DialogTitle>
          <DialogContent>
            <DialogContentText sx={{ mb: 2 }}>{explain}</DialogContentText>
            {reason && (
              <TextField
                autoFocus
                fullWidth
                required
                multiline
                minRows={2}
                label="Reason"
                helperText="Goes into the audit trail."
                value={why}
                onChange={(event) => setWhy(event.target.value)}
              />
            )}
            {typed !== undefined && (
              <TextField
                autoFocus
                fullWidth
                required
                label={`Type “${typed}” to confirm`}
                value={word}
                onChange={(event) => setWord(event.target.value)}
              />
            )}
          </DialogContent>
          <DialogActions>
            <Button onClick={() => setOpen(false)}>Cancel</Button>
            <Button type="submit" variant="contained" color={color} disabled={busy || !ready}>
              {label}
            </Button>
          </DialogActions>
        </form>
      </Dialog>
    </>
  );
}
