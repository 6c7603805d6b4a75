import {
  Alert,
  Box,
  Button,
  Dialog,
  DialogActions,
  DialogContent,
  DialogContentText,
  DialogTitle,
  TextField,
  Tooltip,
} from '@mui/material';
import { useState } from 'react';
import { useNotify, useRefresh } from 'react-admin';

interface AskButtonProps {
  label: string;
  color?: 'primary' | 'error';
  variant?: 'outlined' | 'contained' | 'text';
  /** Why it makes no sense by now; the button can't be pressed then, and says so. */
  disabled?: string | null | false;
  wide?: boolean;
  /** What the dialog holds; mounted anew each time it opens, so that nothing typed stays. */
  children: (close: () => void) => React.ReactNode;
}

/** A button that opens a dialog. */
export function AskButton({
  label,
  color = 'primary',
  variant = 'outlined',
  disabled,
  wide,
  children,
}: AskButtonProps) {
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  const button = (
    <Button size="small" variant={variant} color={color} disabled={Boolean(disabled)} onClick={() => setOpen(true)}>
      {label}
    </Button>
  );
  return (
    <>
      {disabled ? (
        // A disabled button takes neither the pointer nor the focus: what is around it tells why.
        <Tooltip title={disabled}>
          <Box component="span" tabIndex={0} role="note" aria-label={`${label}: ${disabled}`}>
            {button}
          </Box>
        </Tooltip>
      ) : (
        button
      )}
      <Dialog open={open} onClose={close} fullWidth maxWidth={wide ? 'sm' : 'xs'}>
        {children(close)}
      </Dialog>
    </>
  );
}

/** What a refusal says of the fields, else what it says at all. */
export function faultOf(error: unknown): string {
  const { body, message } = error as Error & { body?: { errors?: Record<string, unknown> } };
  const { root: _whole, ...fields } = body?.errors ?? {};
  const told = Object.values(fields).filter((one): one is string => typeof one === 'string');
  return told.length > 0 ? told.join(' ') : message;
}

export interface AskFormProps {
  title: React.ReactNode;
  /** What will happen, before it does. */
  explain?: React.ReactNode;
  children?: React.ReactNode;
  /** Ask for a reason; the server keeps it in the audit trail. */
  reason?: boolean;
  /** What must be typed before the button works, where access or money hangs on it. */
  typed?: string | undefined;
  /** Whether all is there that it takes. */
  ready?: boolean;
  label: string;
  color?: 'primary' | 'error';
  /** What closes the dialog and does nothing. */
  back?: string;
  /** Said when it is done; where it is left out, the dialog stays open. */
  done?: string | undefined;
  submit: (said: { reason?: string }) => Promise<unknown>;
  close: () => void;
}

/** A question and what it takes to answer it: fields, a reason, a typed word; the server's own words when it refuses. */
export function AskForm({ title, explain, children, label, color = 'primary', close, ...more }: AskFormProps) {
  const { reason = false, typed, ready = true, back = 'Cancel', done, submit } = more;
  const notify = useNotify();
  const refresh = useRefresh();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState('');
  const [why, setWhy] = useState('');
  const [word, setWord] = useState('');
  const answered = ready && (!reason || why.trim().length >= 3) && (typed === undefined || word.trim() === typed);
  const send = async (event: React.FormEvent) => {
    event.preventDefault();
    event.stopPropagation();
    if (busy || !answered) return;
    setBusy(true);
    setFault('');
    try {
      await submit(reason ? { reason: why.trim() } : {});
      if (done !== undefined) {
        notify(done, { type: 'success' });
        close();
      }
      refresh();
    } catch (error) {
      setFault(faultOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={send} noValidate>
      <DialogTitle>{title}</DialogTitle>
      <DialogContent sx={{ display: 'grid', gap: 2, gridTemplateColumns: 'minmax(0, 1fr)' }}>
        {explain && <DialogContentText component="div">{explain}</DialogContentText>}
        {children}
        {reason && (
          <TextField
            autoFocus={!children}
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
            autoFocus={!children && !reason}
            fullWidth
            required
            label={`Type “${typed}” to confirm`}
            value={word}
            onChange={(event) => setWord(event.target.value)}
          />
        )}
        {fault && <Alert severity="error">{fault}</Alert>}
      </DialogContent>
      <DialogActions>
        <Button onClick={close}>{back}</Button>
        <Button type="submit" variant="contained" color={color} disabled={busy || !answered}>
          {label}
        </Button>
      </DialogActions>
    </form>
  );
}
