import {
  Alert,
  Button,
  Dialog,
  DialogActions,
  DialogContent,
  DialogContentText,
  DialogTitle,
  TextField,
} from '@mui/material';
import { useState } from 'react';
import {
  type RaRecord,
  useCanAccess,
  useDataProvider,
  useNotify,
  useRecordContext,
  useRefresh,
  useResourceContext,
} from 'react-admin';
import type { Api } from '../api';

interface ActProps {
  resource?: string;
  verb: string;
  label: string;
  /** What will happen, before it does. */
  explain: React.ReactNode;
  done: string;
  /** The right that the verb needs, where it is called otherwise. */
  right?: string;
  /** Ask for a reason; the server keeps it in the audit trail. */
  reason?: boolean;
  /** One more thing that the server needs to know, sent under this name. */
  ask?: { name: string; label: string; help: string };
  /** What must be typed before the button works, where access or money hangs on it. */
  typed?: string;
  /** What is sent besides. */
  body?: object;
  color?: 'primary' | 'error';
  variant?: 'outlined' | 'contained' | 'text';
  /** The stock provider's own call, for `delete`; else POST to the verb. */
  run?: (api: Api, id: string) => Promise<unknown>;
}

/** A button for a verb that asks first, shows the server's own words when it refuses, and is not there without the right. */
export function Act({ right, label, color = 'primary', variant = 'outlined', ...act }: ActProps) {
  const record = useRecordContext();
  const resource = useResourceContext(act) ?? '';
  const { canAccess } = useCanAccess({ resource, action: right ?? act.verb });
  const [open, setOpen] = useState(false);
  if (!canAccess || !record) return null;
  const close = () => setOpen(false);
  return (
    <>
      <Button size="small" variant={variant} color={color} onClick={() => setOpen(true)}>
        {label}
      </Button>
      <Dialog open={open} onClose={close} fullWidth maxWidth="xs">
        <Question {...act} resource={resource} record={record} label={label} color={color} close={close} />
      </Dialog>
    </>
  );
}

interface QuestionProps extends Omit<ActProps, 'right' | 'variant'> {
  resource: string;
  record: RaRecord;
  close: () => void;
}

/** What a 400 says of the field, else what the server says at all. */
const faultOf = (error: unknown, field?: string): string => {
  const { body, message } = error as Error & { body?: { errors?: Record<string, string> } };
  return (field && body?.errors?.[field]) || message;
};

/** The words, fields and buttons of the dialog; mounted anew each time it opens, so that nothing typed stays. */
function Question({ resource, record, verb, label, explain, done, color, close, ...more }: QuestionProps) {
  const { reason = false, ask, typed, body, run } = more;
  const api = useDataProvider<Api>();
  const notify = useNotify();
  const refresh = useRefresh();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState('');
  const [why, setWhy] = useState('');
  const [answer, setAnswer] = useState('');
  const [word, setWord] = useState('');
  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    event.stopPropagation();
    setBusy(true);
    setFault('');
    const id = String(record.id);
    const said = { ...body, ...(reason ? { reason: why } : {}), ...(ask ? { [ask.name]: answer.trim() } : {}) };
    try {
      await (run ? run(api, id) : api.act(resource, id, verb, said));
      notify(done, { type: 'success' });
      close();
      refresh();
    } catch (error) {
      setFault(faultOf(error, ask?.name));
    } finally {
      setBusy(false);
    }
  };
  const ready =
    (!reason || why.trim().length >= 3) &&
    (!ask || answer.trim() !== '') &&
    (typed === undefined || word.trim() === typed);
  return (
    <form onSubmit={submit}>
      <DialogTitle>{label}</DialogTitle>
      <DialogContent sx={{ display: 'grid', gap: 2 }}>
        <DialogContentText component="div">{explain}</DialogContentText>
        {ask && (
          <TextField
            autoFocus
            fullWidth
            required
            label={ask.label}
            helperText={ask.help}
            value={answer}
            onChange={(event) => setAnswer(event.target.value)}
          />
        )}
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
        {fault && <Alert severity="error">{fault}</Alert>}
      </DialogContent>
      <DialogActions>
        <Button onClick={close}>{verb === 'cancel' ? 'Back' : 'Cancel'}</Button>
        <Button type="submit" variant="contained" color={color} disabled={busy || !ready}>
          {label}
        </Button>
      </DialogActions>
    </form>
  );
}
